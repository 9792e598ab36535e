"""The database's own clock: what decides whether a card's code or an invitation still holds.

Web processes and iPads may be minutes off; they ask here and decide nothing by themselves.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """This very moment, also late in a long transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    found: datetime = now
    return found
