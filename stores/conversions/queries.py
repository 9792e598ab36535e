"""What guides' work led to, in numbers: the funnel, the weeks before, and the lists behind them.

All read inside `scope_of(actor)`: nobody counts what she may not see. The number of queries is the
same for one receipt and for a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Concat, TruncWeek

from stores.conversions.access import Subject
from stores.conversions.models import Credit
from stores.conversions.periods import Week
from stores.ledger.models import Touch, TouchKind
from stores.org.models import Guide

PAGE = 50
WEEKS_BEFORE = 4
FUNNEL = (
    (TouchKind.SCAN, "扫码"),
    (TouchKind.REGISTRATION, "成为会员"),
    (TouchKind.FRIEND, "加企微"),
    (TouchKind.GROUP_JOIN, "入群"),
    (TouchKind.LINK_OPEN, "打开链接"),
)
BUYERS, RETURNING, CLOSED = "buyers", "returning", "closed"
_ANYBODY = Coalesce("member_no", -F("id"))
_RECEIPT = Concat("source", Value("/"), "receipt_no")
_KEPT = Q(kept__gt=0)


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """One week of one subject; money in minor units, refunds taken off when they came."""

    week: Week
    touched: dict[str, int] = field(default_factory=dict)
    sales: int = 0
    kept: int = 0
    receipts: int = 0
    buyers: int = 0
    returning: int = 0
    closed_sales: int = 0
    timed_sales: int = 0

    @property
    def new_members(self) -> int:
        return self.touched.get(TouchKind.REGISTRATION, 0)

    @property
    def closed_percent(self) -> int | None:
        """How much of the sales came outside opening hours; None when nobody can say."""
        if self.timed_sales <= 0 or not 0 <= self.closed_sales <= self.timed_sales:
            return None
        return round(100 * self.closed_sales / self.timed_sales)

    @property
    def basket(self) -> int:
        """The average receipt after refunds, in whole yuan."""
        return round(self.kept / self.receipts / 100) * 100 if self.receipts else 0

    @property
    def is_empty(self) -> bool:
        return not any(self.touched.values()) and not self.sales and not self.receipts


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the funnel; `key` opens the list behind it."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A week, the weeks before it (oldest first), and how many newcomers are friends already."""

    now: WeekFigures
    before: list[WeekFigures]
    befriended: int

    @property
    def rungs(self) -> list[Rung]:
        """What happened in the week, step by step; not the same people all the way down."""
        steps = [Rung(kind, title, self.now.touched.get(kind, 0)) for kind, title in FUNNEL]
        return [
            *steps,
            Rung(BUYERS, "下单", self.now.buyers),
            Rung(RETURNING, "复购", self.now.returning),
        ]

    @property
    def weeks(self) -> list[WeekFigures]:
        return [*self.before, self.now]


def figures_of(subject: Subject, week: Week) -> Figures:
    """The figures of a week and of the four before it: three queries."""
    weeks = [*week.before(WEEKS_BEFORE), week]
    touched = _touched(subject, weeks)
    sold = _sold(subject, weeks)
    rows = [
        WeekFigures(week=each, touched=touched[each.monday], **sold.get(each.monday, {}))
        for each in weeks
    ]
    return Figures(now=rows[-1], before=rows[:-1], befriended=_befriended(subject, week))


def people_behind(subject: Subject, week: Week, kind: str, *, page: int = 0) -> list[Touch]:
    """The touches of a kind in the week, newest first; one more than a page when there are more."""
    found = Touch.objects.filter(
        **subject.facts, kind=kind, at__gte=week.begins, at__lt=week.ends
    ).order_by("-at", "-pk")
    return list(found[page * PAGE : (page + 1) * PAGE + 1])


def receipts_behind(
    subject: Subject, week: Week, only: str = "", *, page: int = 0
) -> list[dict[str, Any]]:
    """The receipts credited in the week, newest first: amount, time, buyer, what was in them.

    `only` narrows to those that were kept (BUYERS), to returning buyers, or to closed hours.
    """
    found = _credits(subject, week.begins, week.ends)
    if only in (BUYERS, RETURNING):
        found = found.filter(_KEPT, member_no__isnull=False)
    if only == RETURNING:
        found = found.filter(_bought_before(subject, week))
    if only == CLOSED:
        found = found.filter(was_open=False)
    rows = list(
        found.values("source", "receipt_no")
        .annotate(
            amount=Sum("amount"),
            at=Max("sold_at"),
            member_no=Max("member_no"),
            store_no=Max("store_no"),
            refund_of=Max("refund_of"),
        )
        .order_by("-at", "source", "receipt_no")[page * PAGE : (page + 1) * PAGE + 1]
    )
    skus: dict[tuple[str, str], list[str]] = defaultdict(list)
    inside = _credits(subject, week.begins, week.ends).filter(
        receipt_no__in=[row["receipt_no"] for row in rows]
    )
    for source, receipt_no, sku in inside.order_by("line").values_list(
        "source", "receipt_no", "sku"
    ):
        if sku not in skus[source, receipt_no]:
            skus[source, receipt_no].append(sku)
    return [{**row, "skus": skus[row["source"], row["receipt_no"]]} for row in rows]


