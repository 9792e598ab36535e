# ruff: noqa: N999 - named after the measure
"""Bringing members in from a file, against COPY of the same rows with the same sealing and indexes.

The product's path: read the file, try it, take it in, in portions. The limit: the same values, as
they stand, sealed and put under their blind index, copied into tables with the same indexes, with
the note of what was done, in one go.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench._ground import fresh_database, median, peak_megabytes, seconds
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from kit.fields import new_public_id, seal
from members.identity.models import Identity, IdentityKind, Member
from members.identity.queries import digest_of
from members.imports import actions
from members.imports.models import MemberImport
from members.imports.working import carry_on
from stores.org.models import LegalEntity, Store

BENCH = Actor.system("bench")
# COPY writes into no table under row-level security: the same columns, indexes, references and
# note for audiences, without the guard.
TABLES = (
    "".join(
        f"CREATE TABLE {bare} (LIKE {real} INCLUDING ALL); GRANT ALL ON {bare} TO app;"
        for bare, real in (
            ("bench_member", "members_member"),
            ("bench_identity", "members_identity"),
            ("bench_noted", "members_importedmember"),
        )
    )
    + """
ALTER TABLE bench_member
  ADD FOREIGN KEY (entity_id) REFERENCES stores_legalentity DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (home_store_id) REFERENCES stores_store DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (owner_id) REFERENCES stores_guide DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE bench_identity
  ADD FOREIGN KEY (entity_id) REFERENCES stores_legalentity DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (member_id) REFERENCES bench_member DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE bench_noted
  ADD FOREIGN KEY (batch_id) REFERENCES members_memberimport DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (member_id) REFERENCES bench_member DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER bench_member_noted AFTER INSERT ON bench_member REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION
  note_for_audiences('member', 'c.id', 'NULL::timestamptz', 'WHERE true');
"""
)
ROWS = {"small": 10_000, "full": 1_000_000}
ROUNDS = {"small": 5, "full": 1}
# Beside the million of `full`, that memory does not grow with the file.
_PHONES = 13_000_000_000


def run(scale: str) -> dict[str, Any]:
    """Alternate both sides on fresh numbers. Wrong when a member is missing or doubled."""
    rows, rounds = ROWS[scale], ROUNDS[scale]
    with fresh_database() as ground, tempfile.TemporaryDirectory(prefix="house-bench-") as folder:
        call_command("grow", stores=20, guides=40, members=0, verbosity=0)
        set_session_scope(EVERYTHING)
        ground.as_owner(TABLES)
        entity = LegalEntity.objects.get(name="Grown Ltd")
        ours: list[float] = []
        limits: list[float] = []
        trials: list[float] = []
        correct = True
        memory = more = peak_megabytes()
        for turn in range(rounds):
            first = _PHONES + 2 * turn * rows
            batch, read_s = _brought(Path(folder), first, rows, entity)
            trials.append(read_s)
            before = Member.objects.count()
            actions.start(batch.pk, by=BENCH)
            ours.append(seconds(partial(carry_on, batch.pk)))
            correct = correct and Member.objects.count() - before == rows
            # Before the limit has held all of its rows at once.
            more = more if turn else peak_megabytes()
            limits.append(seconds(partial(_bare, first + rows, rows, entity, by=BENCH)))
        return {
            "rows": rows,
            "read_and_try_s": median(trials),
            "import_s": median(ours),
            "rows_a_second": rows / median(ours),
            "bare_s": median(limits),
            "ratio": median(ours) / median(limits),
            "goal": "≤ 1.5",
            "more_memory_mb": more - memory,
            "correct": correct,
        }


def _brought(
    folder: Path, first: int, rows: int, entity: LegalEntity
) -> tuple[MemberImport, float]:
    """A file up to the end of its trial, and how long that took."""
    path = folder / f"{first}.csv"
    with path.open("w", encoding="utf-8") as opened:
        opened.write("手机号,姓名,会员等级,门店,入会日期\n")
        for number in range(rows):
            opened.write(f"{first + number},会员{number},金卡,X{1 + number % 20},2025-03-01\n")
    found: list[MemberImport] = []

    def work() -> None:
        with path.open("rb") as opened:
            batch = actions.bring(opened, name=path.name, entity=entity, account=None, by=BENCH)
        carry_on(batch.pk)
        batch.refresh_from_db()
        actions.map_columns(batch.pk, mapping=batch.mapping, store_code="", by=BENCH)
        carry_on(batch.pk)
        found.append(batch)

    took = seconds(work)
    path.unlink()
    return found[0], took


@action
def _bare(first: int, rows: int, entity: LegalEntity, *, by: Actor) -> None:
    """Members, identities and the notes by COPY: no file, no rule, nobody looked for."""
    stores = list(Store.objects.filter(entity=entity).values_list("pk", flat=True))
    now = timezone.now()
    with connection.cursor() as cursor:
        begun = first
        batch = MemberImport.objects.create(entity=entity, file_name="bare", kind="csv")
        sealed = [_sealed(first + number, entity) for number in range(rows)]
        _copy(
            cursor,
            "bench_member (id, public_id, entity_id, state, name, phone, tier, home_store_id,"
            " card_no, joined_at, version)",
            "int8 uuid int8 text bytea bytea text int8 text timestamptz int4",
            (
                (begun + n, one[0], entity.pk, "active", one[1], one[2], "gold",
                 stores[n % len(stores)], one[5], now, 0)
                for n, one in enumerate(sealed)
            ),
        )  # fmt: skip
        _copy(
            cursor,
            "bench_identity (id, public_id, entity_id, member_id, kind, value, digest, created_at)",
            "int8 uuid int8 int8 text bytea bytea timestamptz",
            (
                (begun + n, new_public_id(), entity.pk, begun + n, "phone", one[3], one[4], now)
                for n, one in enumerate(sealed)
            ),
        )
        _copy(
            cursor,
            "bench_noted (id, batch_id, member_id, row, is_new, changed, at)",
            "int8 int8 int8 int8 bool jsonb timestamptz",
            ((begun + n, batch.pk, begun + n, n, True, "{}", now) for n in range(rows)),
        )


def _sealed(phone: int, entity: LegalEntity) -> tuple[Any, ...]:
    hers, said = new_public_id(), f"+86{phone}"
    member, identity = Member._meta.label_lower, Identity._meta.label_lower
    return (
        hers,
        seal(f"会员{phone}", f"{member}.name|{hers}"),
        seal(said, f"{member}.phone|{hers}"),
        seal(said, f"{identity}.value|{hers}"),
        digest_of(IdentityKind.PHONE, said, entity),
        f"{secrets.randbelow(10**12):012d}",
    )


def _copy(cursor: Any, into: str, types: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types.split())
        for row in rows:
            copy.write_row(row)
