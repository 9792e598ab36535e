"""Columns of whole numbers out of PostgreSQL, as numpy reads them: millions of rows, no objects.

Every column is cast to bigint and must not be NULL, so each row of the binary COPY has one length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from members.audience.facts import Text

# The signature, flags and extension of a binary COPY; two bytes end it.
_HEAD, _END = 19, 2
Columns = dict[str, NDArray[np.int64]]


@contextmanager
def one_snapshot() -> Iterator[str]:
    """Everything read inside is of one moment, and of all members; yields PostgreSQL's snapshot.

    The transaction writes nothing and ends with a rollback. Inside another one (a test's) the
    moment is as wide as that one's statements.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL scope.everything = 'on'")
            # Estimates are of little use below row security: everything here is set against set.
            cursor.execute("SET LOCAL work_mem = '64MB'")
            cursor.execute("SELECT pg_current_snapshot()::text")
            snapshot: str = cursor.fetchone()[0]
        yield snapshot
        transaction.set_rollback(True)


def read(text: Text, names: Sequence[str]) -> Columns:
    """The columns named, in the order of the query's rows."""
    chosen = ", ".join(f"{name}::bigint" for name in names)
    query = f"COPY (SELECT {chosen} FROM ({text.sql}) t) TO STDOUT (FORMAT BINARY)"  # noqa: S608
    # The driver's own cursor: Django's, when it notes statements, takes no parameters here.
    with connection.cursor() as cursor, cursor.cursor.copy(query, text.params) as copy:
        body = b"".join(copy)
    row = np.dtype([("count", ">i2"), *_fields(names)])
    table = np.frombuffer(
        body, dtype=row, offset=_HEAD, count=(len(body) - _HEAD - _END) // row.itemsize
    )
    return {name: table[name].astype(np.int64) for name in names}


def _fields(names: Sequence[str]) -> list[tuple[str, str]]:
    return [part for name in names for part in ((f"{name} length", ">i4"), (name, ">i8"))]


def ids_in(queryset: Any) -> NDArray[np.int64]:
    """The keys of a queryset's rows."""
    sql, params = queryset.order_by().values("pk").query.sql_with_params()
    return read(Text(f"SELECT t.* FROM ({sql}) AS t(pk)", tuple(params)), ["pk"])["pk"]  # noqa: S608
