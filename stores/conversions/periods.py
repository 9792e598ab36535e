"""Shop weeks, pure: from Monday to Monday on a store's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Week:
    """One week by its Monday, on the clock of a zone."""

    monday: date
    zone: tzinfo

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Week:
        """The week in which a moment falls."""
        day = at.astimezone(zone).date()
        return cls(day - timedelta(days=day.weekday()), zone)

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.monday, time(), self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment that no longer belongs to it."""
        return self.back(-1).begins

    @property
    def last_day(self) -> date:
        return self.monday + timedelta(days=6)

    def back(self, weeks: int) -> Week:
        """So many weeks earlier; later with a negative number."""
        return Week(self.monday - timedelta(weeks=weeks), self.zone)

    def before(self, count: int) -> list[Week]:
        """The weeks before this one, oldest first."""
        return [self.back(n) for n in range(count, 0, -1)]


def read_week(text: str, now: datetime, zone: tzinfo, *, most_back: int = 104) -> Week:
    """The week of a day written as 2026-11-16; this week for what is unreadable or out of reach."""
    this = Week.of(now, zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return this
    asked = Week(day - timedelta(days=day.weekday()), zone)
    return asked if this.back(most_back).monday <= asked.monday <= this.monday else this
