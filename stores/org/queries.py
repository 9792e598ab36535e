"""Reads about places and people that other rooms need in one word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
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
