"""What the demo brand's members did: touches and purchases, with the keys of both.

Written in two parts: whoever is chosen in between is chosen without what she does later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from kit.actions import must_be_in_action
from kit.actor import Actor
from stores.ledger.models import Ownership, PurchaseLine, ReceiptKey, Touch, TouchKey, TouchKind

if TYPE_CHECKING:
    from config.demo.past import Person

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(2100, 1, 1, tzinfo=UTC)


def write_owners(everybody: Sequence[Person], by: Actor) -> None:
    """Whose each member is, from the day she joined. A step."""
    must_be_in_action()
    Ownership.objects.bulk_create(
        [
            Ownership(
                member_no=person.member.pk,
                guide_no=person.guide.pk,
                store_no=person.guide.store_id,
                since=person.joined_at,
                reason="registration",
                actor=str(by),
            )
            for person in everybody
            if person.member
        ]
    )


def write_deeds(
    everybody: Sequence[Person], *, since: datetime = _BEGINNING, until: datetime = _END
) -> None:
    """Touches and purchases of a time, with the keys that keep them from coming twice. A step."""
    must_be_in_action()
    told = set(TouchKey.objects.filter(once__startswith="demo:").values_list("once", flat=True))
    touches = [
        (once, touch)
        for person in everybody
        for once, touch in _touches(person)
        if since <= touch.at < until and once not in told
    ]
    TouchKey.objects.bulk_create([TouchKey(once=once, at=touch.at) for once, touch in touches])
    Touch.objects.bulk_create([touch for _, touch in touches], batch_size=2000)
    sold = set(ReceiptKey.objects.filter(source="till").values_list("receipt_no", flat=True))
    lines = [
        line
        for person in everybody
        for line in _lines(person)
        if since <= line.sold_at < until and line.receipt_no not in sold
    ]
    PurchaseLine.objects.bulk_create(lines, batch_size=2000)
    ReceiptKey.objects.bulk_create(
        [
            ReceiptKey(
                source=line.source,
                receipt_no=line.receipt_no,
                line=line.line,
                digest=sha256(f"{line.sku}|{line.quantity}|{line.amount}".encode()).digest(),
                purchase_line=line.pk,
                sold_at=line.sold_at,
            )
            for line in lines
        ],
        batch_size=2000,
    )


def _touches(person: Person) -> Iterator[tuple[str, Touch]]:
    kinds = [(TouchKind.SCAN, 0), (TouchKind.REGISTRATION, 2)]
    if person.is_friend:
        kinds += [(TouchKind.FRIEND, 3), (TouchKind.WELCOME, 3)]
    if person.is_friend and person.number % 3 == 0:
        kinds.append((TouchKind.GROUP_JOIN, 9))
    moments = [
        (kind, person.joined_at + timedelta(minutes=later), person.guide) for kind, later in kinds
    ]
    # A visit before each purchase: by the demo's rule it is her guide's if she met her lately,
    # else of whoever served her.
    moments += [
        (TouchKind.VISIT, at - timedelta(minutes=20), person.served_by(visit))
        for visit, (at, _) in enumerate(person.receipts)
    ]
    for index, (kind, at, guide) in enumerate(moments):
        yield (
            f"demo:{person.number}:{index}",
            Touch(
                kind=kind,
                member_no=person.member.pk if person.member else None,
                guide_no=guide.pk,
                store_no=guide.store_id,
                source="demo",
                at=at,
                recorded_at=at,
            ),
        )


def _lines(person: Person) -> Iterator[PurchaseLine]:
    for index, (at, lines) in enumerate(person.receipts):
        for number, (sku, quantity, amount) in enumerate(lines, start=1):
            yield PurchaseLine(
                source="till",
                receipt_no=f"D{person.number:04d}{index:04d}",
                line=number,
                sku=sku,
                quantity=quantity,
                amount=amount,
                member_no=person.member.pk if person.member else None,
                store_no=person.guide.store_id,
                served_by_no=person.served_by(index).pk,
                sold_at=at,
                recorded_at=at,
            )
