"""Quiet hours, growing pauses, arrays that lose somebody: decisions on plain values."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from groups.pushes.rules import Quiet, due_and_expiry, pause_before_look, text_with_link, without

SHOP = ZoneInfo("Asia/Shanghai")
NIGHT = Quiet.read("21:00-09:00")


def at(hour: int, minute: int = 0, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHOP)


def test_quiet_hours_run_over_midnight() -> None:
    assert [NIGHT.covers(time(h)) for h in (21, 23, 0, 8, 9, 12, 20)] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    assert not Quiet.read("").covers(time(3))
    assert Quiet.read("12:00-13:00").covers(time(12))


def test_the_next_allowed_moment() -> None:
    assert NIGHT.next_allowed(at(12)) == at(12)
    assert NIGHT.next_allowed(at(22)) == at(9, day=22)
    assert NIGHT.next_allowed(at(3)) == at(9)


@pytest.mark.parametrize(
    ("wanted", "until", "window"),
    [
        (at(12), at(12, day=23), (at(12), at(21))),
        (at(22), at(12, day=23), (at(9, day=22), at(21, day=22))),
        (at(12), at(15), (at(12), at(15))),
        (at(22), at(23), None),
    ],
)
def test_a_task_stands_between_quiet_hours(
    wanted: datetime, until: datetime, window: tuple[datetime, datetime] | None
) -> None:
    assert due_and_expiry(wanted=wanted, until=until, quiet=NIGHT) == window


def test_without_quiet_hours_a_task_stands_until_its_end() -> None:
    assert due_and_expiry(wanted=at(23), until=at(12, day=23), quiet=Quiet.read("")) == (
        at(23), at(12, day=23),
    )  # fmt: skip


def test_pauses_grow_up_to_ten_minutes() -> None:
    pauses = [pause_before_look(n) for n in range(40)]
    assert pauses[0] == timedelta(seconds=4)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=10)


def test_arrays_stay_aligned_without_somebody() -> None:
    assert without([1, 2, 3], ["a", "b", "c"], {"b"}) == ([1, 3], ["a", "c"])
    assert without([], ["g1", "g2"], {"g1"}) == ([], ["g2"])


def test_the_link_stands_on_a_line_of_its_own() -> None:
    assert text_with_link("新品到店。 ", "https://x/s/1") == "新品到店。\nhttps://x/s/1"
    assert text_with_link("新品到店。", "") == "新品到店。"