def latest_receipts(
    guide_no: int, *, since: datetime, until: datetime, most: int = 3
) -> list[dict[str, Any]]:
    """The newest receipts of a guide that were kept; for her Today page."""
    return list(
        Credit.objects.filter(_KEPT, guide_no=guide_no, sold_at__gte=since, sold_at__lte=until)
        .values("source", "receipt_no")
        .annotate(
            amount=Sum("kept"), at=Max("sold_at"), member_no=Max("member_no"), reason=Max("reason")
        )
        .order_by("-at", "receipt_no")[:most]
    )


def leaders_of(subject: Subject, week: Week, *, most: int) -> list[tuple[int, str, str, int]]:
    """The guides with the largest credit of the week: number, name, store, amount."""
    rows = list(
        _credits(subject, week.begins, week.ends)
        .values("guide_no")
        .annotate(total=Sum("amount"))
        .order_by("-total", "guide_no")[:most]
    )
    guides = Guide.objects.select_related("store").in_bulk([row["guide_no"] for row in rows])
    return [
        (guide.pk, guide.name, guide.store.name, row["total"])
        for row in rows
        if (guide := guides.get(row["guide_no"])) is not None
    ]


def _touched(subject: Subject, weeks: Sequence[Week]) -> dict[Any, dict[str, int]]:
    rows = (
        Touch.objects.filter(
            **subject.facts,
            kind__in=[kind for kind, _ in FUNNEL],
            at__gte=weeks[0].begins,
            at__lt=weeks[-1].ends,
        )
        .annotate(week=TruncWeek("at", tzinfo=weeks[0].zone))
        .values("week", "kind")
        .annotate(people=Count(_ANYBODY, distinct=True))
    )
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["week"].date()][row["kind"]] = row["people"]
    return found


def _sold(subject: Subject, weeks: Sequence[Week]) -> dict[Any, dict[str, int]]:
    zone = weeks[0].zone
    rows = (
        _credits(subject, weeks[0].begins, weeks[-1].ends)
        .annotate(week=TruncWeek("sold_at", tzinfo=zone), day=_day_begins(zone))
        .annotate(came_back=Exists(_earlier(subject)))
        .values("week")
        .annotate(
            sales=Coalesce(Sum("amount"), 0),
            kept_sum=Coalesce(Sum("kept"), 0),
            receipts=Count(_RECEIPT, distinct=True, filter=_KEPT),
            buyers=Count("member_no", distinct=True, filter=_KEPT),
            returning=Count("member_no", distinct=True, filter=_KEPT & Q(came_back=True)),
            closed_sales=Coalesce(Sum("amount", filter=Q(was_open=False)), 0),
            timed_sales=Coalesce(Sum("amount", filter=Q(was_open__isnull=False)), 0),
        )
    )
    found = {}
    for row in rows:
        monday, kept = row.pop("week").date(), row.pop("kept_sum")
        found[monday] = {**row, "kept": kept}
    return found


def _befriended(subject: Subject, week: Week) -> int:
    """How many of the week's new members have become friends, then or since."""
    newcomers = Touch.objects.filter(
        **subject.facts,
        kind=TouchKind.REGISTRATION,
        at__gte=week.begins,
        at__lt=week.ends,
        member_no__isnull=False,
    )
    friends = Touch.objects.filter(
        **subject.facts,
        kind=TouchKind.FRIEND,
        at__gte=week.back(1).begins,
        member_no__in=newcomers.values("member_no"),
    )
    return friends.aggregate(people=Count("member_no", distinct=True))["people"] or 0


def _credits(subject: Subject, since: datetime, until: datetime) -> QuerySet[Credit]:
    return Credit.objects.filter(**subject.facts, sold_at__gte=since, sold_at__lt=until)


def _day_begins(zone: tzinfo) -> Func:
    """The first moment of the sale's day. Django's TruncDay drops the zone: not comparable."""
    return Func(
        Value("day"),
        F("sold_at"),
        Value(str(zone)),
        function="date_trunc",
        output_field=DateTimeField(),
    )


def _earlier(subject: Subject) -> QuerySet[Credit]:
    """Did she buy from the subject on an earlier day? Several receipts of one visit are one."""
    return Credit.objects.filter(
        _KEPT, **subject.facts, member_no=OuterRef("member_no"), sold_at__lt=OuterRef("day")
    )


def _bought_before(subject: Subject, week: Week) -> Q:
    came_back = (
        _credits(subject, week.begins, week.ends)
        .filter(_KEPT)
        .annotate(day=_day_begins(week.zone))
        .filter(Exists(_earlier(subject)))
    )
    return Q(pk__in=came_back.values("pk"))
