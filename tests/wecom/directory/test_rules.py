"""What is due, whose turn it is, how long a troubled sweep rests."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from wecom.directory.rules import (
    HOURLY,
    NIGHTLY,
    NIGHTS,
    Rhythm,
    due,
    is_plausible_loss,
    is_turn_of,
    last_night,
    pause_after,
)

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
BOTH = Rhythm(HOURLY, NIGHTLY)


def test_what_was_never_swept_is_swept_now() -> None:
    assert due(BOTH, NOON, full_at=None, any_at=None) is True


def test_a_night_that_was_slept_through_is_made_up_once() -> None:
    yesterday = NOON - timedelta(days=1)
    assert due(BOTH, NOON, full_at=yesterday, any_at=NOON) is True
    assert due(BOTH, NOON, full_at=NOON - timedelta(hours=2), any_at=NOON) is None


def test_between_nights_only_news_is_looked_at_each_hour() -> None:
    tonight = last_night(NOON)
    assert due(BOTH, NOON, full_at=tonight, any_at=NOON - timedelta(hours=1)) is False
    assert due(BOTH, NOON, full_at=tonight, any_at=NOON - timedelta(minutes=59)) is None
    assert due(Rhythm(None, HOURLY), NOON, full_at=NOON - HOURLY, any_at=NOON) is None
    late = NOON + timedelta(seconds=1)
    assert due(Rhythm(None, HOURLY), late, full_at=NOON - HOURLY, any_at=NOON) is True


def test_the_night_begins_at_three() -> None:
    three = NOON.replace(hour=3)
    assert last_night(three) == three
    assert last_night(three - timedelta(seconds=1)) == three - timedelta(days=1)


def test_every_guide_has_her_turn_within_a_week_and_nights_are_even() -> None:
    nights = [date(2026, 3, 1) + timedelta(days=n) for n in range(NIGHTS)]
    turns = Counter(night for i in range(700) for night in nights if is_turn_of(f"guide{i}", night))
    assert sum(turns.values()) == 700
    assert max(turns.values()) < 150


@pytest.mark.parametrize(
    ("troubles", "again_in", "is_limit", "seconds"),
    [
        (0, 17.5, True, 17.5),
        (0, None, True, 60.0),
        (1, None, False, 4.0),
        (30, None, False, 600.0),
        (0, 0.0, False, 1.0),
    ],
)
def test_a_troubled_sweep_rests(
    troubles: int, again_in: float | None, is_limit: bool, seconds: float
) -> None:
    assert pause_after(troubles, again_in=again_in, is_limit=is_limit) == seconds


@pytest.mark.parametrize(
    ("gone", "known", "plausible"),
    [(10, 10, True), (11, 54, False), (11, 55, True), (400, 1000, False)],
)
def test_many_do_not_leave_at_once(gone: int, known: int, plausible: bool) -> None:
    assert is_plausible_loss(gone, known) is plausible
