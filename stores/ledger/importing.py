"""A file of purchases from its first row to its last: dry, in portions, gone on with after a death.

How far it came stands in its row and moves on in the transaction of the lines themselves, so a
process may be killed anywhere: what it had not committed is simply done by the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

from django.db.models import F
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from stores.ledger.actions import Outcome
from stores.ledger.columns import Reading
from stores.ledger.files import PLAIN, fingerprint, receipts_in
from stores.ledger.intake import CLASH, REFUSED, Answer, Intake
from stores.ledger.models_of_imports import FileState, PurchaseImport, PurchaseImportFault

# A portion is one transaction; the larger, the fewer commits, the more is done again after a death.
PORTION: Final = 1000
_MOST_FAULTS: Final = 1000


class Overtaken(Exception):
    """Another process takes in the same file; this one stops without having changed anything."""


@dataclass(slots=True)
class Taken:
    """What happened to a file so far, and the rows of this portion that want a look."""

    receipts: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    faulty: int = 0
    complaints: list[tuple[int, Answer]] = field(default_factory=list)


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
    if is_dry_run:
        yield from _portions(path, reading, Intake(source, by, is_dry_run=True), Taken(), portion)
        return
    file = begin_import(
        source=source, name=path.name[:200], digest=fingerprint(path, reading),
        size=path.stat().st_size, by=by,
    )  # fmt: skip
    so_far = Taken(
        receipts=file.receipts,
        lines=Counter(recorded=file.recorded, known=file.known, clash=file.clashing),
        faulty=file.faulty,
    )
    yield from _portions(path, reading, Intake(source, by, is_history=True), so_far, portion, file)
    finish_import(file.pk, by=by)


def _portions(
    path: Path,
    reading: Reading,
    intake: Intake,
    taken: Taken,
    portion: int,
    file: PurchaseImport | None = None,
) -> Iterator[Taken]:
    waiting = islice(receipts_in(path, reading), taken.receipts, None)
    while batch := list(islice(waiting, portion)):
        rows = [receipt.row for receipt in batch]
        before = taken.receipts

        def keep(answers: list[Answer], rows: list[int] = rows, before: int = before) -> None:
            if file is not None:
                _move_on(file.pk, before, rows, answers)

        # The same claims through the whole file: who a card leads to is asked once.
        noting = replace(intake, keep=keep)
        answers = list(noting.take([receipt.raw for receipt in batch], chunk=portion))
        taken.receipts += len(answers)
        taken.lines.update(str(what) for answer in answers for _, what in answer.lines)
        taken.complaints = _complaints(rows, answers)
        taken.faulty += len(taken.complaints)
        yield taken


@action
def begin_import(*, source: str, name: str, digest: str, size: int, by: Actor) -> PurchaseImport:
    """The row of a file that is being taken in; a new one when none is unfinished."""
    PurchaseImport.objects.bulk_create(
        [PurchaseImport(source=source, name=name, digest=digest, size=size, actor=str(by))],
        ignore_conflicts=True,
    )
    running = PurchaseImport.objects.filter(state__in=(FileState.RUNNING, FileState.PAUSED))
    return running.get(source=source, digest=digest, finished_at=None)


@action
def finish_import(key: int, *, by: Actor) -> bool:
    """Say that a file was read to its end; False when that was said before."""
    waiting = PurchaseImport.objects.filter(pk=key, finished_at=None)
    return bool(waiting.update(finished_at=timezone.now(), state=FileState.DONE))


def _move_on(key: int, before: int, rows: Sequence[int], answers: Sequence[Answer]) -> None:
    """Note a portion beside its lines. A step."""
    must_be_in_action()
    lines = Counter(what for answer in answers for _, what in answer.lines)
    complaints = _complaints(rows, answers)
    moved = PurchaseImport.objects.filter(pk=key, receipts=before, finished_at=None).update(
        receipts=before + len(answers),
        recorded=F("recorded") + lines[Outcome.RECORDED],
        known=F("known") + lines[Outcome.KNOWN],
        clashing=F("clashing") + lines[Outcome.CLASH],
        faulty=F("faulty") + len(complaints),
        moved_at=timezone.now(),
    )
    if not moved:
        raise Overtaken
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
    """What is wrong with a receipt, field by field."""
    return "；".join(f"{fault.where}: {fault.text}" for fault in answer.faults)


def _complaints(rows: Sequence[int], answers: Sequence[Answer]) -> list[tuple[int, Answer]]:
    return [
        (row, answer)
        for row, answer in zip(rows, answers, strict=True)
        if answer.status in (CLASH, REFUSED)
    ]
