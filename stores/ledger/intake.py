"""From raw receipts to answers, chunk by chunk: what the API and the file import share.

Reads, places (codes become our numbers), resolves claims, records, answers. Each chunk is one
transaction, so a run that dies halfway leaves whole chunks and may simply be told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from stores.ledger.actions import (
    MemberOutcome,
    Outcome,
    PlacedReceipt,
    ReceiptOutcome,
    foresee_purchases,
    record_purchases,
)
from stores.ledger.claims import Claims
from stores.ledger.rules import Fault, Receipt, Unreadable, read_receipt, writable
from stores.org.models import Guide, Store

CHUNK = 200

RECORDED, KNOWN, CLASH, REFUSED = 201, 200, 409, 422
TITLES = {CLASH: "小票内容与已记录的不同，原记录不变。", REFUSED: "这张小票有误，未作记录。"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What happened to one receipt, in the terms of HTTP."""

    receipt_no: str
    status: int
    lines: tuple[tuple[int, Outcome], ...] = ()
    member: MemberOutcome = MemberOutcome.NONE
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Intake:
    """Takes receipts of one source. `only_store` limits a key to the receipts of its store."""

    source: str
    by: Actor
    only_store: int | None = None
    is_history: bool = False
    is_dry_run: bool = False
    # A step that notes a chunk's answers in the chunk's own transaction.
    keep: Callable[[list[Answer]], None] | None = None
    claims: Claims = field(default_factory=Claims)

    def take(self, raws: Iterable[object], *, chunk: int = CHUNK) -> Iterator[Answer]:
        """Answers in the order of the receipts; each chunk is durable before it is answered."""
        waiting = iter(raws)
        while batch := list(islice(waiting, chunk)):
            yield from self._take_chunk(batch)

    def _take_chunk(self, raws: Sequence[object]) -> list[Answer]:
        now = timezone.now()
        answers: dict[int, Answer] = {}
        receipts: dict[int, Receipt] = {}
        for i, raw in enumerate(raws):
            try:
                receipts[i] = read_receipt(raw, now=now)
            except Unreadable as error:
                answers[i] = Answer(_said_number(raw), REFUSED, faults=tuple(error.faults))
        with scope_of(self.by):
            placed = self._place(receipts, answers)

        def tell(outcomes: list[ReceiptOutcome]) -> None:
            for (i, what), outcome in zip(placed.items(), outcomes, strict=True):
                answers[i] = _answer(what, outcome)
            if self.keep is not None and not self.is_dry_run:
                self.keep([answers[i] for i in range(len(raws))])

        self._write(list(placed.values()), tell)
        return [answers[i] for i in range(len(raws))]

    def _write(
        self, placed: list[PlacedReceipt], tell: Callable[[list[ReceiptOutcome]], None]
    ) -> None:
        if self.is_dry_run:
            with scope_of(self.by):
                tell(foresee_purchases(placed, source=self.source))
        elif placed or self.keep is not None:
            record_purchases(
                placed, source=self.source, is_history=self.is_history, then=tell, by=self.by
            )

    def _place(
        self, receipts: dict[int, Receipt], answers: dict[int, Answer]
    ) -> dict[int, PlacedReceipt]:
        """Turn codes into numbers with two queries; what does not fit is answered at once."""
        codes = {receipt.store for receipt in receipts.values()}
        employees = {receipt.served_by for receipt in receipts.values()} - {""}
        stores = {store.code: store for store in Store.objects.filter(code__in=codes)}
        guides = dict(
            Guide.objects.filter(employee_no__in=employees).values_list("employee_no", "pk")
            if employees
            else ()
        )
        placed = {}
        for i, receipt in receipts.items():
            store = stores.get(receipt.store)
            fault = self._misplaced(receipt, store, guides)
            if fault is not None or store is None:
                faults = (fault,) if fault else ()
                answers[i] = Answer(receipt.receipt_no, REFUSED, faults=faults)
                continue
            placed[i] = PlacedReceipt(
                receipt=receipt,
                store_no=store.pk,
                served_by_no=guides.get(receipt.served_by),
                member_no=self.claims.member_no_of(receipt.claim, entity_id=store.entity_id),
            )
        return placed

    def _misplaced(
        self, receipt: Receipt, store: Store | None, guides: dict[str, int]
    ) -> Fault | None:
        if store is None:
            return Fault("store", "unknown_store", "没有这个门店编号，请核对。")
        if self.only_store is not None and store.pk != self.only_store:
            return Fault("store", "other_store", "这把密钥只能上报它所属门店的小票。")
        if receipt.served_by and receipt.served_by not in guides:
            return Fault("served_by", "unknown_guide", "没有这个工号，请核对；不确定时可以不填。")
        return None


def _answer(placed: PlacedReceipt, outcome: ReceiptOutcome) -> Answer:
    happened = {what for _, what in outcome.lines}
    faults: list[Fault] = [
        Fault(f"line {line}", "clash", "同一来源、小票号、行号已记录过，内容不同。")
        for line, what in outcome.lines
        if what is Outcome.CLASH
    ]
    if outcome.member is MemberOutcome.OTHER:
        faults.append(Fault("member", "other_member", "这张小票已记在另一位会员名下。"))
    status = KNOWN if happened == {Outcome.KNOWN} else RECORDED
    if outcome.member is MemberOutcome.JOINED:
        status = RECORDED
    return Answer(
        placed.receipt.receipt_no,
        CLASH if faults else status,
        outcome.lines,
        outcome.member,
        tuple(faults),
    )


def _said_number(raw: object) -> str:
    number = raw.get("receipt_no") if isinstance(raw, dict) else None
    return writable(number[:80]) if isinstance(number, str) else ""
