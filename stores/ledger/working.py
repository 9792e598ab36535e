"""A worker's part in uploaded files: find those under way, hold one by PostgreSQL's session lock,
go on until the time is over. Whoever dies loses the lock and the portion at hand, nothing else.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Final

from django.utils import timezone

from kit.actions import action, scope_of, session_lock
from kit.actor import Actor
from stores.ledger.columns import FIELDS, Reading, WrongColumns
from stores.ledger.files import PurchaseFile, head_of
from stores.ledger.heads import guess
from stores.ledger.importing import Overtaken, Taken, keep_faults, take_in, try_on
from stores.ledger.models_of_imports import AT_WORK, FileState, PurchaseFilePiece, PurchaseImport
from stores.ledger.pieces import joined
from stores.ledger.uploading import give_up, locked

US: Final = Actor.system("import of purchases")
# A class of locks that no other table uses; see kit.actions.session_lock.
_LOCK_CLASS: Final = 4743
# Receipts of a portion; the page that follows it looks every second or two.
PORTION: Final = 500
_LIVES: Final = timedelta(days=7)
_BROKEN: Final = "文件里有读不出的字符，请另存为 UTF-8 的 CSV 再上传。"


def carry_on_all(*, seconds: float) -> None:
    """Work on every file that is under way and that nobody else holds, oldest first."""
    until = time.monotonic() + seconds
    with scope_of(US):
        waiting = list(
            PurchaseImport.objects.filter(state__in=AT_WORK, emptied_at=None)
            .exclude(kind="")
            .order_by("begun_at")
            .values_list("pk", flat=True)
        )
    for key in waiting:
        if time.monotonic() < until:
            carry_on(key, until=until)


def carry_on(key: int, *, until: float = float("inf")) -> bool:
    """Work on one file until it waits for a person; False when somebody alive does already."""
    with session_lock(_LOCK_CLASS, key) as is_ours:
        if not is_ours:
            return False
        try:
            _work(key, until)
        except Overtaken:
            # Paused, or gone on with by the command: nothing of the portion at hand was kept.
            return True
        except (WrongColumns, UnicodeDecodeError) as fault:
            _fail(key, _BROKEN if isinstance(fault, UnicodeDecodeError) else str(fault), by=US)
    return True


def _work(key: int, until: float) -> None:
    with scope_of(US):
        row = PurchaseImport.objects.get(pk=key)
    lies = file_of(row)
    if row.state == FileState.READING:
        _note_head(key, head_of(lies), by=US)
    elif row.state == FileState.TRYING:
        _try(row, lies, until)
    elif row.state == FileState.RUNNING:
        for _ in take_in(row, lies, Reading(**row.reading), portion=PORTION, by=US):
            if time.monotonic() > until:
                return


def _try(row: PurchaseImport, lies: PurchaseFile, until: float) -> None:
    said = dict(row.tried)
    so_far = Taken(
        receipts=said.pop("receipts", 0), faulty=said.pop("faulty", 0),
        sold=said.pop("sold", 0), refunded=said.pop("refunded", 0), lines=Counter(said),
    )  # fmt: skip
    before, reading = so_far.receipts, Reading(**row.reading)
    tried = try_on(lies, reading, source=row.source, so_far=so_far, portion=PORTION, by=US)
    for taken in tried:
        if not _note_trial(row, before, taken, by=US) or time.monotonic() > until:
            return
        before = taken.receipts
    _end_trial(row, before, by=US)


def file_of(row: PurchaseImport) -> PurchaseFile:
    """The file as it was uploaded, out of its sealed pieces."""

    def text_of(number: int) -> str:
        with scope_of(US):
            return str(PurchaseFilePiece.objects.get(file=row, number=number).body)

    return PurchaseFile(row.kind, lambda: joined(row.size, text_of))


@action
def _note_head(key: int, head: list[str], *, by: Actor) -> None:
    row = locked(key)
    if row.state != FileState.READING:
        return
    if not any(head):
        give_up(row, FileState.FAILED, "文件里没有内容。")
        return
    known = Reading(names={ours: head[place] for ours, place in guess(head, FIELDS).items()})
    row.columns, row.state, row.reading = head, FileState.MAPPING, known.as_json()
    row.save(update_fields=["columns", "state", "reading"])


@action
def _note_trial(asked: PurchaseImport, before: int, taken: Taken, *, by: Actor) -> bool:
    """Keep what a portion of the trial said; False when the columns were changed meanwhile."""
    row = locked(asked.pk)
    if not _is_same(row, asked, before):
        return False
    keep_faults(row.pk, taken.complaints)
    row.tried = {
        "receipts": taken.receipts, "faulty": taken.faulty, "sold": taken.sold,
        "refunded": taken.refunded, **taken.lines,
    }  # fmt: skip
    row.save(update_fields=["tried"])
    return True


@action
def _end_trial(asked: PurchaseImport, before: int, *, by: Actor) -> None:
    row = locked(asked.pk)
    if _is_same(row, asked, before):
        row.state = FileState.TRIED
        row.save(update_fields=["state"])


def _is_same(row: PurchaseImport, asked: PurchaseImport, before: int) -> bool:
    is_trying = row.state == FileState.TRYING and row.reading == asked.reading
    return is_trying and row.tried.get("receipts", 0) == before


@action
def _fail(key: int, why: str, *, by: Actor) -> None:
    row = locked(key)
    if row.state in AT_WORK:
        give_up(row, FileState.FAILED, why + _what_stays(row))


def _what_stays(row: PurchaseImport) -> str:
    return f" 已导入的 {row.receipts} 张小票保留。" if row.receipts else ""


@action
def _empty_one(key: int, *, by: Actor) -> None:
    row = locked(key)
    if row.emptied_at is None:
        why = row.error or "7 天没有导完，文件已删除；要导入请再上传。"
        give_up(row, FileState.DROPPED, why + _what_stays(row))


def empty_old() -> int:
    """Delete files that nobody brought to their end within seven days, whatever their state; how
    many. A worker that is at one finds it gone with its next portion.
    """
    with scope_of(US):
        held = PurchaseFilePiece.objects.filter(file__begun_at__lt=timezone.now() - _LIVES)
        old = list(held.order_by("file").values_list("file", flat=True).distinct())
    for key in old:
        _empty_one(key, by=US)
    return len(old)
