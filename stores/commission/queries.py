"""What a month would pay, or paid: an open one from its credits, a settled one as it was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Max

from stores.commission.models import Commission, CommissionPlan, Settlement, Target
from stores.commission.open_lines import OPEN_LINES, OPEN_LINES_OF_ONE, lines_params
from stores.commission.rules import Earned, Month, Plan, earned, read_plan
from stores.org.models import Guide, LegalEntity

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
FROM stores_settledline WHERE settlement_id = %(settlement)s AND store_no <> ALL(%(but)s)
GROUP BY guide_no ORDER BY guide_no
"""
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
    """A month of an entity: what it would pay, or has paid where `settled` says so."""

    month: Month
    plan: CommissionPlan | None
    slips: list[Payslip] = field(default_factory=list)
    settled: Settlement | None = None

    @property
    def lines(self) -> int:
        if self.settled is not None:
            return self.settled.lines or 0
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
    """What the month would pay as things stand; with `plan`, under that plan instead."""
    return payrolls_of(entity, month, [plan])[0]


def payrolls_of(
    entity: LegalEntity, month: Month, plans: Sequence[CommissionPlan | None]
) -> list[Payroll]:
    """What the month pays under each plan (None: the one that counts), its credits read once.

    A settled month is told from its commissions, without its lines. Few queries, however many
    guides. Meant for an actor who sees all stores of the entity.
    """
    settled = (
        Settlement.objects.select_related("plan").filter(entity=entity, month=month.first).first()
    )
    if settled is not None and settled.commission is not None:
        rows = list(Commission.objects.filter(settlement=settled).order_by("guide_no"))
        return [_paid(settled, month, rows, plan or settled.plan) for plan in plans]
    params = lines_params(entity, month)
    sums = _read_sums(OPEN_LINES + _SUMS, params)
    if settled is not None:
        # A store that is settled between the two looks was looked at as open already.
        sums = _together(sums, _sums_of(settled, but=params["stores"]))
    return [_payroll(entity, month, plan or plan_for(month.first), sums) for plan in plans]


def payroll_from_lines(settlement: Settlement, month: Month) -> Payroll:
    """What a settlement pays for the lines that it holds."""
    sums = _sums_of(settlement)
    return _payroll(settlement.entity, month, settlement.plan, sums)


def _paid(
    settled: Settlement, month: Month, rows: Sequence[Commission], plan: CommissionPlan
) -> Payroll:
    read = read_plan(plan.terms)
    slips = [
        Payslip(
            guide_no=row.guide_no,
            store_no=row.store_no,
            lines=0,
            sales=row.sales,
            adjustments=row.adjustments,
            brought=row.brought,
            target=row.target,
            earned=_earned(row.base, read, row.target),
        )
        for row in rows
    ]
    return Payroll(month, plan, slips, settled)


def _read_sums(statement: str, params: dict[str, Any]) -> Sums:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {row[0]: row for row in cursor.fetchall()}


def _sums_of(settlement: Settlement, *, but: Sequence[int] = ()) -> Sums:
    """What a settlement holds by guide, but for some stores."""
    return _read_sums(_SETTLED_SUMS, {"settlement": settlement.pk, "but": list(but)})


def _together(some: Sums, others: Sums) -> Sums:
    """The sums of stores that are not settled yet and of those that are."""
    found = dict(some)
    for guide, (_, store, *numbers) in others.items():
        _, store_no, *known = found.get(guide, (guide, store, 0, 0, 0))
        lines, sales, adjustments = map(sum, zip(known, numbers, strict=True))
        found[guide] = (guide, max(store, store_no), lines, sales, adjustments)
    return found


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
    settled = Settlement.objects.filter(entity=entity, month__lt=month).exclude(commission=None)
    before = settled.order_by("-month").first()
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
