"""Settling months, and who may say how they are paid. Nothing here is ever taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from stores.commission.errors import NoPlan, NotNext, NotOver, OwnPlan, PlanTooLate
from stores.commission.models import Commission, CommissionPlan, SettledLine, Settlement, Target
from stores.commission.queries import (
    OPEN_LINES,
    Payroll,
    last_settled,
    lines_params,
    payroll_from_lines,
    plan_for,
)
from stores.commission.rules import Month, read_plan
from stores.org.models import Account, Guide, LegalEntity, Store

_KEEP = """
INSERT INTO stores_settledline
  (settlement_id, purchase_line, receipt_no, line, guide_no, store_no, amount, sold_at,
   is_adjustment)
SELECT %(settlement)s, purchase_line, receipt_no, line, guide_no, store_no, amount, sold_at,
  sold_at < %(begins)s
FROM open_lines
"""


@action
def settle_month(entity: LegalEntity, month: Month, *, now: datetime, by: Actor) -> Settlement:
    """Settle a month of an entity for good: its credited lines, what changed of earlier ones, and
    each guide's commission.

    Raises NotOver, NotNext (settled before, or out of order) and NoPlan. What is judged otherwise
    afterwards becomes an adjustment of the next month.
    """
    LegalEntity.objects.select_for_update().get(pk=entity.pk)
    if now < month.ends:
        raise NotOver
    last = last_settled(entity)
    if last is not None and Month(last, month.zone).away(1).first != month.first:
        raise NotNext
    plan = plan_for(month.first)
    if plan is None:
        raise NoPlan
    made = Settlement.objects.create(
        entity=entity, month=month.first, plan=plan, settled_at=now, settled_by=str(by)
    )
    with connection.cursor() as cursor:
        params = {**lines_params(entity, month), "settlement": made.pk}
        cursor.execute(OPEN_LINES + _KEEP, params)
    # Paid is what was kept just now: the credits themselves may have been judged anew since.
    payroll = payroll_from_lines(made, month)
    _pay(made, payroll)
    made.lines, made.base, made.commission = payroll.lines, payroll.base, payroll.commission
    made.save(update_fields=["lines", "base", "commission"])
    emit("month_settled", subject=f"entity:{shown_id(entity.public_id)}", settlement=made.pk)
    return made


def _pay(settlement: Settlement, payroll: Payroll) -> None:
    Commission.objects.bulk_create(
        [
            Commission(
                settlement=settlement,
                guide_no=slip.guide_no,
                store_no=slip.store_no,
                sales=slip.sales,
                adjustments=slip.adjustments,
                brought=slip.brought,
                target=slip.target,
                base=slip.base,
                amount=slip.earned.amount,
                carried=slip.earned.carried,
                parts=slip.earned.as_json(),
            )
            for slip in payroll.slips
        ],
        batch_size=1000,
    )


@action
def propose_plan(*, name: str, terms: object, effective_from: date, by: Actor) -> CommissionPlan:
    """Write a plan down; it counts once somebody else approves it. Raises BadPlan."""
    read_plan(terms)
    return CommissionPlan.objects.create(
        name=name, terms=terms, effective_from=effective_from.replace(day=1), proposed_by=str(by)
    )


@action
def approve_plan(plan: CommissionPlan, *, account: Account, now: datetime, by: Actor) -> bool:
    """Let a plan count from its month on; False when it was approved before.

    Refuses its proposer (OwnPlan) and a plan for a month that is settled already (PlanTooLate);
    a month that is being settled in this moment is waited for.
    """
    list(LegalEntity.objects.select_for_update().order_by("pk").values_list("pk"))
    found = CommissionPlan.objects.select_for_update().get(pk=plan.pk)
    if found.approved_at is not None:
        return False
    if found.proposed_by == str(by):
        raise OwnPlan
    if Settlement.objects.filter(month__gte=found.effective_from).exists():
        raise PlanTooLate
    found.approved_at, found.approved_by = now, account
    found.save(update_fields=["approved_at", "approved_by"])
    return True


@action
def set_target(*, month: date, store: Store, guide: Guide | None, amount: int, by: Actor) -> Target:
    """Say what a store or a guide is to sell in a month; said again, the new amount counts."""
    whose: dict[str, Any] = {"guide": guide} if guide else {"guide": None, "store": store}
    row, _ = Target.objects.update_or_create(
        month=month.replace(day=1),
        defaults={"amount": amount, "set_by": str(by), "store": store},
        **whose,
    )
    return row


@action
def split_target(*, month: date, store: Store, guides: dict[Guide, int], by: Actor) -> int:
    """Give a store's guides their parts of its target, all at once; what they sum to."""
    for guide, amount in guides.items():
        Target.objects.update_or_create(
            month=month.replace(day=1),
            guide=guide,
            defaults={"amount": amount, "set_by": str(by), "store": store},
        )
    return sum(guides.values())


def difference_of(settlement: Settlement) -> int:
    """By how much the lines of a settlement differ from its commissions' bases; always 0."""
    lines = SettledLine.objects.filter(settlement=settlement).aggregate(s=Sum("amount"))["s"] or 0
    paid = Commission.objects.filter(settlement=settlement).aggregate(
        sales=Sum("sales"), adjustments=Sum("adjustments")
    )
    return int(lines - (paid["sales"] or 0) - (paid["adjustments"] or 0))
