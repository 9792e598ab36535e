"""After a test that committed, every table is emptied that holds something, and no other.

Django empties all two hundred, each with its indexes, and writes its permissions anew: a second a
test. Which tables were written is seen by their size on disk, which no row scope hides.
"""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.test import TransactionTestCase

# Written by `migrate` alone; nothing else refers to a row of theirs once the rest is empty.
_KEPT: Final = ["django_migrations", "django_content_type", "auth_permission"]
_HOLDING: Final = """
    SELECT DISTINCT COALESCE(pg_partition_root(c.oid), c.oid)::regclass::text
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND pg_relation_size(c.oid) > 0 AND c.relname <> ALL(%s)
"""


def empty_tables() -> None:
    """Empty what holds rows, and what refers to it; a repetition finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDING, [_KEPT])
        holding = ", ".join(table for (table,) in cursor.fetchall())
        if holding:
            cursor.execute(f"TRUNCATE {holding} CASCADE")


def empty_after_committing_tests() -> None:
    """Take this instead of Django's `flush` from now on."""

    def fixture_teardown(_: TransactionTestCase) -> None:
        empty_tables()

    TransactionTestCase._fixture_teardown = fixture_teardown  # type: ignore[attr-defined]
