"""What HQ looks at before it approves a plan or settles a month."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from stores.commission.models import CommissionPlan
from stores.commission.queries import Payroll, house_zone, payrolls_of
from stores.commission.rules import Month
from stores.org.models import Guide, LegalEntity, Store

_PREVIEWED: Final = 3


def previews(plan: CommissionPlan, *, by: Actor) -> list[dict[str, Any]]:
    """What the last months paid or would pay, and what they would under the plan."""
    now = timezone.now()
    rows: list[dict[str, Any]] = []
    with scope_of(by):
        for entity in LegalEntity.objects.order_by("name"):
            this = Month.of(now, house_zone())
            for back in range(_PREVIEWED, 0, -1):
                month = this.away(-back)
                today, then = payrolls_of(entity, month, [None, plan])
                rows.append({"entity": entity, "month": month, "now": today, "then": then})
    return [row for row in rows if row["now"].lines]


def with_people(payroll: Payroll) -> list[dict[str, Any]]:
    """Payslips with names, the largest commission first."""
    guides = dict(
        Guide.objects.filter(pk__in=[slip.guide_no for slip in payroll.slips]).values_list(
            "pk", "name"
        )
    )
    stores = dict(
        Store.objects.filter(pk__in={slip.store_no for slip in payroll.slips}).values_list(
            "pk", "name"
        )
    )
    rows = [
        {
            "slip": slip,
            "guide": guides.get(slip.guide_no, "—"),
            "store": stores.get(slip.store_no, "—"),
        }
        for slip in payroll.slips
    ]
    return sorted(rows, key=lambda row: (-row["slip"].earned.amount, row["slip"].guide_no))
