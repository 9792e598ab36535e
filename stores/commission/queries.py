"""What a month would pay, or paid: one statement over credits and what was settled before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from stores.commission.models import Commission, CommissionPlan, Settlement, Target
from stores.commission.rules import Earned, Month, Plan, earned, read_plan
from stores.org.models import Guide, LegalEntity, Store

# Credits up to the month's end against what was settled of them before: the rest belongs to this
# month, also when it is looked at once more after it was settled itself.
# What was sold before the first settled month was paid by whatever was there before us.
OPEN_LINES: Final = """
WITH settled AS (
  SELECT l.purchase_line, l.guide_no, l.store_no, sum(l.amount)::bigint AS amount,
    min(l.receipt_no) AS receipt_no, min(l.line) AS line, min(l.sold_at) AS sold_at
  FROM stores_settledline l JOIN stores_settlement s ON s.id = l.settlement_id
  WHERE s.entity_id = %(entity)s AND s.month < %(month)s
  GROUP BY 1, 2, 3
), current AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM stores_credit
  WHERE store_no = ANY(%(stores)s) AND sold_at >= %(since)s AND sold_at < %(ends)s
  GROUP BY 1, 2, 3
), open_lines AS (
  SELECT purchase_line, guide_no, store_no,
    coalesce(c.amount, 0) - coalesce(s.amount, 0) AS amount,
    coalesce(c.receipt_no, s.receipt_no) AS receipt_no, coalesce(c.line, s.line) AS line,
    coalesce(c.sold_at, s.sold_at) AS sold_at
  FROM current c FULL JOIN settled s USING (purchase_line, guide_no, store_no)
  WHERE coalesce(c.amount, 0) <> coalesce(s.amount, 0)
)
"""
_SUMS: Final = """
SELECT guide_no, max(store_no), count(*),
  coalesce(sum(amount) FILTER (WHERE sold_at >= %(begins)s), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE sold_at < %(begins)s), 0)::bigint
FROM open_lines GROUP BY guide_no ORDER BY guide_no
"""
_SETTLED_SUMS: Final = """
SELECT guide_no, max(store_no), count(*),
  coalesce(sum(amount) FILTER (WHERE NOT is_adjustment), 0)::bigint,
  coalesce(sum(amount) FILTER (WHERE is_adjustment), 0)::bigint
FROM stores_settledline WHERE settlement_id = %(settlement)s GROUP BY guide_no ORDER BY guide_no
"""
# Of one guide, said of both sides: behind the join it would be looked for in everybody's lines.
OPEN_LINES_OF_ONE: Final = OPEN_LINES.replace(
    "WHERE s.entity_id", "WHERE l.guide_no = %(guide)s AND s.entity_id"
).replace("WHERE store_no", "WHERE guide_no = %(guide)s AND store_no")
Sums = dict[int, tuple[int, int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Payslip:
    """What one guide gets for a month, and from what; minor units."""

    guide_no: int
    store_no: int
    lines: int
    sales: int
    adjustments: int
    brought: int
    target: int | None
    earned: Earned

    @property
    def base(self) -> int:
        return self.sales + self.adjustments + self.brought

    @property
    def percent(self) -> int | None:
        """How much of the target was reached; None without one."""
        return 100 * self.base // self.target if self.target else None


@dataclass(frozen=True, slots=True)
class Payroll:
    """A month of an entity before it is settled."""

    month: Month
    plan: CommissionPlan | None
    slips: list[Payslip] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return sum(slip.lines for slip in self.slips)

    @property
    def base(self) -> int:
        return sum(slip.base for slip in self.slips)

    @property
    def commission(self) -> int:
        return sum(slip.earned.amount for slip in self.slips)


def house_zone() -> ZoneInfo:
    """The zone in which months begin: the house's own, one for all stores of an entity."""
    return ZoneInfo(settings.TIME_ZONE)


def payroll_of(entity: LegalEntity, month: Month, *, plan: CommissionPlan | None = None) -> Payroll:
    """What the month would pay as things stand; with `plan`, under that plan instead.

    Few queries, however many guides. Meant for an actor who sees all stores of the entity.
    """
    sums = _read_sums(OPEN_LINES + _SUMS, lines_params(entity, month))
    return _payroll(entity, month, plan or plan_for(month.first), sums)


def payroll_from_lines(settlement: Settlement, month: Month) -> Payroll:
    """What a settlement pays for the lines that it holds."""
    sums = _read_sums(_SETTLED_SUMS, {"settlement": settlement.pk})
    return _payroll(settlement.entity, month, settlement.plan, sums)


def _read_sums(statement: str, params: dict[str, Any]) -> Sums:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {row[0]: row for row in cursor.fetchall()}


