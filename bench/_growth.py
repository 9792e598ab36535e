"""Millions of rows in minutes: tables that a new brand's rows go into are bare while they grow.

Secondary indexes, foreign keys' checks and the notes that triggers write are for rows that come one
by one. Here they are taken off, the same `manage.py grow` runs, and the indexes are built again
from the whole table; what the triggers would have noted is counted anew by whoever measures it.
What was taken off stands in a table of its own: the next growth puts right one that died.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from django.core.management import call_command
from django.db import connection

from bench._ground import Ground, lead_to
from kit.actions import set_session_scope
from kit.actor import EVERYTHING
from members.identity.models import Member
from stores.ledger.models import PurchaseLine, Touch

OF_MEMBERS: Final = (
    "members_member", "members_identity", "stores_ownership", "members_contact",
    "members_friendship", "members_consentevent", "members_consentstate",
)  # fmt: skip
OF_FACTS: Final = ("stores_touch", "stores_purchaseline", "stores_receiptkey")
# The superuser meets neither row-level security nor, as a replica does not, any trigger.
_UNGUARDED: Final = "-c%20session_replication_role=replica"
_TAKEN: Final = (
    "CREATE TABLE IF NOT EXISTS bench_taken (id bigserial PRIMARY KEY, said text NOT NULL)"
)
# Of a partitioned table PostgreSQL tells the index alone (ON ONLY): those of its months are meant.
_WHOLE: Final = "replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')"
_SECONDARY: Final = f"""
SELECT i.indexrelid::regclass::text, c.conname, i.indrelid::regclass::text,
  coalesce('ALTER TABLE ' || i.indrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(c.conname)
           || ' ' || pg_get_constraintdef(c.oid),
           {_WHOLE})
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('u', 'x')
WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary
  AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f')
"""  # noqa: S608 - our own text
# What stands for no month, or was broken off while it was built.
_INVALID: Final = (
    f"SELECT i.indexrelid::regclass::text, {_WHOLE} FROM pg_index i WHERE NOT i.indisvalid"  # noqa: S608
)


def grow(
    ground: Ground, scale: str, *, members: int, touches: int = 0, purchases: int = 0, **sizes: int
) -> None:
    """What is missing to so many members, touches and purchases; at full scale by bare tables."""
    _mend(ground)
    set_session_scope(EVERYTHING)
    sizes["members"] = members
    facts = {
        "touches": max(touches - Touch.objects.count(), 0),
        "purchases": max(purchases - PurchaseLine.objects.count(), 0) and purchases,
    }
    if scale != "full":
        _grow(**sizes, **facts)
    else:
        _grow_bare(ground, sizes, facts, is_peopled=Member.objects.count() >= members)
    set_session_scope(EVERYTHING)


def _grow_bare(
    ground: Ground, sizes: dict[str, int], facts: dict[str, int], *, is_peopled: bool
) -> None:
    lead_to(f"{ground.superuser_url}?options={_UNGUARDED}")
    sizes["processes"] = os.cpu_count() or 1
    try:
        if not is_peopled:
            with _bare(ground, OF_MEMBERS):
                _grow(**sizes)
        if any(facts.values()):
            with _bare(ground, OF_FACTS):
                _grow(**sizes, **facts)
    finally:
        lead_to(ground.app_url)


def _mend(ground: Ground) -> None:
    """Build indexes again that a growth left without their months: a kept base is as a true one."""
    with psycopg.connect(ground.owner_url, autocommit=True) as owner:
        for index, said in owner.execute(_INVALID).fetchall():
            with owner.transaction():
                owner.execute(f"DROP INDEX {index}")
                owner.execute(said)


def _grow(**options: int) -> None:
    call_command("grow", verbosity=0, **options)
    connection.close()


@contextmanager
def _bare(ground: Ground, tables: Sequence[str]) -> Iterator[None]:
    with psycopg.connect(ground.owner_url, autocommit=True) as owner:
        owner.execute(_TAKEN)
        _put_back(owner)
        for index, constraint, table, said in owner.execute(_SECONDARY, [list(tables)]).fetchall():
            drop = (
                f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"'
                if constraint
                else f"DROP INDEX {index}"
            )
            with owner.transaction():
                owner.execute("INSERT INTO bench_taken (said) VALUES (%s)", [said])
                owner.execute(drop)
        yield
        _put_back(owner)


def _put_back(owner: psycopg.Connection) -> None:
    for key, said in owner.execute("SELECT id, said FROM bench_taken ORDER BY id").fetchall():
        with owner.transaction():
            owner.execute(said)
            owner.execute("DELETE FROM bench_taken WHERE id = %s", [key])
