"""Which opening hours hold on a day, and which PINs are fair."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from stores.org.rules import HoursRow, fault_of_pin, hours_that_hold

SATURDAY = date(2026, 11, 21)


def hours(closes: int | None, **fields: Any) -> HoursRow:
    defaults: dict[str, Any] = {"since": date(2024, 1, 1), "until": None, "weekday": None}
    times = {"opens_at": closes and time(10), "closes_at": closes and time(closes)}
    return HoursRow(**{**defaults, **times, **fields})


EVERY_DAY = hours(22)
SATURDAYS = hours(23, weekday=5)
HOLIDAY = hours(None, since=date(2026, 11, 20), until=date(2026, 11, 22), note="盘点")


def test_a_weekday_wins_over_every_day() -> None:
    assert hours_that_hold([EVERY_DAY, SATURDAYS], SATURDAY) is SATURDAYS
    assert hours_that_hold([SATURDAYS, EVERY_DAY], date(2026, 11, 20)) is EVERY_DAY


def test_a_dated_stretch_wins_over_both_and_may_close_the_shop() -> None:
    found = hours_that_hold([HOLIDAY, SATURDAYS, EVERY_DAY], SATURDAY)
    assert found is HOLIDAY
    assert not found.is_open


def test_a_newer_beginning_replaces_an_older_one() -> None:
    newer = hours(21, since=date(2026, 6, 1))
    assert hours_that_hold([EVERY_DAY, newer], SATURDAY) is newer
    assert hours_that_hold([EVERY_DAY, newer], date(2026, 5, 31)) is EVERY_DAY


def test_nobody_said_is_not_closed() -> None:
    assert hours_that_hold([], SATURDAY) is None
    assert hours_that_hold([EVERY_DAY], date(2023, 12, 31)) is None


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "24681o", "１２３４５６"])
def test_a_pin_has_six_digits(pin: str) -> None:
    assert "6 位" in fault_of_pin(pin)


@pytest.mark.parametrize("pin", ["111111", "123456", "987654"])
def test_a_pin_that_everybody_guesses_is_refused(pin: str) -> None:
    assert "猜到" in fault_of_pin(pin)


def test_a_fair_pin_has_no_fault() -> None:
    assert fault_of_pin("246810") == ""
