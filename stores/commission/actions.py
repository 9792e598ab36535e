"""Who may say how months are paid, and what they should reach. A plan is never taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from kit.actions import action
from kit.actor import Actor
from stores.commission.errors import OwnPlan, PlanTooLate
from stores.commission.models import Commission, CommissionPlan, SettledLine, Settlement, Target
from stores.commission.rules import read_plan
from stores.org.models import Account, Guide, LegalEntity, Store


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
