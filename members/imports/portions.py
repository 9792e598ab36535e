"""The work on a file in portions. Each is one action: what a portion wrote and that it was written
stand in one transaction, so whoever dies is followed by somebody who goes on at the right place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import IO, Any

from django.db import connection
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.models import Purpose
from members.identity.models import IdentityKind, MemberState, Tier
from members.identity.queries import digest_of
from members.imports.actions import empty
from members.imports.models import ImportFault, ImportPiece, ImportState, MemberImport
from members.imports.rules import Known, Line, guess, portions, read_line
from members.imports.taking import take_lines
from members.imports.undoing import undo_rows
from stores.ledger.pieces import joined
from stores.ledger.sheets import Unreadable, rows_of
from stores.org.models import Guide, Store

LINES = 2_000
# Faults beyond so many help nobody to mend the file; they are counted all the same.
_MOST_FAULTS = 20_000
State = ImportState


# ---------------------------------------------------------------- the file into pieces of lines


def read_file(batch_id: int, *, by: Actor, goes_on: Callable[[], bool]) -> None:
    """Cut the file into sealed pieces of lines; goes on where a dead worker was."""
    with scope_of(by):
        batch = MemberImport.objects.get(pk=batch_id)
        last = _last_piece(batch_id)
    kept: dict[str, Any] = {"rows": [], "after": 0} if last is None else json.loads(str(last.body))
    done = -1 if last is None else last.number
    try:
        stream = _raw(batch_id, by)
        head = next((row for row, _ in rows_of(stream, batch.kind)), None)
        if head is None:
            raise Unreadable("文件里没有内容。")
        stream.seek(0)
        rows = rows_of(stream, batch.kind, start=kept["after"])
        # From a place in the middle there is no head, from the beginning there is.
        passed = 1 if not kept["after"] else 0
        begins = 0 if not kept["after"] else done + 1
        parts = portions(islice(rows, passed, None), LINES, 2 + begins * LINES)
        for number, (first, lines, after) in enumerate(parts, begins):
            if number > done:
                _keep_lines(batch_id, number, first, lines, after, by=by)
            if after and not goes_on():
                return
        _end_of_file(batch_id, head, by=by)
    except Unreadable as fault:
        _give_up(batch_id, str(fault), by=by)


def _last_piece(batch_id: int) -> ImportPiece | None:
    found = ImportPiece.objects.filter(batch=batch_id, is_raw=False)
    return found.order_by("-number").first()


def _raw(batch_id: int, by: Actor) -> IO[bytes]:
    """The raw pieces of a file as one stream of bytes."""

    def text_of(number: int) -> str:
        with scope_of(by):
            row = ImportPiece.objects.get(batch=batch_id, is_raw=True, number=number)
            return str(row.body)

    with scope_of(by):
        size = MemberImport.objects.get(pk=batch_id).size
    return joined(size, text_of)


@action
def _keep_lines(
    batch_id: int, number: int, first: int, lines: list[list[str]], after: int, *, by: Actor
) -> None:
    ImportPiece.objects.create(
        batch_id=batch_id,
        is_raw=False,
        number=number,
        first_row=first,
        body=json.dumps({"rows": lines, "after": after}, ensure_ascii=False),
    )


@action
def _end_of_file(batch_id: int, head: list[str], *, by: Actor) -> None:
    batch = _locked(batch_id)
    if batch.state != State.READING:
        return
    last = _last_piece(batch_id)
    batch.columns, batch.mapping = head, guess(head)
    batch.pieces = 0 if last is None else last.number + 1
    batch.rows = 0 if last is None else last.first_row - 2 + len(json.loads(str(last.body))["rows"])
    batch.state = State.MAPPING
    batch.save(update_fields=["columns", "mapping", "pieces", "rows", "state"])
    ImportPiece.objects.filter(batch=batch, is_raw=True).delete()


@action
def _give_up(batch_id: int, why: str, *, by: Actor) -> None:
    batch = _locked(batch_id)
    batch.state, batch.error, batch.ended_at = State.FAILED, why[:300], timezone.now()
    batch.save(update_fields=["state", "error", "ended_at"])
    empty(batch)


# ---------------------------------------------------------------- trying and taking in


@action
def next_portion(batch_id: int, *, by: Actor) -> bool:
    """Do the next portion of whatever the import is at; False when there is nothing to do."""
    batch = _locked(batch_id)
    work = {State.TRYING: _try, State.RUNNING: _run, State.UNDOING: _undo}.get(State(batch.state))
    if work is None:
        return False
    work(batch)
    return batch.state in {State.TRYING, State.RUNNING, State.UNDOING}


def _try(batch: MemberImport) -> None:
    """What would become of each line; nothing of it is written but faults and digests."""
    for lines in _portion(batch):
        faults = [
            ImportFault(batch=batch, row=line.row, column=one.column, text=one.text,
                        is_fatal=one.is_fatal)
            for line in lines for one in line.faults
        ]  # fmt: skip
        digests = {line.row: _digest(batch, line) for line in lines if line.is_good}
        good = {digests[line.row]: line for line in reversed(lines) if line.row in digests}
        _keep_keys(batch, good)
        firsts = _firsts(batch, list(good))
        known = _known_digests(batch, list(good))
        counted: Counter[str] = Counter(batch.tried)
        for line in lines:
            digest = digests.get(line.row, b"")
            what = _becomes(line, digest, firsts, known)
            counted[what] += 1
            if what == "twice":
                told = f"和第 {firsts[digest]} 行是同一个手机号，只导入前一行"
                faults.append(ImportFault(batch=batch, row=line.row, column="手机号", text=told))
        held = ImportFault.objects.filter(batch=batch).count()
        ImportFault.objects.bulk_create(faults[: max(0, _MOST_FAULTS - held)])
        batch.tried = dict(counted)
    _move_on(batch, State.TRIED, ["tried"])


def _becomes(
    line: Line, digest: bytes, firsts: Mapping[bytes, int], known: Mapping[bytes, str]
) -> str:
    if not line.is_good:
        return "faulty"
    if firsts.get(digest, line.row) != line.row:
        return "twice"
    if digest not in known:
        return "new"
    return "known" if known[digest] == MemberState.ACTIVE else "left"


def _run(batch: MemberImport) -> None:
    for lines in _portion(batch):
        by_digest = {_digest(batch, line): line for line in reversed(lines) if line.is_good}
        firsts = _firsts(batch, list(by_digest))
        mine = {
            digest: line
            for digest, line in by_digest.items()
            if firsts.get(digest, line.row) == line.row
        }
        counted = Counter(batch.counts) + take_lines(batch, mine)
        counted["out"] += len(lines) - len(mine)
        batch.counts = dict(counted)
    _move_on(batch, State.DONE, ["counts"])
    if batch.state == State.DONE:
        _end(batch, "members_imported")


def _undo(batch: MemberImport) -> None:
    done, left = undo_rows(batch, LINES // 4)
    counted = Counter(batch.counts)
    counted["undone"] += done.undone
    counted["stay"] += done.stay
    batch.counts, batch.position = dict(counted), batch.position + 1
    if not left:
        batch.state = State.UNDONE
    batch.save(update_fields=["counts", "position", "state"])
    if not left:
        _end(batch, "import_undone")


def _portion(batch: MemberImport) -> Iterator[list[Line]]:
    piece = ImportPiece.objects.filter(batch=batch, is_raw=False, number=batch.position).first()
    if piece is None:
        return
    known = _codes(batch)
    yield [
        read_line(piece.first_row + place, cells, batch.mapping, known)
        for place, cells in enumerate(json.loads(str(piece.body))["rows"])
    ]


def _move_on(batch: MemberImport, end: ImportState, fields: list[str]) -> None:
    batch.position += 1
    if batch.position >= batch.pieces:
        batch.state = end
    batch.save(update_fields=["position", "state", *fields])


def _end(batch: MemberImport, told: str) -> None:
    batch.ended_at = timezone.now()
    batch.save(update_fields=["ended_at"])
    empty(batch)
    subject = f"import:{shown_id(batch.public_id)}"
    emit(told, subject=subject, batch=batch.pk, once=f"{told}:{shown_id(batch.public_id)}")


# ---------------------------------------------------------------- what is known


def _codes(batch: MemberImport) -> Known:
    stores = dict(Store.objects.filter(entity=batch.entity_id).values_list("code", "pk"))
    guides = Guide.objects.filter(left_on=None, store__entity=batch.entity_id)
    tiers = {str(word).lower(): value for value, label in Tier.choices for word in (value, label)}
    given = (choice for choice in Purpose.choices if choice[0] != Purpose.MEMBERSHIP)
    return Known(
        tiers=tiers,
        stores=stores,
        owners=dict(guides.values_list("employee_no", "pk")),
        purposes={str(word): value for value, label in given for word in (value, label)},
        store=stores.get(batch.defaults.get("store", "")),
        today=timezone.localdate(),
    )


def _digest(batch: MemberImport, line: Line) -> bytes:
    return digest_of(IdentityKind.PHONE, line.phone, batch.entity)


# Thousands of digests as one array each: a placeholder for every one would cost more than the look.
_KEEP_KEYS = """
INSERT INTO members_importkey (batch_id, digest, row)
SELECT %s, k.digest, k.row FROM unnest(%s::bytea[], %s::bigint[]) k(digest, row)
ON CONFLICT DO NOTHING
"""
_FIRSTS = """
SELECT digest, row FROM members_importkey WHERE batch_id = %s AND digest = ANY(%s::bytea[])
"""
_KNOWN = """
SELECT i.digest, m.state FROM members_identity i JOIN members_member m ON m.id = i.member_id
WHERE i.entity_id = %s AND i.kind = 'phone' AND i.digest = ANY(%s::bytea[])
"""


def _keep_keys(batch: MemberImport, digests: Mapping[bytes, Line]) -> None:
    rows = [line.row for line in digests.values()]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_KEYS, [batch.pk, list(digests), rows])


def _firsts(batch: MemberImport, digests: list[bytes]) -> dict[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRSTS, [batch.pk, digests])
        return {bytes(digest): row for digest, row in cursor.fetchall()}


def _known_digests(batch: MemberImport, digests: list[bytes]) -> dict[bytes, str]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [batch.entity_id, digests])
        return {bytes(digest): state for digest, state in cursor.fetchall()}


def _locked(batch_id: int) -> MemberImport:
    return (
        MemberImport.objects.select_for_update(of=("self",))
        .select_related("entity")
        .get(pk=batch_id)
    )
