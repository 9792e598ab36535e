"""Decisions about figures on plain values: periods, ranks with a fair base, which factor moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import log

LONGEST = 731
PRESETS = {"7": "近 7 天", "30": "近 30 天", "90": "近 90 天", "month": "本月", "last": "上月"}
PER_HOUR, PER_DAY = "hour", "day"


@dataclass(frozen=True, slots=True)
class Period:
    """Shop days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, right before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def each_day(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.days)]


def read_day(text: str) -> date:
    """A day as 2026-11-16. ValueError for another text, and for a day of no shop's lifetime: the
    weeks and years beside it have to be days as well.
    """
    day = date.fromisoformat(text)
    if not 2000 <= day.year <= 2100:
        raise ValueError(text)
    return day


def read_period(preset: str, since: str, until: str, today: date) -> Period:
    """What was asked for; the last 30 days for what cannot be read, never beyond two years."""
    try:
        asked = Period(read_day(since), read_day(until))
        if asked.first <= asked.last:
            shortest = max(asked.first, asked.last - timedelta(days=LONGEST - 1))
            return Period(shortest, asked.last)
    except ValueError:
        pass
    month = today.replace(day=1)
    if preset == "month":
        return Period(month, today)
    if preset == "last":
        return Period((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1))
    return Period(today - timedelta(days=int(preset if preset in ("7", "90") else "30") - 1), today)


@dataclass(frozen=True, slots=True)
class Runner:
    """Who takes part in a ranking: her sales, and what she had to make them in."""

    number: int
    sales: int
    seconds: int
    days: int


@dataclass(frozen=True, slots=True)
class Place:
    """A rank and what it rests on: minor units per shift hour, or per day."""

    rank: int
    runner: Runner
    value: Fraction

    @property
    def per_base(self) -> int:
        """As money, in whole minor units; the rank itself goes by the exact value."""
        return round(self.value)


def ranked(runners: Sequence[Runner]) -> tuple[str, list[Place]]:
    """By sales per shift hour; per day worked for all when one who sold has no shifts.

    Equal values share a rank, and the next rank counts them all: 1, 2, 2, 4. Who has no base at all
    stands last with nothing.
    """
    base = PER_HOUR if runners and all(r.seconds or not r.sales for r in runners) else PER_DAY
    values = sorted(((_value(runner, base), runner) for runner in runners), key=_best_first)
    places: list[Place] = []
    for position, (value, runner) in enumerate(values, start=1):
        tied = places and places[-1].value == value
        places.append(Place(places[-1].rank if tied else position, runner, value))
    return base, places


def _value(runner: Runner, base: str) -> Fraction:
    of = Fraction(runner.seconds, 3600) if base == PER_HOUR else Fraction(runner.days)
    return Fraction(runner.sales) / of if of else Fraction(0)


def _best_first(one: tuple[Fraction, Runner]) -> tuple[Fraction, int]:
    value, runner = one
    return -value, runner.number


@dataclass(frozen=True, slots=True)
class Area:
    """Members × value × time: what a cohort brought, as the three sides of a box."""

    members: int
    months: int
    sales: int

    @property
    def value(self) -> Fraction:
        """What one member brought in one month, minor units."""
        sides = self.members * self.months
        return Fraction(self.sales, sides) if sides else Fraction(0)


def moved(before: Area, after: Area) -> list[tuple[str, float]]:
    """By which factor each side changed, the one that moved the area most first.

    The factors multiply to the change of the whole; nothing when one of the areas is empty.
    """
    sides = {
        "members": (before.members, after.members),
        "value": (float(before.value), float(after.value)),
        "months": (before.months, after.months),
    }
    if any(old <= 0 or new <= 0 for old, new in sides.values()):
        return []
    factors = [(name, new / old) for name, (old, new) in sides.items()]
    return sorted(factors, key=lambda each: -abs(log(each[1])))


def percent(part: int, whole: int) -> int | None:
    """Of a hundred; None where nobody can say, or where refunds make nonsense of it."""
    return round(100 * part / whole) if whole > 0 and 0 <= part <= whole else None
