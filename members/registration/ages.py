"""How old somebody is by law, to the day, from what little is asked of her. Pure.

A year of life is complete on the day after the birthday (最高人民法院: 周岁自生日的第二天起算).
Whoever was born on 29 February has her birthday on the last day of February in other years.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum

# Below this age only a guardian can agree (PIPL 31).
GUARDIAN_UNDER = 14
OLDEST = 120


class Age(StrEnum):
    """What can be said about 14 years."""

    OLD_ENOUGH = "old enough"
    TOO_YOUNG = "too young"
    UNSURE = "unsure"


def birthday_in(year: int, born: date) -> date:
    """Her birthday in a year."""
    last = monthrange(year, born.month)[1]
    return date(year, born.month, min(born.day, last))


def is_under(years: int, born: date, today: date) -> bool:
    """Whether she has not completed so many years of life on this day of her place."""
    return today <= birthday_in(born.year + years, born)


def age_by_year(birth_year: int, today: date) -> Age:
    """What the year alone says: only in the year of her 14th birthday it says nothing."""
    turned = today.year - birth_year
    if turned > GUARDIAN_UNDER:
        # Born on 31 December she completes 14 years on 1 January, and no later.
        return Age.OLD_ENOUGH
    return Age.TOO_YOUNG if turned < GUARDIAN_UNDER else Age.UNSURE


def read_year(text: str, today: date) -> int | None:
    """A year in which somebody alive was born; None for anything else."""
    text = text.strip()
    if len(text) != 4 or not text.isascii() or not text.isdigit():
        return None
    year = int(text)
    return year if today.year - OLDEST <= year <= today.year else None


def read_day(year: int, month: str, day: str) -> date | None:
    """The day she names within her year; None for what is no day."""
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None
