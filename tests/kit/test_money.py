"""Money is split to the cent and shown as people write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import shown, split

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(lambda w: sum(w) > 0)


@given(st.integers(-(10**12), 10**12), weights)
def test_parts_sum_exactly_and_a_refund_mirrors_its_sale(minor: int, parts: list[int]) -> None:
    split_up = split(minor, parts)
    assert sum(split_up) == minor
    assert split(-minor, parts) == [-part for part in split_up]
    assert all(part == 0 for part, weight in zip(split_up, parts, strict=True) if weight == 0)


@given(st.integers(0, 10**9), weights)
def test_no_part_is_a_cent_away_from_fair(minor: int, parts: list[int]) -> None:
    fair = [minor * weight / sum(parts) for weight in parts]
    assert all(abs(a - b) < 1 for a, b in zip(split(minor, parts), fair, strict=True))


def test_amounts_without_weight_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        split(100, [0, 0])


@pytest.mark.parametrize(
    ("minor", "text"),
    [(123456, "¥1,234.56"), (100, "¥1"), (-1990, "-¥19.90"), (0, "¥0"), (5, "¥0.05")],
)
def test_amounts_read_as_people_write_them(minor: int, text: str) -> None:
    assert shown(minor) == text
