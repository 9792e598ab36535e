"""Partitions of the access log: opened before they are needed, dropped after three years."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection

AHEAD: Final = 4
KEEP: Final = "1095 days"


def open_months_from(day: date) -> int:
    """Make the tables of this month and the next ones; how many. Repeats change nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT look_months(%s, %s)", [day, AHEAD])
        (made,) = cursor.fetchone()
    return int(made)


def end_months(keep: str = KEEP) -> int:
    """Drop whole months that are over; how many. PostgreSQL refuses less than 180 days."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT drop_look_months(%s::interval)", [keep])
        (gone,) = cursor.fetchone()
    return int(gone)
