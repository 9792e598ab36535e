"""The small multiples: five weeks of a number, drawn on one scale where the unit is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kit.money import shown
from stores.conversions.queries import BUYERS, RETURNING, Figures, WeekFigures
from stores.ledger.models import TouchKind


@dataclass(frozen=True, slots=True)
class Picture:
    """A number of this week with its line; `key` names the list behind it, empty for all sales."""

    title: str
    now: str
    values: tuple[int, ...]
    top: int
    before: str
    key: str


def pictures_of(figures: Figures) -> list[Picture]:
    """Sales have a scale of their own, people share one; zero stands at the base."""
    people: list[tuple[str, str, Callable[[WeekFigures], int]]] = [
        ("新增会员", str(TouchKind.REGISTRATION), lambda week: week.new_members),
        ("下单会员", BUYERS, lambda week: week.buyers),
        ("复购会员", RETURNING, lambda week: week.returning),
    ]
    top = max(value(week) for week in figures.weeks for _, _, value in people)
    return [
        _picture("销售", "", figures, lambda week: max(week.sales, 0), shown),
        *(_picture(title, key, figures, value, str, top) for title, key, value in people),
    ]


def _picture(
    title: str,
    key: str,
    figures: Figures,
    value: Callable[[WeekFigures], int],
    say: Callable[[int], str],
    top: int = 0,
) -> Picture:
    values = tuple(value(week) for week in figures.weeks)
    return Picture(
        title=title,
        now=say(values[-1]),
        values=values,
        top=top or max(values),
        before=say(_average(values[:-1], whole=100 if say is shown else 1)),
        key=key,
    )


def _average(values: tuple[int, ...], *, whole: int) -> int:
    """Rounded to whole persons or whole yuan; the table has the numbers themselves."""
    return round(sum(values) / len(values) / whole) * whole if values else 0
