"""What a person does with a file of purchases: bring it, say what its columns mean, start, stop.

A worker does the rest (`working.py`). Nothing that was recorded is ever taken back: purchases are
facts, and the same file again counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import IO, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from stores.ledger.columns import FIELDS, Reading
from stores.ledger.errors import FileRefused
from stores.ledger.files import fingerprint
from stores.ledger.models_of_imports import (
    BEFORE_IT_BEGAN,
    FileState,
    PurchaseFilePiece,
    PurchaseImport,
    PurchaseImportFault,
)
from stores.ledger.pieces import pieces_of, to_text
from stores.ledger.sheets import Unreadable, kind_of
from stores.org.models import Account, Store

_NOT_WHOLE: Final = "没有传完"


def bring(
    opened: IO[bytes], *, name: str, source: str, account: Account | None, by: Actor
) -> PurchaseImport:
    """Take a file in, piece by piece; a worker reads it. Raises FileRefused on what is no list.

    Each piece is its own transaction: a file of any length holds no lock. Until the last piece
    stands it counts as given up, so an upload that broke off leaves nothing to be carried on.
    """
    pieces = pieces_of(opened)
    head = next(pieces, b"")
    if not head:
        raise FileRefused("文件是空的。")
    try:
        kind = kind_of(name, head)
    except Unreadable as fault:
        raise FileRefused(str(fault)) from fault
    if kind == "csv" and head.lstrip()[:1] in (b"{", b"["):
        raise FileRefused("这里收 CSV 或 XLSX。JSON 请由接口或命令行导入。")
    row = _begin(name, kind, source, account, by=by)
    digest, size = sha256(head), len(head)
    _keep_piece(row.pk, 0, head, by=by)
    for number, body in enumerate(pieces, 1):
        digest.update(body)
        size += len(body)
        _keep_piece(row.pk, number, body, by=by)
    return _complete(row.pk, size, digest.hexdigest(), by=by)


@action
def _begin(
    name: str, kind: str, source: str, account: Account | None, *, by: Actor
) -> PurchaseImport:
    return PurchaseImport.objects.create(
        name=name[:200], kind=kind, source=source, created_by=account, actor=str(by)[:120],
        state=FileState.DROPPED, error=_NOT_WHOLE,
    )  # fmt: skip


@action
def _keep_piece(key: int, number: int, body: bytes, *, by: Actor) -> None:
    PurchaseFilePiece.objects.create(file_id=key, number=number, body=to_text(body))


@action
def _complete(key: int, size: int, content: str, *, by: Actor) -> PurchaseImport:
    row = locked(key)
    row.size, row.content, row.state, row.error = size, content, FileState.READING, ""
    row.save(update_fields=["size", "content", "state", "error"])
    return row


@action
def map_columns(
    key: int, *, places: Mapping[str, int], store: str, in_yuan: bool, zone: str, by: Actor
) -> PurchaseImport:
    """Say which column is what, and try every receipt without recording one.

    `places`: our column → its place in the file. Saying it again tries anew. Raises FileRefused.
    """
    row = locked(key)
    if row.state not in (FileState.MAPPING, FileState.TRIED, FileState.TRYING):
        raise FileRefused("这份文件已经在导入，不能再改列的对应。")
    names = _named(row, places)
    if store and not Store.objects.filter(code=store).exists():
        raise FileRefused("没有这个门店。")
    reading = Reading.of(names, store=store, in_yuan=in_yuan, zone=zone)
    if lacking := reading.lacks():
        raise FileRefused(f"请指出哪一列是{'、'.join(lacking)}。")
    PurchaseImportFault.objects.filter(file=row).delete()
    row.reading, row.state, row.tried = reading.as_json(), FileState.TRYING, {}
    row.save(update_fields=["reading", "state", "tried"])
    return row


def _named(row: PurchaseImport, places: Mapping[str, int]) -> dict[str, str]:
    if set(places) - set(FIELDS) or not all(0 <= one < len(row.columns) for one in places.values()):
        raise FileRefused("有一列不存在。")
    names = {ours: str(row.columns[place]) for ours, place in places.items()}
    for head in names.values():
        if not head or row.columns.count(head) > 1:
            raise FileRefused(f"“{head}”这个表头空着，或有两列同名，请先在文件里改好。")
    return names


@action
def start(key: int, *, by: Actor) -> PurchaseImport:
    """Record the purchases as the trial said; again after a pause. Running already: unchanged.

    Raises FileRefused, also when the same file of the same source is on its way already.
    """
    row = locked(key)
    if row.state == FileState.RUNNING:
        return row
    if row.state not in (FileState.TRIED, FileState.PAUSED):
        raise FileRefused("先试算，再导入。")
    if row.state == FileState.TRIED:
        PurchaseImportFault.objects.filter(file=row).delete()
        row.digest = fingerprint(row.content, Reading(**row.reading))
        row.begun_at = row.moved_at = timezone.now()
    row.state = FileState.RUNNING
    try:
        with transaction.atomic():
            row.save(update_fields=["digest", "state", "begun_at", "moved_at"])
    except IntegrityError as error:
        raise FileRefused("同一份文件正在导入，不用再导一次。") from error
    return row


@action
def pause(key: int, *, by: Actor) -> PurchaseImport:
    """Stop; what was recorded stays, the portion at hand is given back. Paused: unchanged."""
    row = locked(key)
    if row.state == FileState.PAUSED:
        return row
    if row.state != FileState.RUNNING or not row.is_uploaded:
        raise FileRefused("没有在导入，不用暂停。")
    row.state = FileState.PAUSED
    row.save(update_fields=["state"])
    return row


@action
def drop(key: int, *, by: Actor) -> PurchaseImport:
    """Give a file up before anything of it was recorded; its pieces are deleted at once."""
    row = locked(key)
    if row.state == FileState.DROPPED:
        return row
    if row.state not in BEFORE_IT_BEGAN:
        raise FileRefused("已经有订单记录下来了。订单是事实，不能撤回，只能由退货行更正。")
    give_up(row, FileState.DROPPED, "")
    return row


def give_up(row: PurchaseImport, state: FileState, why: str) -> None:
    """End a file without its end. The caller is an action that holds it."""
    row.state, row.error = state, why[:300]
    row.save(update_fields=["state", "error"])
    empty(row)


def empty(row: PurchaseImport) -> None:
    """Delete what was in the file. The caller is an action that holds it."""
    PurchaseFilePiece.objects.filter(file=row).delete()
    row.emptied_at = timezone.now()
    row.save(update_fields=["emptied_at"])


def locked(key: int) -> PurchaseImport:
    """The row, until the action ends."""
    return PurchaseImport.objects.select_for_update(of=("self",)).get(pk=key)
