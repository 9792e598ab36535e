"""A file of purchases from its first row to its last: dry, in portions, gone on with after a death.

How far it came stands in its row and moves on in the transaction of the lines themselves, so a
process may be killed anywhere: what it had not committed is simply done by the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from stores.ledger.actions import Outcome
from stores.ledger.columns import FIELDS, Reading
from stores.ledger.files import (
    PLAIN,
    FileReceipt,
    PurchaseFile,
    content_of,
    fingerprint,
    receipts_in,
)
from stores.ledger.intake import CLASH, REFUSED, Answer, Intake
from stores.ledger.models_of_imports import (
    FileState,
    PurchaseFilePiece,
    PurchaseImport,
    PurchaseImportFault,
)

# A portion is one transaction; the larger, the fewer commits, the more is done again after a death.
PORTION: Final = 1000
# Faults beyond so many help nobody to mend the file; they are counted all the same.
_MOST_FAULTS: Final = 20_000
_WHERE = re.compile(r"(?:lines\[(?P<place>\d+)\]|line (?P<line>\d+))(?:\.(?P<name>\w+))?")
_WORDS = {
    **{name: one.title for name, one in FIELDS.items()},
    "lines": "小票的各行", "member": "会员", "position": "位置",
}  # fmt: skip


class Overtaken(Exception):
    """Another process takes in the same file; this one stops without having changed anything."""


@dataclass(slots=True)
class Taken:
    """What happened to a file so far, and the rows of this portion that want a look."""

    receipts: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    faulty: int = 0
    complaints: list[tuple[int, Answer]] = field(default_factory=list)
    # What the readable receipts sum to: whoever mistook fen for yuan sees it here.
    sold: int = 0
    refunded: int = 0

    def add_money(self, raw: Any, answer: Answer) -> None:
        """Count a receipt's lines, unless it is refused."""
        for line in raw["lines"] if answer.status != REFUSED else ():
            if line.get("refund_of"):
                self.refunded += line["amount"]
            else:
                self.sold += line["amount"]


def take_file(
    path: Path,
    *,
    source: str,
    reading: Reading = PLAIN,
    is_dry_run: bool = False,
    portion: int = PORTION,
    by: Actor,
) -> Iterator[Taken]:
    """Take a file in, or only say what would happen; what happened after each portion.

    The same file told again after a death goes on where it stopped; after its end it is told
    again, and nothing counts twice. Raises OSError, UnicodeDecodeError, WrongColumns, Overtaken.
    """
    lies = PurchaseFile.at(path)
    if is_dry_run:
        yield from try_on(lies, reading, source=source, portion=portion, by=by)
        return
    row = begin_import(
        source=source, name=path.name[:200], digest=fingerprint(content_of(path), reading),
        size=path.stat().st_size, by=by,
    )  # fmt: skip
    yield from take_in(row, lies, reading, portion=portion, by=by)


def take_in(
    row: PurchaseImport,
    lies: PurchaseFile,
    reading: Reading,
    *,
    portion: int = PORTION,
    by: Actor,
) -> Iterator[Taken]:
    """Go on with a file at the place that its row says; after its last portion, say so there."""
    so_far = Taken(
        receipts=row.receipts,
        lines=Counter(recorded=row.recorded, known=row.known, clash=row.clashing),
        faulty=row.faulty,
    )

    def note(before: int, rows: Sequence[int], answers: Sequence[Answer]) -> None:
        _move_on(row.pk, before, rows, answers)

    intake = Intake(row.source, by, is_history=True)
    yield from _portions(receipts_in(lies, reading), intake, so_far, portion, note)
    finish_import(row.pk, by=by)


def try_on(
    lies: PurchaseFile,
    reading: Reading,
    *,
    source: str,
    so_far: Taken | None = None,
    portion: int = PORTION,
    by: Actor,
) -> Iterator[Taken]:
    """Say what would happen to a file, portion by portion; `so_far` of it was tried before."""
    intake = Intake(source, by, is_dry_run=True)
    yield from _portions(receipts_in(lies, reading), intake, so_far or Taken(), portion)


