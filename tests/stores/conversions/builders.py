"""Facts told through the ledger's own steps and actions, and credits in words of the cast."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent, Handling, HandlingState, handle
from stores.conversions.models import Credit
from stores.ledger.actions import PlacedReceipt, record_purchases
from stores.ledger.models import TouchKind
from stores.ledger.rules import Line, Receipt
from stores.ledger.steps import record_touch, set_owner
from stores.org.models import Guide, Store

TEST = Actor.system("test")
NOON = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def touch(kind: str, guide: Guide, member_no: int, at: datetime) -> bool:
    """A guide touched a member; told again it is the same touch."""

    @action
    def tell(*, by: Actor) -> bool:
        return record_touch(
            TouchKind(kind),
            once=f"{kind}:{guide.pk}:{member_no}:{at.isoformat()}",
            at=at,
            member_no=member_no,
            guide_no=guide.pk,
            store_no=guide.store_id,
        )

    return tell(by=TEST)


def own(guide: Guide, member_no: int, at: datetime) -> bool:
    """The member belongs to the guide from then on."""

    @action
    def tell(*, by: Actor) -> bool:
        return set_owner(
            member_no=member_no, guide_no=guide.pk, store_no=guide.store_id, at=at, reason="test"
        )

    return tell(by=TEST)


def sell(
    receipt_no: str,
    store: Store,
    *,
    lines: Iterable[tuple[int, int]] = ((1, 10_000),),
    at: datetime = NOON,
    member_no: int | None = None,
    served_by: Guide | None = None,
    refund_of: str = "",
    source: str = "till-1",
) -> Any:
    """Record one receipt; `lines` are (line, amount). With `refund_of` they take that line back."""
    receipt = Receipt(
        receipt_no=receipt_no,
        store=store.code,
        sold_at=at,
        lines=tuple(
            Line(line, "SK-100", 1 if amount >= 0 else -1, amount, refund_of)
            for line, amount in lines
        ),
        claim={"card": "x"} if member_no else {},
    )
    placed = PlacedReceipt(receipt, store.pk, served_by.pk if served_by else None, member_no)
    return record_purchases([placed], source=source, by=TEST)


def let_the_house_react() -> int:
    """Run every waiting reaction, as a worker would; how many ran."""
    ran = 0
    while waiting := list(
        Handling.objects.filter(state=HandlingState.WAITING).order_by("pk").values_list("pk")
    ):
        progress = sum(handle(key) for (key,) in waiting)
        failed = Handling.objects.exclude(error="").values_list("handler", "error")
        assert not failed, list(failed)
        assert progress, "reactions wait for nothing"
        ran += progress
    return ran


def credited() -> dict[str, dict[str, int]]:
    """Guide's employee number → {receipt_no/line: amount}."""
    names = dict(Guide.objects.values_list("pk", "employee_no"))
    found: dict[str, dict[str, int]] = {}
    for credit in Credit.objects.order_by("receipt_no", "line"):
        line = f"{credit.receipt_no}/{credit.line}"
        found.setdefault(names[credit.guide_no], {})[line] = credit.amount
    return found


def told(kind: str) -> int:
    return DomainEvent.objects.filter(kind=kind).count()
