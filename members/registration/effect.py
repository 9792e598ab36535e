"""What came of the codes: prints, scans, members, friends, purchases netted by refunds, and cost.

A cohort: who registered within the days asked for, and what each bought in the 90 days after.
One statement per kind of figure, each bounded by the days; row-level security applies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from members.identity.models import Friendship
from members.registration.models import ChannelCode, Registration, RegistrationState, Scene
from members.registration.models_of_codes import ChannelCost, PrintedCode
from members.registration.rules_of_effect import share_of

BOUGHT_WITHIN = timedelta(days=90)
MOST_DAYS = 366
# A table longer than this nobody reads; the rest stands in the file.
MOST_ROWS = 200

GROUPINGS: Mapping[str, str] = {
    "campaign": "活动",
    "cost_centre": "成本中心",
    "store": "门店",
    "guide": "导购",
    "code": "渠道码",
}


@dataclass(slots=True)
class Effect:
    """One line of the page. Money in minor units."""

    name: str
    printed: int = 0
    scans: int = 0
    members: int = 0
    friends: int = 0
    buyers: int = 0
    sales: int = 0
    cost: int = 0

    @property
    def per_member(self) -> int | None:
        """What one new member cost; None where nothing was spent or nobody came."""
        return round(self.cost / self.members) if self.cost and self.members else None

    @property
    def return_on_cost(self) -> float | None:
        return self.sales / self.cost if self.cost else None


@dataclass(frozen=True, slots=True)
class Figures:
    since: date
    until: date
    grouping: str
    rows: list[Effect] = field(default_factory=list)
    total: Effect = field(default_factory=lambda: Effect("合计"))


def effect_of(since: date, until: date, *, grouping: str, scope: Q | None = None) -> Figures:
    """The figures of the days, both included; `scope` narrows the codes (a region's account)."""
    begin, end = _moment(since), _moment(until + timedelta(days=1))
    scope = scope or Q()
    codes = _codes(begin, end, scope)
    figures = Figures(since, until, grouping)
    lines: dict[Any, Effect] = {}

    def line(key: Any, name: str) -> Effect:
        return lines.setdefault(key, Effect(name))

    counted = _counted(codes, begin, end)
    for pk, code in codes.items():
        key, name = _key_of(code, grouping)
        for effect in (line(key, name), figures.total):
            for what, number in counted[pk].items():
                setattr(effect, what, getattr(effect, what) + number)
    for cost in _costs(since, until, codes, scope):
        key, name = _key_of_cost(cost, codes, grouping)
        share = share_of(cost.amount, cost.since, cost.until, since, until)
        figures.total.cost += share
        line(key, name).cost += share
    figures.rows.extend(
        sorted(lines.values(), key=lambda row: (-row.sales, -row.members, -row.scans, row.name))
    )
    return figures


@dataclass(frozen=True, slots=True)
class _Code:
    """A channel code with what it is grouped by; `roster` is printed in its stead."""

    pk: int
    state: str
    roster: int | None
    campaign: str
    cost_centre: str
    store: str
    guide: str
    scene: str


def _codes(begin: datetime, end: datetime, scope: Q) -> dict[int, _Code]:
    """Codes that were scanned or printed within the days, or are in use."""
    seen = Registration.objects.filter(opened_at__gte=begin, opened_at__lt=end)
    printed = PrintedCode.objects.filter(batch__made_at__gte=begin, batch__made_at__lt=end)
    found = (
        ChannelCode.objects.filter(scope)
        .filter(
            Q(pk__in=seen.values("channel_code"))
            | Q(pk__in=printed.exclude(channel_code=None).values("channel_code"))
            | Q(roster__in=printed.exclude(roster=None).values("roster"))
            | Q(costs__isnull=False)
            | Q(roster__costs__isnull=False)
        )
        .distinct()
        .values_list(
            "pk", "wecom_state", "roster", "campaign", "cost_centre", "store__name",
            "guide__name", "scene",
        )
    )  # fmt: skip
    return {row[0]: _Code(*row) for row in found}


def _counted(
    codes: Mapping[int, _Code], begin: datetime, end: datetime
) -> dict[int, dict[str, int]]:
    counted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    visits = (
        Registration.objects.filter(
            opened_at__gte=begin, opened_at__lt=end, channel_code__in=codes.keys()
        )
        .values_list("channel_code")
        .annotate(
            scans=Count("pk"),
            joined=Count("member", distinct=True, filter=Q(state=RegistrationState.DONE)),
        )
    )
    for pk, scans, joined in visits:
        counted[pk]["scans"], counted[pk]["members"] = scans, joined
    by_state = {code.state: pk for pk, code in codes.items()}
    friends = (
        Friendship.objects.filter(since__gte=begin, since__lt=end, state__in=by_state.keys())
        .values_list("state")
        .annotate(friends=Count("contact", distinct=True))
    )
    for state, number in friends:
        counted[by_state[state]]["friends"] = number
    for pk, number in _prints(codes, begin, end).items():
        counted[pk]["printed"] = number
    for pk, buyers, sales in _sales(list(codes), begin, end):
        counted[pk]["buyers"], counted[pk]["sales"] = buyers, sales
    return counted


def _prints(codes: Mapping[int, _Code], begin: datetime, end: datetime) -> dict[int, int]:
    """Copies per code; a shared code's prints stand with the first of the codes behind it."""
    within = PrintedCode.objects.filter(batch__made_at__gte=begin, batch__made_at__lt=end)
    of_guides = within.filter(channel_code__in=codes.keys()).values_list("channel_code")
    found = dict(of_guides.annotate(copies=Sum("copies")))
    first = (
        ChannelCode.objects.filter(pk__in=codes.keys())
        .exclude(roster=None)
        .values_list("roster")
        .annotate(first=Min("pk"))
    )
    shared = dict(within.exclude(roster=None).values_list("roster").annotate(copies=Sum("copies")))
    for roster, pk in first:
        if shared.get(roster):
            found[pk] = shared[roster]
    return found


# Each member counts for the code by which she came first within the days; merged numbers and
# receipts that turned out to be hers later are followed; refunds are lines with negative amounts.
_SALES = """
WITH cohort AS (
  SELECT DISTINCT ON (r.member_id) r.member_id, r.channel_code_id, r.finished_at
  FROM members_registration r
  WHERE r.state = 'done' AND r.finished_at IS NOT NULL AND r.member_id IS NOT NULL
    AND r.opened_at >= %(begin)s AND r.opened_at < %(end)s AND r.channel_code_id = ANY(%(codes)s)
  ORDER BY r.member_id, r.finished_at
), numbers AS (
  SELECT member_id AS number, channel_code_id, finished_at, member_id FROM cohort
  UNION
  SELECT m.member_no, c.channel_code_id, c.finished_at, c.member_id
  FROM stores_mergedmember m JOIN cohort c ON c.member_id = m.into_no WHERE m.undone_at IS NULL
), lines AS (
  SELECT n.channel_code_id, n.member_id, p.amount, p.refund_of
  FROM numbers n JOIN stores_purchaseline p ON p.member_no = n.number
  WHERE p.sold_at >= %(begin)s AND p.sold_at < %(last)s
    AND p.sold_at >= n.finished_at - interval '1 day'
    AND p.sold_at < n.finished_at + %(within)s
  UNION ALL
  SELECT n.channel_code_id, n.member_id, p.amount, p.refund_of
  FROM numbers n JOIN stores_receiptmember l ON l.member_no = n.number
  JOIN stores_purchaseline p ON p.source = l.source AND p.receipt_no = l.receipt_no
    AND p.member_no IS NULL
  WHERE p.sold_at >= %(begin)s AND p.sold_at < %(last)s
    AND p.sold_at >= n.finished_at - interval '1 day'
    AND p.sold_at < n.finished_at + %(within)s
)
SELECT channel_code_id, count(DISTINCT member_id) FILTER (WHERE amount > 0), sum(amount)
FROM lines GROUP BY channel_code_id
"""


def _sales(codes: Sequence[int], begin: datetime, end: datetime) -> list[tuple[int, int, int]]:
    asked: dict[str, Any] = {
        "begin": begin,
        "end": end,
        "last": end + BOUGHT_WITHIN,
        "within": BOUGHT_WITHIN,
        "codes": list(codes),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SALES, asked)
        return [(pk, buyers, int(sales or 0)) for pk, buyers, sales in cursor.fetchall()]


def _costs(since: date, until: date, codes: Mapping[int, _Code], scope: Q) -> Iterable[ChannelCost]:
    """Costs whose days meet those asked for; who sees some stores sees their codes'."""
    found = ChannelCost.objects.filter(since__lte=until, until__gte=since)
    if not scope:
        return found
    rosters = {code.roster for code in codes.values()} - {None}
    return found.filter(Q(channel_code__in=codes.keys()) | Q(roster__in=rosters))


def _key_of(code: _Code, grouping: str) -> tuple[Any, str]:
    if grouping == "code":
        name = f"{code.guide} · {code.store} · {Scene(code.scene).label}"
        return code.pk, f"{name} · {code.campaign}" if code.campaign else name
    value = str(getattr(code, grouping))
    return value, value or "（没有填）"


def _key_of_cost(cost: ChannelCost, codes: Mapping[int, _Code], grouping: str) -> tuple[Any, str]:
    """Where a cost stands in this grouping; what cannot be divided stands on a line of its own."""
    code = codes.get(cost.channel_code_id or 0)
    if code is None and cost.roster_id is not None:
        code = next((found for found in codes.values() if found.roster == cost.roster_id), None)
    if code is not None:
        return _key_of(code, grouping)
    if grouping == "campaign" and cost.campaign:
        return cost.campaign, cost.campaign
    if grouping == "cost_centre" and cost.cost_centre:
        return cost.cost_centre, cost.cost_centre
    return "", "（没有填）" if grouping in ("campaign", "cost_centre") else "（不能分摊的花费）"


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