def _portions(
    receipts: Iterator[FileReceipt],
    intake: Intake,
    taken: Taken,
    portion: int,
    note: Callable[[int, Sequence[int], Sequence[Answer]], None] | None = None,
) -> Iterator[Taken]:
    waiting = islice(receipts, taken.receipts, None)
    while batch := list(islice(waiting, portion)):
        rows = [receipt.row for receipt in batch]
        before = taken.receipts

        def keep(answers: list[Answer], rows: list[int] = rows, before: int = before) -> None:
            if note is not None:
                note(before, rows, answers)

        # The same claims through the whole file: who a card leads to is asked once.
        noting = replace(intake, keep=keep)
        answers = list(noting.take([receipt.raw for receipt in batch], chunk=portion))
        taken.receipts += len(answers)
        taken.lines.update(str(what) for answer in answers for _, what in answer.lines)
        taken.complaints = complaints_of(rows, answers)
        taken.faulty += len(taken.complaints)
        for receipt, answer in zip(batch, answers, strict=True):
            taken.add_money(receipt.raw, answer)
        yield taken


@action
def begin_import(*, source: str, name: str, digest: str, size: int, by: Actor) -> PurchaseImport:
    """The row of a file that is being taken in; a new one when none is unfinished."""
    PurchaseImport.objects.bulk_create(
        [PurchaseImport(source=source, name=name, digest=digest, size=size, actor=str(by))],
        ignore_conflicts=True,
    )
    running = PurchaseImport.objects.filter(state__in=(FileState.RUNNING, FileState.PAUSED))
    row = running.get(source=source, digest=digest, finished_at=None)
    if row.state == FileState.PAUSED:
        row.state = FileState.RUNNING
        row.save(update_fields=["state"])
    return row


@action
def finish_import(key: int, *, by: Actor) -> bool:
    """Say that a file was read to its end, and delete what we hold of it; False when repeated."""
    waiting = PurchaseImport.objects.filter(pk=key, finished_at=None)
    now = timezone.now()
    if not waiting.update(finished_at=now, emptied_at=now, state=FileState.DONE):
        return False
    PurchaseFilePiece.objects.filter(file=key).delete()
    return True


def _move_on(key: int, before: int, rows: Sequence[int], answers: Sequence[Answer]) -> None:
    """Note a portion beside its lines. A step."""
    must_be_in_action()
    lines = Counter(what for answer in answers for _, what in answer.lines)
    complaints = complaints_of(rows, answers)
    waiting = PurchaseImport.objects.filter(pk=key, state=FileState.RUNNING, finished_at=None)
    moved = waiting.filter(receipts=before).update(
        receipts=before + len(answers),
        recorded=F("recorded") + lines[Outcome.RECORDED],
        known=F("known") + lines[Outcome.KNOWN],
        clashing=F("clashing") + lines[Outcome.CLASH],
        faulty=F("faulty") + len(complaints),
        moved_at=timezone.now(),
    )
    if not moved:
        raise Overtaken
    keep_faults(key, complaints)


def keep_faults(key: int, complaints: Sequence[tuple[int, Answer]]) -> None:
    """Write down which receipts of a file want a look, as far as that helps anybody. A step."""
    must_be_in_action()
    room = _MOST_FAULTS - PurchaseImportFault.objects.filter(file=key).count()
    PurchaseImportFault.objects.bulk_create(
        [
            PurchaseImportFault(
                file_id=key, row=row, receipt_no=answer.receipt_no[:80], text=in_words(answer)[:300]
            )
            for row, answer in complaints[: max(0, room)]
        ]
    )


def in_words(answer: Answer) -> str:
    """What is wrong with a receipt, column by column."""
    return "；".join(f"{_place_of(fault.where)}：{fault.text}" for fault in answer.faults)


def _place_of(where: str) -> str:
    """`lines[1].amount` is “第 2 行的金额”, as whoever looks at the file calls it."""
    found = _WHERE.fullmatch(where)
    if found is None:
        return _WORDS.get(where, where) or "整张小票"
    number = int(found["place"]) + 1 if found["place"] else int(found["line"])
    name = found["name"]
    title = FIELDS[name].title if name in FIELDS else name
    return f"第 {number} 行" + (f"的{title}" if title else "")


def complaints_of(rows: Sequence[int], answers: Sequence[Answer]) -> list[tuple[int, Answer]]:
    """The answers that want a look, each with its row."""
    return [
        (row, answer)
        for row, answer in zip(rows, answers, strict=True)
        if answer.status in (CLASH, REFUSED)
    ]
