"""Periods, ranks with ties and a fair base, and which side of the value area moved."""

from __future__ import annotations

from datetime import date

import pytest

from stores.figures.rules import (
    PER_DAY,
    PER_HOUR,
    Area,
    Period,
    Runner,
    moved,
    percent,
    ranked,
    read_day,
    read_period,
)

TODAY = date(2026, 11, 22)


def test_periods_are_read_and_bounded() -> None:
    assert read_period("7", "", "", TODAY) == Period(date(2026, 11, 16), TODAY)
    assert read_period("nonsense", "2026-11-31", "x", TODAY).days == 30
    assert read_period("month", "", "", TODAY) == Period(date(2026, 11, 1), TODAY)
    last = read_period("last", "", "", TODAY)
    assert (last.first, last.last) == (date(2026, 10, 1), date(2026, 10, 31))
    assert read_period("", "2010-01-01", "2026-11-22", TODAY).days == 731
    assert last.before == Period(date(2026, 8, 31), date(2026, 9, 30))


def test_equal_values_share_a_rank_and_the_next_one_counts_them() -> None:
    hour = 3600
    base, places = ranked(
        [
            Runner(1, 60_000, 6 * hour, 9),
            Runner(2, 10_000, 1 * hour, 1),
            Runner(3, 90_000, 3 * hour, 9),
            Runner(4, 5_000, 1 * hour, 1),
        ]
    )
    assert base == PER_HOUR
    assert [(p.rank, p.runner.number, p.per_base) for p in places] == [
        (1, 3, 30_000),
        (2, 1, 10_000),
        (2, 2, 10_000),
        (4, 4, 5_000),
    ]


def test_without_a_seller_s_shifts_everybody_is_measured_by_days() -> None:
    base, places = ranked([Runner(1, 100, 3600, 1), Runner(2, 300, 0, 2), Runner(3, 0, 0, 0)])
    assert base == PER_DAY
    assert [(p.rank, p.runner.number) for p in places] == [(1, 2), (2, 1), (3, 3)]


def test_the_side_that_moved_most_comes_first() -> None:
    before, after = Area(100, 1, 50_000), Area(110, 1, 110_000)
    factors = moved(before, after)
    assert [name for name, _ in factors] == ["value", "members", "months"]
    product = 1.0
    for _, factor in factors:
        product *= factor
    assert round(product, 9) == 110_000 / 50_000
    assert moved(Area(0, 1, 0), after) == []


def test_shares_that_refunds_made_nonsense_of_are_unknown() -> None:
    assert percent(30, 120) == 25
    assert percent(5, 0) is None
    assert percent(130, 100) is None
    assert percent(-1, 100) is None


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31", "2026-02-30", "x"])
def test_a_day_of_no_shops_lifetime_is_none(day: str) -> None:
    """The days before and after it would be none at all."""
    with pytest.raises(ValueError, match=r".+"):
        read_day(day)
    assert read_period("", day, day, date(2026, 11, 22)).last == date(2026, 11, 22)
