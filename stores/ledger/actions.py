"""Writing purchases down: once each, whatever order and however often they are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit, emit_many
from stores.ledger.models import PurchaseLine, ReceiptKey
from stores.ledger.queries import Key, keys_of, late_members, lines_of_keys, present_numbers
from stores.ledger.rules import Line, Receipt, digest_of
from stores.ledger.steps import join_receipt


class Outcome(StrEnum):
    """What happened to a line: written now, told before, or told before with other content."""

    RECORDED = "recorded"
    KNOWN = "known"
    CLASH = "clash"


class MemberOutcome(StrEnum):
    """What became of the claim who bought: nothing claimed, found, joined later, unknown, other."""

    NONE = ""
    FOUND = "found"
    JOINED = "joined"
    UNKNOWN = "unknown"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PlacedReceipt:
    """A receipt whose codes and claim were turned into our numbers."""

    receipt: Receipt
    store_no: int
    served_by_no: int | None
    member_no: int | None


@dataclass(frozen=True, slots=True)
class ReceiptOutcome:
    """What happened to a receipt, line by line."""

    lines: tuple[tuple[int, Outcome], ...]
    member: MemberOutcome


@action
def record_purchases(
    receipts: Sequence[PlacedReceipt],
    *,
    source: str,
    is_history: bool = False,
    then: Callable[[list[ReceiptOutcome]], None] | None = None,
    by: Actor,
) -> list[ReceiptOutcome]:
    """Write the lines that are new and say for every line what happened; outcomes in order.

    Telling a line again changes nothing; with other content it is a clash, and the first telling
    stands. A member claimed only later is joined to the receipt by a row of its own. Emits
    `purchase_recorded` for each receipt with new lines and `purchases_recorded` for all of them
    (for history `purchases_imported` alone), `receipt_claimed` for each late member,
    `receipt_contested` for one that is told for two members. `then` is a step that belongs to the
    same transaction: how far a file was taken in, for example.
    """
    written = _write_lines(receipts, source)
    numbers = [placed.receipt.receipt_no for placed in receipts]
    keys = keys_of(source, numbers)
    joined = _join_members(receipts, source, keys, written)
    _announce(receipts, source, written, is_history=is_history)
    outcomes = []
    for i, placed in enumerate(receipts):
        lines = tuple(
            (line.line, _outcome(placed.receipt, line, keys, written.get(i, {})))
            for line in placed.receipt.lines
        )
        outcomes.append(ReceiptOutcome(lines, joined.get(i) or _member_outcome(placed)))
    if then is not None:
        then(outcomes)
    return outcomes


def foresee_purchases(receipts: Sequence[PlacedReceipt], *, source: str) -> list[ReceiptOutcome]:
    """What `record_purchases` would answer; writes nothing. For dry runs."""
    keys = keys_of(source, [placed.receipt.receipt_no for placed in receipts])
    told: dict[Key, bytes] = {key: bytes(row.digest) for key, row in keys.items()}
    outcomes = []
    for placed in receipts:
        lines = []
        for line in placed.receipt.lines:
            key, digest = (placed.receipt.receipt_no, line.line), digest_of(placed.receipt, line)
            if key not in told:
                told[key] = digest
                lines.append((line.line, Outcome.RECORDED))
            else:
                same = told[key] == digest
                lines.append((line.line, Outcome.KNOWN if same else Outcome.CLASH))
        outcomes.append(ReceiptOutcome(tuple(lines), _member_outcome(placed)))
    return outcomes


def _write_lines(receipts: Sequence[PlacedReceipt], source: str) -> dict[int, dict[int, int]]:
    """Insert what is new; for each receipt's index the numbers of its new lines, by line."""
    wanted: dict[Key, tuple[int, Line]] = {}
    for i, placed in enumerate(receipts):
        for line in placed.receipt.lines:
            wanted.setdefault((placed.receipt.receipt_no, line.line), (i, line))
    # Always in the order of the key: two tills with the same receipts then wait, not deadlock.
    rows = sorted(wanted.items())
    numbers = _claim_keys([(key, receipts[i].receipt, line) for key, (i, line) in rows], source)
    written: dict[int, dict[int, int]] = {}
    lines = []
    for key, (i, line) in rows:
        if key in numbers:
            written.setdefault(i, {})[line.line] = numbers[key]
            lines.append(_purchase_line(numbers[key], receipts[i], line, source))
    _insert_lines(lines)
    return written


def _claim_keys(rows: Sequence[tuple[Key, Receipt, Line]], source: str) -> dict[Key, int]:
    """Insert the keys that nobody has; the line's future number for each key inserted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO stores_receiptkey
              (source, receipt_no, line, digest, sold_at, refund_of, purchase_line)
            SELECT %s, t.receipt_no, t.line, t.digest, t.sold_at, t.refund_of,
              nextval(pg_get_serial_sequence('stores_purchaseline', 'id'))
            FROM unnest(%s::text[], %s::int[], %s::bytea[], %s::timestamptz[], %s::text[])
              AS t(receipt_no, line, digest, sold_at, refund_of)
            ON CONFLICT (source, receipt_no, line) DO NOTHING
            RETURNING receipt_no, line, purchase_line
            """,
            [
                source,
                [key[0] for key, _, _ in rows],
                [key[1] for key, _, _ in rows],
                [digest_of(receipt, line) for _, receipt, line in rows],
                [receipt.sold_at for _, receipt, _ in rows],
                [line.refund_of for _, _, line in rows],
            ],
        )
        return {(receipt_no, line): number for receipt_no, line, number in cursor.fetchall()}


