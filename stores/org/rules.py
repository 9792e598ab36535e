"""Pure decisions about places and people: which hours hold on a day, what makes a fair PIN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

PIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class HoursRow:
    """One entry of a store's hours: for a weekday or for each day, within its dates."""

    since: date
    until: date | None
    weekday: int | None
    opens_at: time | None
    closes_at: time | None
    note: str = ""
    updated_at: datetime | None = None

    def covers(self, day: date) -> bool:
        in_time = self.since <= day and (self.until is None or day <= self.until)
        return in_time and (self.weekday is None or self.weekday == day.weekday())

    @property
    def is_open(self) -> bool:
        return self.opens_at is not None and self.closes_at is not None

    def holds_at(self, here: datetime, day: date) -> bool:
        """Is it open at a moment of the store's own clock, by the hours of `day`?

        Hours that close before they open last into the next morning. Closing time is closed.
        """
        if self.opens_at is None or self.closes_at is None:
            return False
        begins = datetime.combine(day, self.opens_at)
        ends = datetime.combine(day, self.closes_at)
        if ends <= begins:
            ends += timedelta(days=1)
        return begins <= here < ends


def hours_that_hold(rows: Iterable[HoursRow], day: date) -> HoursRow | None:
    """The entry that holds on a day: dated for a while before weekday before every day.

    Among equals the newest beginning wins. None means nobody said.
    """

    def rank(row: HoursRow) -> tuple[bool, bool, date]:
        return row.until is not None, row.weekday is not None, row.since

    return max((row for row in rows if row.covers(day)), key=rank, default=None)


def fault_of_pin(pin: str) -> str:
    """Why a PIN is refused, in words for a guide; empty when it is fair."""
    if len(pin) != PIN_DIGITS or not pin.isascii() or not pin.isdigit():
        return f"PIN 是 {PIN_DIGITS} 位数字"
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        return "别用连号或同一个数字，太容易被猜到"
    return ""


MESSAGE_LIMIT = 200
_MESSAGES = {
    "left": "您好，您的专属导购{导购}已离开{门店}，接下来由{继任者}为您服务，有需要随时联系。",
    "moved": "您好，您的专属导购{导购}已调到别的门店，接下来由{门店}的{继任者}为您服务，"
    "有需要随时联系。",
    "leave": "",
}


def usual_message(reason: str) -> str:
    """What customers are told, unless somebody writes better words."""
    return _MESSAGES[reason]


def filled_message(template: str, *, guide: str, successor: str, store: str) -> str:
    """The words for one successor's customers; unknown brackets stay as they were written."""
    names = {"{导购}": guide, "{继任者}": successor, "{门店}": store}
    for bracket, name in names.items():
        template = template.replace(bracket, name)
    return template
