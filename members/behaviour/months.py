"""Partitions of behaviour: a month's table stands before its first event arrives."""

from __future__ import annotations

from datetime import date

from django.db import connection

AHEAD = 4


def open_months_from(day: date) -> int:
    """Make the tables of this month and the next ones; how many. Repeats change nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT behaviour_months(%s, %s)", [day, AHEAD])
        (made,) = cursor.fetchone()
    return int(made)