def _purchase_line(number: int, placed: PlacedReceipt, line: Line, source: str) -> PurchaseLine:
    receipt = placed.receipt
    return PurchaseLine(
        pk=number,
        source=source,
        receipt_no=receipt.receipt_no,
        line=line.line,
        sku=line.sku,
        quantity=line.quantity,
        amount=line.amount,
        refund_of=line.refund_of,
        member_no=placed.member_no,
        store_no=placed.store_no,
        served_by_no=placed.served_by_no,
        latitude=receipt.position.latitude if receipt.position else None,
        longitude=receipt.position.longitude if receipt.position else None,
        sold_at=receipt.sold_at,
    )


def _insert_lines(lines: Sequence[PurchaseLine]) -> None:
    """One statement for any number. COPY writes into no table under row-level security."""
    if not lines:
        return
    fields = [field for field in PurchaseLine._meta.concrete_fields if field.column]
    types = [str(field.db_type(connection)).split("(")[0] for field in fields]
    names = ", ".join(field.column for field in fields)
    arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO stores_purchaseline ({names}) SELECT * FROM unnest({arrays})",  # noqa: S608
            [[getattr(line, field.attname) for line in lines] for field in fields],
        )


def _join_members(
    receipts: Sequence[PlacedReceipt],
    source: str,
    keys: Mapping[Key, ReceiptKey],
    written: Mapping[int, Mapping[int, int]],
) -> dict[int, MemberOutcome]:
    """Join members to lines recorded without one; what became of each claim told again."""
    told_again = {
        i: placed
        for i, placed in enumerate(receipts)
        if placed.member_no is not None and len(written.get(i, {})) < len(placed.receipt.lines)
    }
    names = {placed.receipt.receipt_no for placed in told_again.values()}
    carried: dict[str, set[int | None]] = defaultdict(set)
    for line in lines_of_keys(key for key in keys.values() if key.receipt_no in names).values():
        carried[line.receipt_no].add(line.member_no)
    late = late_members(source, names) if names else {}
    numbers = {n for found in carried.values() for n in found} | set(late.values())
    numbers |= {placed.member_no for placed in told_again.values()}
    present = present_numbers({n for n in numbers if n is not None}) if names else {}
    outcomes = {}
    for i, placed in told_again.items():
        receipt_no, member_no = placed.receipt.receipt_no, placed.member_no
        assert member_no is not None  # noqa: S101 - chosen above
        persons = {present[n] for n in carried[receipt_no] if n is not None}
        persons |= {present[late[receipt_no]]} if receipt_no in late else set()
        others = persons - {present[member_no]}
        if others:
            outcomes[i] = MemberOutcome.OTHER
            _contest(placed, source, present[member_no], min(others))
        elif None in carried[receipt_no] and receipt_no not in late:
            outcomes[i] = _join(placed, source, member_no)
            late[receipt_no] = member_no
    return outcomes


def _join(placed: PlacedReceipt, source: str, member_no: int) -> MemberOutcome:
    receipt_no = placed.receipt.receipt_no
    is_hers = join_receipt(
        source=source, receipt_no=receipt_no, member_no=member_no, store_no=placed.store_no
    )
    # Else another till joined somebody in this very moment; the next telling compares.
    return MemberOutcome.JOINED if is_hers else MemberOutcome.FOUND


def _contest(placed: PlacedReceipt, source: str, claimed: int, held: int) -> None:
    """Tell once that a receipt of one member was claimed for another, and by what."""
    receipt_no = placed.receipt.receipt_no
    told = sha256(f"{source}/{receipt_no}/{claimed}/{held}".encode()).hexdigest()
    emit(
        "receipt_contested",
        subject=f"member-no:{claimed}",
        once=f"receipt_contested:{told}",
        source=source,
        receipt_no=receipt_no,
        claimed=claimed,
        held=held,
        claim=next(iter(placed.receipt.claim), ""),
    )


def _announce(
    receipts: Sequence[PlacedReceipt],
    source: str,
    written: Mapping[int, Mapping[int, int]],
    *,
    is_history: bool,
) -> None:
    names = sorted({receipts[i].receipt.receipt_no for i in written})
    if not names:
        return
    if is_history:
        emit("purchases_imported", subject=f"import:{source}", source=source, receipts=names)
        return
    # Who can look at many at once reacts to this one; 10 000 receipts are 50 of them.
    emit("purchases_recorded", source=source, receipts=names)
    emit_many(
        "purchase_recorded",
        [_news(receipts[i], source, lines) for i, lines in sorted(written.items())],
    )


def _news(
    placed: PlacedReceipt, source: str, lines: Mapping[int, int]
) -> tuple[str, dict[str, Any]]:
    receipt = placed.receipt
    subject = (
        f"receipt:{source}/{receipt.receipt_no}"[:120]
        if placed.member_no is None
        else f"member-no:{placed.member_no}"
    )
    return subject, {
        "source": source,
        "receipt_no": receipt.receipt_no,
        "lines": sorted(lines.values()),
        "member_no": placed.member_no,
        "store_no": placed.store_no,
        "amount": sum(line.amount for line in receipt.lines if line.line in lines),
        "sold_at": receipt.sold_at.isoformat(),
        "recorded_at": timezone.now().isoformat(),
    }


def _outcome(
    receipt: Receipt, line: Line, keys: Mapping[Key, ReceiptKey], written: Mapping[int, int]
) -> Outcome:
    key = keys[(receipt.receipt_no, line.line)]
    if bytes(key.digest) != digest_of(receipt, line):
        return Outcome.CLASH
    return Outcome.RECORDED if line.line in written else Outcome.KNOWN


def _member_outcome(placed: PlacedReceipt) -> MemberOutcome:
    if not placed.receipt.claim:
        return MemberOutcome.NONE
    return MemberOutcome.UNKNOWN if placed.member_no is None else MemberOutcome.FOUND
