"""Lines become members: COPY into a table of the transaction's own, then set against set.

A phone that leads to a member already changes of her only what the brand may say: a tier, an owner
if she has none, a name if she gave none. Who left or was restricted is left alone.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.fields import new_public_id, seal
from members.consent.models import ConsentState, Method
from members.consent.steps import Circumstances, Proof, record_decisions
from members.identity.models import Identity, Member, MemberState, Tier
from members.imports.models import ImportedMember, MemberImport
from members.imports.opening import open_accounts
from members.imports.rules import Line, moment
from stores.ledger.models import Ownership

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS import_stage (
  row bigint, digest bytea, member_uuid uuid, identity_uuid uuid, name bytea, phone bytea,
  value bytea, card_no text, tier text, store_id bigint, owner_id bigint, joined_at timestamptz,
  birth_year int
) ON COMMIT DELETE ROWS
"""
_COPY = "COPY import_stage FROM STDIN (FORMAT BINARY)"
_TYPES = (
    "int8", "bytea", "uuid", "uuid", "bytea", "bytea", "bytea", "text", "text", "int8", "int8",
    "timestamptz", "int4",
)  # fmt: skip
_FRESH = """
NOT EXISTS (SELECT 1 FROM members_identity i
            WHERE i.entity_id = %(entity)s AND i.kind = 'phone' AND i.digest = s.digest)
"""
_MEMBERS = f"""
INSERT INTO members_member (public_id, entity_id, state, name, phone, tier, home_store_id, owner_id,
                            card_no, joined_at, birth_year, version)
SELECT s.member_uuid, %(entity)s, 'active', s.name, s.phone, s.tier, s.store_id, s.owner_id,
       s.card_no, s.joined_at, s.birth_year, 0
FROM import_stage s WHERE {_FRESH} ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants of this module
# The phone was not proven by her: it leads to her, but nobody verified it.
_IDENTITIES = """
INSERT INTO members_identity (public_id, entity_id, member_id, kind, value, digest, created_at)
SELECT s.identity_uuid, %(entity)s, m.id, 'phone', s.value, s.digest, %(now)s
FROM import_stage s JOIN members_member m ON m.public_id = s.member_uuid
ON CONFLICT DO NOTHING
"""
# Somebody registered with the phone in this very moment: hers is the record that stays.
_LOSERS = """
DELETE FROM members_member m USING import_stage s WHERE m.public_id = s.member_uuid
  AND NOT EXISTS (SELECT 1 FROM members_identity i WHERE i.public_id = s.identity_uuid)
