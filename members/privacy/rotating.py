"""Sealing again under the newest key, table by table; can be stopped at any row and goes on there.

Each batch is a transaction that holds its rows, so a writer in the same moment waits and is not
written over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import connection

from kit.actions import action
from kit.actor import Actor
from kit.fields import SealedTextField, seal, unseal
from members.privacy.retaining import own_models

BATCH: Final = 500


def sealed_fields() -> Iterator[SealedTextField]:
    """Every sealed column of the house."""
    for model, _ in own_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedTextField):
                yield field


def newest_key() -> str:
    """The id of the key that seals now."""
    return settings.FIELD_KEYS.split(",")[0].split(":")[0]


def _where(field: SealedTextField) -> str:
    """SQL of the rows that are sealed under an older key: its id stands in the bytes 2 and 3."""
    column = field.column
    return f"{column} IS NOT NULL AND substring({column} from 2 for 2) <> %s::bytea"


def left_over(field: SealedTextField) -> int:
    """How many values of a column are sealed under an older key."""
    table = field.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} WHERE {_where(field)}",  # noqa: S608 - names in code
            [newest_key().encode()],
        )
        return int(cursor.fetchone()[0])


@action
def seal_again(field: SealedTextField, *, limit: int = BATCH, by: Actor) -> int:
    """Seal the next rows of a column under the newest key; how many were looked at.

    Refuses to guess: a value that does not open raises DecryptError and ends the rotation there.
    """
    model = field.model
    table, column = model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, public_id, {column} FROM {table} WHERE {_where(field)}"  # noqa: S608
            " ORDER BY id LIMIT %s FOR UPDATE",
            [newest_key().encode(), limit],
        )
        rows = cursor.fetchall()
        for key, public_id, before in rows:
            place = f"{model._meta.label_lower}.{field.name}|{public_id}"
            after = seal(unseal(bytes(before), place), place)
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE id = %s",  # noqa: S608
                [after, key],
            )
    return len(rows)


def rotate(*, by: Actor, batch: int = BATCH) -> dict[str, int]:
    """Seal everything under the newest key; how many values of each column were."""
    done: dict[str, int] = {}
    for field in sealed_fields():
        name = f"{field.model._meta.label}.{field.name}"
        while count := seal_again(field, limit=batch, by=by):
            done[name] = done.get(name, 0) + count
    return done
