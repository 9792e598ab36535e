"""What a person does with a file of members: bring it, say what its columns mean, start, stop."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import IO

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.imports.errors import ImportRefused
from members.imports.models import (
    ImportFault,
    ImportKey,
    ImportPiece,
    ImportState,
    MemberImport,
)
from members.imports.rules import mapping_fault
from stores.ledger.pieces import pieces_of, to_text
from stores.ledger.sheets import Unreadable, kind_of
from stores.org.models import Account, LegalEntity, Store

State = ImportState


def bring(
    opened: IO[bytes], *, name: str, entity: LegalEntity, account: Account | None, by: Actor
) -> MemberImport:
    """Take a file in, piece by piece; a worker reads it. Raises ImportRefused on what is no list.

    Each piece is its own transaction: a file of any length holds no lock. Until the last piece
    stands the import is dropped, so an upload that broke off leaves nothing to be carried on.
    """
    pieces = pieces_of(opened)
    head = next(pieces, b"")
    try:
        kind = kind_of(name, head)
    except Unreadable as fault:
        raise ImportRefused(str(fault)) from fault
    if not head:
        raise ImportRefused("文件是空的。")
    batch = _begin(name, kind, entity, account, by=by)
    digest, size = sha256(head), len(head)
    _keep_piece(batch.pk, 0, head, by=by)
    for number, body in enumerate(pieces, 1):
        digest.update(body)
        size += len(body)
        _keep_piece(batch.pk, number, body, by=by)
    return _complete(batch.pk, size, digest.hexdigest(), by=by)


@action
def _begin(
    name: str, kind: str, entity: LegalEntity, account: Account | None, *, by: Actor
) -> MemberImport:
    return MemberImport.objects.create(
        entity=entity,
        file_name=name[:200],
        kind=kind,
        created_by=account,
        state=State.DROPPED,
        error="没有传完",
    )


@action
def _keep_piece(batch_id: int, number: int, body: bytes, *, by: Actor) -> None:
    ImportPiece.objects.create(batch_id=batch_id, is_raw=True, number=number, body=to_text(body))


@action
def _complete(batch_id: int, size: int, digest: str, *, by: Actor) -> MemberImport:
    batch = _locked(batch_id)
    batch.size, batch.sha256, batch.state, batch.error = size, digest, State.READING, ""
    batch.save(update_fields=["size", "sha256", "state", "error"])
    return batch


@action
def map_columns(
    batch_id: int, *, mapping: Mapping[str, int], store_code: str, by: Actor
) -> MemberImport:
    """Say which column is what, and try every line without writing a member.

    Saying it again tries anew. Refuses a mapping without a phone, and a file that is under way.
    """
    batch = _locked(batch_id)
    if batch.state not in {State.MAPPING, State.TRIED, State.TRYING}:
        raise ImportRefused("这份文件已经在导入，不能再改列的对应。")
    fault = mapping_fault(mapping, len(batch.columns))
    if fault:
        raise ImportRefused(fault)
    if store_code and not Store.objects.filter(code=store_code, entity=batch.entity_id).exists():
        raise ImportRefused("这家主体没有这个门店。")
    ImportFault.objects.filter(batch=batch).delete()
    ImportKey.objects.filter(batch=batch).delete()
    batch.mapping, batch.defaults = dict(mapping), {"store": store_code} if store_code else {}
    batch.state, batch.position, batch.tried = State.TRYING, 0, {}
    batch.save(update_fields=["mapping", "defaults", "state", "position", "tried"])
    return batch


@action
def start(batch_id: int, *, by: Actor) -> MemberImport:
    """Bring the members in as the trial said; again after a pause. Running already: unchanged."""
    batch = _locked(batch_id)
    if batch.state == State.RUNNING:
        return batch
    if batch.state not in {State.TRIED, State.PAUSED}:
        raise ImportRefused("先试算，再导入。")
    if batch.state == State.TRIED:
        batch.position, batch.counts, batch.begun_at = 0, {}, timezone.now()
    batch.state = State.RUNNING
    batch.save(update_fields=["state", "position", "counts", "begun_at"])
    return batch


@action
def pause(batch_id: int, *, by: Actor) -> MemberImport:
    """Stop after the portion at hand; what came in stays. Paused already: unchanged."""
    batch = _locked(batch_id)
    if batch.state == State.PAUSED:
        return batch
    if batch.state != State.RUNNING:
        raise ImportRefused("没有在导入，不用暂停。")
    batch.state = State.PAUSED
    batch.save(update_fields=["state"])
    return batch


@action
def undo(batch_id: int, *, by: Actor) -> MemberImport:
    """Take back what the import made, as far as nothing else happened to it since."""
    batch = _locked(batch_id)
    if batch.state == State.UNDOING:
        return batch
    if batch.state not in {State.DONE, State.PAUSED}:
        raise ImportRefused("导入完成或暂停后才能撤回。")
    batch.state, batch.position = State.UNDOING, 0
    batch.save(update_fields=["state", "position"])
    return batch


@action
def drop(batch_id: int, *, by: Actor) -> MemberImport:
    """Give a file up before anything of it came in; its pieces are deleted at once."""
    batch = _locked(batch_id)
    if batch.state in {State.RUNNING, State.UNDOING, State.PAUSED, State.DONE, State.UNDONE}:
        raise ImportRefused("已经有会员导入了，只能撤回。")
    batch.state, batch.ended_at = State.DROPPED, batch.ended_at or timezone.now()
    batch.save(update_fields=["state", "ended_at"])
    empty(batch)
    return batch


def empty(batch: MemberImport) -> None:
    """Delete what was in the file. The caller is an action that holds the import."""
    ImportPiece.objects.filter(batch=batch).delete()
    ImportKey.objects.filter(batch=batch).delete()
    batch.emptied_at = timezone.now()
    batch.save(update_fields=["emptied_at"])


def _locked(batch_id: int) -> MemberImport:
    return MemberImport.objects.select_for_update(of=("self",)).get(pk=batch_id)