"""
_NOTED = """
INSERT INTO members_importedmember (batch_id, member_id, row, is_new, changed, at)
SELECT %(batch)s, m.id, s.row, true, '{}', %(now)s
FROM import_stage s JOIN members_member m ON m.public_id = s.member_uuid
ON CONFLICT DO NOTHING
RETURNING row, member_id
"""
_REST = """
SELECT s.row, i.member_id FROM import_stage s
JOIN members_identity i ON i.entity_id = %(entity)s AND i.kind = 'phone' AND i.digest = s.digest
WHERE i.public_id <> s.identity_uuid
"""


_OWNERS = f"""
INSERT INTO {Ownership._meta.db_table} (member_no, guide_no, store_no, since, reason, actor)
SELECT o.member_no, o.guide_no, o.store_no, %s, 'import', %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) o(member_no, guide_no, store_no)
"""  # noqa: S608 - a name in code


def take_lines(batch: MemberImport, lines: Mapping[bytes, Line]) -> Counter[str]:
    """Make or change a member for each line, by the digest of its phone. A step.

    Repeating changes nothing: a phone that leads to somebody makes nobody.
    """
    by = must_be_in_action()
    now = timezone.now()
    values: dict[str, Any] = {"entity": batch.entity_id, "batch": batch.pk, "now": now}
    by_row = {line.row: line for line in lines.values()}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("DELETE FROM import_stage")
        with cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in _staged(lines, now):
                copy.write_row(row)
        for sql in (_MEMBERS, _IDENTITIES, _LOSERS):
            cursor.execute(sql, values)
        cursor.execute(_NOTED, values)
        made = dict(cursor.fetchall())
        cursor.execute(_REST, values)
        known = dict(cursor.fetchall())
    _own(made, by_row, now, actor=str(by))
    given = {made[row]: line.points for row, line in by_row.items() if row in made and line.points}
    open_accounts(batch, given, now)
    counted = Counter({"new": len(made)})
    counted.update(_update(batch, known, by_row, now))
    _record_consents(batch, {**made, **known}, by_row, now)
    return counted


def _staged(lines: Mapping[bytes, Line], now: datetime) -> Iterator[tuple[Any, ...]]:
    member, identity = Member._meta.label_lower, Identity._meta.label_lower
    for digest, line in lines.items():
        hers, its = new_public_id(), new_public_id()
        yield (
            line.row,
            digest,
            hers,
            its,
            seal(line.name, f"{member}.name|{hers}") if line.name else None,
            seal(line.phone, f"{member}.phone|{hers}"),
            seal(line.phone, f"{identity}.value|{its}"),
            f"{secrets.randbelow(10**12):012d}",
            line.tier or Tier.BASIC.value,
            line.store,
            line.owner,
            moment(line.joined_on, timezone.localtime(now)),
            line.birth_year,
        )


def _own(made: Mapping[int, int], by_row: Mapping[int, Line], now: datetime, *, actor: str) -> None:
    """The ledger's side of who owns whom. Nobody has bought yet, so nothing is credited anew."""
    owned = [
        (member, line.owner, line.store)
        for row, member in made.items()
        if (line := by_row[row]).owner is not None and line.store is not None
    ]
    if not owned:
        return
    numbers, guides, stores = (list(column) for column in zip(*owned, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS, [now, actor, numbers, guides, stores])


def _update(
    batch: MemberImport, known: Mapping[int, int], by_row: Mapping[int, Line], now: datetime
) -> Counter[str]:
    """What the brand may say of members who were there before; with what was so until now."""
    counted: Counter[str] = Counter()
    rows = {member: by_row[row] for row, member in known.items()}
    held = Member.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk")
    noted: list[ImportedMember] = []
    for member in held:
        line = rows[member.pk]
        if member.state != MemberState.ACTIVE or member.restricted_at is not None:
            counted["left"] += 1
            continue
        changed = _changes(member, line)
        if not changed:
            counted["same"] += 1
            continue
        member.save(update_fields=list(changed))
        counted["changed"] += 1
        told = {key: pair for key, pair in changed.items() if key != "name"}
        told |= {"name": ["", "set"]} if "name" in changed else {}
        noted.append(
            ImportedMember(batch=batch, member=member, row=line.row, is_new=False, changed=told)
        )
        if "owner" in changed:
            _own({line.row: member.pk}, by_row, now, actor=str(must_be_in_action()))
    ImportedMember.objects.bulk_create(noted, ignore_conflicts=True)
    return counted


def _changes(member: Member, line: Line) -> dict[str, list[Any]]:
    """The fields that the line changes, each with before and after; set on the member already."""
    changed: dict[str, list[Any]] = {}
    if line.tier and line.tier != member.tier:
        changed["tier"] = [member.tier, line.tier]
        member.tier = line.tier
    if line.owner is not None and member.owner_id is None:
        changed["owner"] = [None, line.owner]
        member.owner_id = line.owner
    if line.birth_year is not None and member.birth_year is None:
        changed["birth_year"] = [None, line.birth_year]
        member.birth_year = line.birth_year
    if line.name and not member.name:
        changed["name"] = ["", line.name]
        member.name = line.name
    return changed


def _record_consents(
    batch: MemberImport, members: Mapping[int, int], by_row: Mapping[int, Line], now: datetime
) -> None:
    """Permissions that the file proves; never over a decision that she made here herself."""
    proven = {row: no for row, no in members.items() if by_row[row].purposes}
    if not proven:
        return
    decided: dict[int, set[str]] = {}
    states = ConsentState.objects.filter(member__in=proven.values())
    for number, purpose in states.values_list("member_id", "purpose"):
        decided.setdefault(number, set()).add(purpose)
    held = Member.objects.select_for_update(of=("self",)).filter(
        pk__in=proven.values(), state=MemberState.ACTIVE, restricted_at=None
    )
    by_number = {member.pk: member for member in held.order_by("pk")}
    for row, number in sorted(proven.items(), key=lambda pair: pair[1]):
        member, line = by_number.get(number), by_row[row]
        if member is None:
            continue
        fresh = [one for one in line.purposes if one not in decided.get(number, set())]
        around = Circumstances(
            method=Method.IMPORT,
            at=moment(line.consent_on, timezone.localtime(now)),
            source=f"import:{batch.pk}",
            proof=Proof(signature=line.proof),
        )
        record_decisions(member, dict.fromkeys(fresh, True), around)
