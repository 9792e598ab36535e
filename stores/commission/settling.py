"""Settling a month in the background, store by store; nothing of it is ever taken back.

From the moment it has begun, whoever writes a credit of the month leaves a note of it. A portion
takes the notes of a store together with its lines: what commits later waits for the next month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import F, Min

from kit.actions import action, must_be_in_action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from stores.commission.errors import NoPlan, NotNext, NotOver, StillSettling
from stores.commission.models import Commission, SettledStore, Settlement
from stores.commission.open_lines import OPEN_LINES_TAKEN, lines_params
from stores.commission.queries import house_zone, payroll_from_lines, plan_for
from stores.commission.rules import Month
from stores.org.models import LegalEntity, Store

_US: Final = Actor.system("settles a month")
_KEEP: Final = """
INSERT INTO stores_settledline
  (settlement_id, purchase_line, receipt_no, line, guide_no, store_no, amount, sold_at,
   is_adjustment)
SELECT %(settlement)s, purchase_line, receipt_no, line, guide_no, store_no, amount, sold_at,
  sold_at < %(begins)s
FROM open_lines
"""


@action
def begin_settlement(entity: LegalEntity, month: Month, *, now: datetime, by: Actor) -> Settlement:
    """Begin to settle a month of an entity for good; one that is under way is gone on with.

    Raises NotOver, NotNext (settled before, or out of order), StillSettling and NoPlan. Waits for
    credits that are being written, since they left no note.
    """
    LegalEntity.objects.select_for_update().get(pk=entity.pk)
    if now < month.ends:
        raise NotOver
    settlements = Settlement.objects.filter(entity=entity)
    last = settlements.order_by("-month").first()
    if last is not None and last.commission is None and last.month == month.first:
        return last
    if last is not None and Month(last.month, month.zone).away(1).first != month.first:
        raise NotNext
    if last is not None and last.commission is None:
        raise StillSettling
    plan = plan_for(month.first)
    if plan is None:
        raise NoPlan
    first = settlements.aggregate(m=Min("month"))["m"]
    stores = list(Store.objects.filter(entity=entity).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE stores_credit IN SHARE MODE")
    _note_from_now_on(stores, month, since=Month(first or month.first, month.zone))
    return Settlement.objects.create(
        entity=entity,
        month=month.first,
        plan=plan,
        settled_at=now,
        settled_by=str(by),
        stores=len(stores),
    )


@action
def settle_portion(key: int, *, waits: bool = False, by: Actor) -> bool:
    """Settle the next store of a month, after the last one pay the guides; whether more is left.

    Two workers never do the same: who finds the month in other hands leaves it to them, or `waits`
    for its turn. Repeated after its end it does nothing.
    """
    settlement = (
        Settlement.objects.select_for_update(skip_locked=not waits, of=("self",))
        .select_related("entity", "plan")
        .filter(pk=key, commission=None)
        .first()
    )
    if settlement is None:
        return False
    month = Month(settlement.month, house_zone())
    store = _next_store(settlement, month)
    if store is None:
        _finish(settlement, month)
        return False
    # A company that the store came from may be settling it in this moment: who comes second finds
    # it settled.
    SettledStore.objects.select_for_update().get(store=store)
    params = lines_params(settlement.entity, month, stores=[store])
    with connection.cursor() as cursor:
        cursor.execute(OPEN_LINES_TAKEN + _KEEP, {**params, "settlement": settlement.pk})
    SettledStore.objects.filter(store=store, until__lt=month.ends).update(until=month.ends)
    Settlement.objects.filter(pk=key).update(after=store, stores_in=F("stores_in") + 1)
    return True


def carry_on_settlements(*, portions: int = 40) -> int:
    """Go on with every settlement that is under way, so many stores each; how many were settled.

    One company's fault is its own: the others go on, and what could not be settled is raised then.
    """
    with scope_of(_US):
        running = Settlement.objects.filter(commission=None).order_by("pk")
        keys = list(running.values_list("pk", flat=True))
    done, faults = 0, []
    for key in keys:
        try:
            for _ in range(portions):
                if not settle_portion(key, by=_US):
                    break
                done += 1
        except (DatabaseError, ValueError) as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("months that cannot be settled", faults)
    return done


def settle_month(entity: LegalEntity, month: Month, *, now: datetime, by: Actor) -> Settlement:
    """Settle a month to its end, for who waits for it: its credited lines, what changed of earlier
    ones, and each guide's commission.

    Raises what beginning raises. What is judged otherwise afterwards becomes an adjustment of the
    next month.
    """
    made = begin_settlement(entity, month, now=now, by=by)
    while settle_portion(made.pk, waits=True, by=by):
        pass
    with scope_of(by):
        return Settlement.objects.select_related("entity", "plan").get(pk=made.pk)


def _note_from_now_on(stores: Sequence[int], month: Month, *, since: Month) -> None:
    """Whoever writes a credit of the month leaves a note once this is committed. A step."""
    must_be_in_action()
    SettledStore.objects.bulk_create(
        [
            SettledStore(
                store_id=store, since=since.begins, until=since.begins, noted_until=month.ends
            )
            for store in stores
        ],
        ignore_conflicts=True,
    )
    SettledStore.objects.filter(store__in=stores, noted_until__lt=month.ends).update(
        noted_until=month.ends
    )


def _next_store(settlement: Settlement, month: Month) -> int | None:
    """The entity's next store; one that came since the beginning was not noted, and waits for the
    next month.
    """
    return (
        Store.objects.filter(
            entity=settlement.entity_id,
            pk__gt=settlement.after,
            settled__noted_until__gte=month.ends,
        )
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    )


def _finish(settlement: Settlement, month: Month) -> None:
    """Pay what was kept: the credits themselves may have been judged anew since. A step."""
    must_be_in_action()
    payroll = payroll_from_lines(settlement, month)
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
    settlement.lines, settlement.base = payroll.lines, payroll.base
    settlement.commission = payroll.commission
    settlement.save(update_fields=["lines", "base", "commission"])
    emit(
        "month_settled",
        subject=f"entity:{shown_id(settlement.entity.public_id)}",
        settlement=settlement.pk,
    )