def _payroll(entity: LegalEntity, month: Month, plan: CommissionPlan | None, sums: Sums) -> Payroll:
    read = read_plan(plan.terms) if plan is not None else None
    brought = _brought(entity, month.first)
    targets = dict(
        Target.objects.filter(month=month.first, guide__isnull=False).values_list(
            "guide_id", "amount"
        )
    )
    slips = []
    for guide_no in sorted(sums.keys() | brought.keys()):
        _, store, lines, sales, adjustments = sums.get(guide_no, (0, 0, 0, 0, 0))
        owed, last_store = brought.get(guide_no, (0, 0))
        slips.append(
            Payslip(
                guide_no=guide_no,
                store_no=store or last_store,
                lines=lines,
                sales=sales,
                adjustments=adjustments,
                brought=owed,
                target=targets.get(guide_no),
                earned=_earned(sales + adjustments + owed, read, targets.get(guide_no)),
            )
        )
    return Payroll(month, plan, slips)


def running_slip(guide: Guide, month: Month) -> tuple[Payslip, CommissionPlan | None]:
    """What a month comes to so far for one guide in her store's entity, and by which plan.

    The lines are those that the scope around us meets: her own.
    """
    plan = plan_for(month.first)
    entity = guide.store.entity
    sums = _read_sums(OPEN_LINES_OF_ONE + _SUMS, {**lines_params(entity, month), "guide": guide.pk})
    found = _payroll(entity, month, plan, sums)
    for slip in found.slips:
        if slip.guide_no == guide.pk:
            return slip, plan
    nothing = Payslip(guide.pk, guide.store_id, 0, 0, 0, 0, None, _earned(0, None, None))
    return nothing, plan


def lines_params(entity: LegalEntity, month: Month) -> dict[str, Any]:
    """The parameters of OPEN_LINES for a month of an entity."""
    first = Settlement.objects.filter(entity=entity).aggregate(first=Min("month"))["first"]
    since = Month(min(first or month.first, month.first), month.zone).begins
    stores = list(Store.objects.filter(entity=entity).values_list("pk", flat=True))
    return {
        "entity": entity.pk,
        "month": month.first,
        "stores": stores,
        "since": since,
        "begins": month.begins,
        "ends": month.ends,
    }


def plan_for(month: date) -> CommissionPlan | None:
    """The approved plan that counts in a month."""
    return (
        CommissionPlan.objects.exclude(approved_at=None)
        .filter(effective_from__lte=month)
        .order_by("-effective_from", "-pk")
        .first()
    )


def last_settled(entity: LegalEntity) -> date | None:
    found: date | None = Settlement.objects.filter(entity=entity).aggregate(m=Max("month"))["m"]
    return found


def months_to_settle(entity: LegalEntity, now: datetime, *, most: int = 12) -> list[Month]:
    """Months that are over and not settled, oldest first; at the very first, the last one."""
    this = Month.of(now, house_zone())
    last = last_settled(entity)
    if last is None:
        return [this.away(-1)]
    waiting: list[Month] = []
    month = Month(last, this.zone).away(1)
    while month.first < this.first and len(waiting) < most:
        waiting.append(month)
        month = month.away(1)
    return waiting


def own_payslips(guide_no: int, *, most: int = 12) -> list[Commission]:
    """A guide's settled months, newest first."""
    return list(
        Commission.objects.filter(guide_no=guide_no)
        .select_related("settlement__plan", "settlement__entity")
        .order_by("-settlement__month", "-settlement")[:most]
    )


def payslips_of_month(guide_no: int, year: int, month: int) -> list[Commission]:
    """A guide's payslips of a settled month: two when she went from one company to another."""
    return list(
        Commission.objects.filter(
            guide_no=guide_no, settlement__month__year=year, settlement__month__month=month
        )
        .select_related("settlement__plan", "settlement__entity")
        .order_by("-settlement")
    )


def _brought(entity: LegalEntity, month: date) -> dict[int, tuple[int, int]]:
    """What was carried out of the month before, by guide: below zero."""
    before = Settlement.objects.filter(entity=entity, month__lt=month).order_by("-month").first()
    if before is None:
        return {}
    rows: Sequence[tuple[int, int, int]] = list(
        Commission.objects.filter(settlement=before)
        .exclude(carried=0)
        .values_list("guide_no", "carried", "store_no")
    )
    return {guide: (carried, store) for guide, carried, store in rows}


def _earned(base: int, plan: Plan | None, target: int | None) -> Earned:
    return earned(base, plan, target=target) if plan else Earned(base, 0, min(base, 0), ())
