"""Reads about places and people that other rooms need in one word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from stores.org.models import OpeningHours, Store
from stores.org.rules import HoursRow, hours_that_hold


def hours_on(store: Store, day: date) -> HoursRow | None:
    """The hours that hold in a store on a day; None when nobody entered any."""
    return hours_that_hold(hours_of([store]).get(store.pk, []), day)


def hours_of(stores: Iterable[Store]) -> dict[int, list[HoursRow]]:
    """All entries of several stores in one query, for those who judge many days."""
    found: dict[int, list[HoursRow]] = {}
    rows = OpeningHours.objects.filter(store__in=[store.pk for store in stores])
    for row in rows:
        found.setdefault(row.store_id, []).append(
            HoursRow(
                since=row.since,
                until=row.until,
                weekday=row.weekday,
                opens_at=row.opens_at,
                closes_at=row.closes_at,
                note=row.note,
                updated_at=row.updated_at,
            )
        )
    return found


def shop_day(store: Store, at: datetime) -> date:
    """The calendar day of the store's own clock."""
    return at.astimezone(ZoneInfo(store.time_zone)).date()


class OpenHours:
    """Whether stores were open at moments: two queries for any number of questions."""

    def __init__(self, store_nos: Iterable[int]) -> None:
        self._stores = Store.objects.in_bulk(set(store_nos))
        self._rows = hours_of(self._stores.values())

    def was_open(self, store_no: int, at: datetime) -> bool | None:
        """None when nobody entered hours for that day. A night's hours end the next morning."""
        store = self._stores.get(store_no)
        rows = self._rows.get(store_no, [])
        if store is None:
            return None
        here = at.astimezone(ZoneInfo(store.time_zone)).replace(tzinfo=None)
        today = here.date()
        yesterday = today - timedelta(days=1)
        if (row := hours_that_hold(rows, yesterday)) is not None and row.holds_at(here, yesterday):
            return True
        row = hours_that_hold(rows, today)
        return None if row is None else row.holds_at(here, today)


def is_open(store: Store, at: datetime) -> bool | None:
    """Is the store open at this moment by its own clock; None when nobody entered hours."""
    return OpenHours([store.pk]).was_open(store.pk, at)
