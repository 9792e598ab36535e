"""Partitions of the ledger: a month's tables stand before its first fact arrives."""

from __future__ import annotations

from datetime import date

from django.db import connection

AHEAD = 4


def open_months_from(day: date) -> int:
    """Make the tables of this month and the next ones; how many were made. Repeats change nothing.

    Late, facts would land in the default partition, and its month could no longer be split off.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_months(%s, %s)", [day, AHEAD])
        (made,) = cursor.fetchone()
    return int(made)
