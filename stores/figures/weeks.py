"""Five weeks of a guide, a store or a region from the sums: the iPad says what HQ's page says.

Touches are counted, not people. A buyer is counted once a day; she comes back when she bought on an
earlier day, in whichever store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from kit.money import shown
from stores.conversions.access import Subject
from stores.conversions.periods import Week
from stores.conversions.queries import BUYERS, FUNNEL, RETURNING, befriended_of
from stores.figures.measures import TOUCHES
from stores.figures.models import GuideDay, StoreDay
from stores.figures.rules import percent
from stores.ledger.models import TouchKind

WEEKS_BEFORE: Final = 4
_COLUMNS: Final = {kind: name for name, kind in TOUCHES.items()}
_READ: Final = (
    *(_COLUMNS[kind] for kind, _ in FUNNEL),
    "sales", "kept", "receipts", "buyers", "came_back", "closed_sales", "timed_sales",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The sums of one week; money in minor units, refunds taken off when they came."""

    week: Week
    sums: dict[str, int] = field(default_factory=dict)

    def touched(self, kind: str) -> int:
        return self._sum(_COLUMNS[kind])

    def _sum(self, name: str) -> int:
        return self.sums.get(name, 0)

    @property
    def new_members(self) -> int:
        return self._sum("new_members")

    @property
    def sales(self) -> int:
        return self._sum("sales")

    @property
    def receipts(self) -> int:
        return self._sum("receipts")

    @property
    def buyers(self) -> int:
        return self._sum("buyers")

    @property
    def returning(self) -> int:
        return self._sum("came_back")

    @property
    def closed_percent(self) -> int | None:
        """How much of the sales came outside opening hours; None when nobody can say."""
        closed, timed = self._sum("closed_sales"), self._sum("timed_sales")
        return percent(closed, timed) if timed > 0 and 0 <= closed <= timed else None

    @property
    def basket(self) -> int:
        """The average receipt after refunds, in whole yuan."""
        return round(self._sum("kept") / self.receipts / 100) * 100 if self.receipts else 0

    @property
    def is_empty(self) -> bool:
        return not any(self.touched(kind) for kind, _ in FUNNEL) and not (
            self.sales or self.receipts
        )


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the funnel; `key` opens the list behind it."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A week, the weeks before it (oldest first), and how many newcomers are friends already."""

    now: WeekFigures
    before: list[WeekFigures]
    befriended: int

    @property
    def rungs(self) -> list[Rung]:
        """What happened in the week, step by step; not the same people all the way down."""
        steps = [Rung(kind, title, self.now.touched(kind)) for kind, title in FUNNEL]
        return [
            *steps,
            Rung(BUYERS, "下单", self.now.buyers),
            Rung(RETURNING, "复购", self.now.returning),
        ]

    @property
    def weeks(self) -> list[WeekFigures]:
        return [*self.before, self.now]


@dataclass(frozen=True, slots=True)
class Picture:
    """A number of this week with its line; `key` names the list behind it, empty for all sales."""

    title: str
    now: str
    values: tuple[int, ...]
    top: int
    before: str
    key: str


def figures_of(subject: Subject, week: Week) -> Figures:
    """The sums of a week and of the four before it: two queries, whatever happened in them."""
    weeks = [*week.before(WEEKS_BEFORE), week]
    sums = _sums(subject, weeks[0])
    rows = [WeekFigures(each, sums.get(n, {})) for n, each in enumerate(weeks)]
    return Figures(now=rows[-1], before=rows[:-1], befriended=befriended_of(subject, week))


def pictures_of(figures: Figures) -> list[Picture]:
    """Sales have a scale of their own, counts share one; zero stands at the base."""
    counts: list[tuple[str, str, Callable[[WeekFigures], int]]] = [
        ("新增会员", str(TouchKind.REGISTRATION), lambda week: week.new_members),
        ("下单", BUYERS, lambda week: week.buyers),
        ("复购", RETURNING, lambda week: week.returning),
    ]
    top = max(value(week) for week in figures.weeks for _, _, value in counts)
    return [
        _picture("销售", "", figures, lambda week: max(week.sales, 0), shown),
        *(_picture(title, key, figures, value, str, top) for title, key, value in counts),
    ]


def _sums(subject: Subject, first: Week) -> dict[int, dict[str, int]]:
    """The sums of five weeks, by how many weeks after the first."""
    table, whose, value = (
        (StoreDay, "store_no = ANY(%s)", sorted(subject.store_nos))
        if subject.guide_no is None
        else (GuideDay, "guide_no = %s", subject.guide_no)
    )
    values: list[Any] = [first.monday, first.monday]
    values += [first.monday + timedelta(weeks=WEEKS_BEFORE + 1), value]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (day - %s) / 7, {', '.join(f'sum({m})::bigint' for m in _READ)}"  # noqa: S608
            f" FROM {table._meta.db_table} WHERE day >= %s AND day < %s AND {whose} GROUP BY 1",
            values,
        )
        return {n: dict(zip(_READ, row, strict=True)) for n, *row in cursor.fetchall()}


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
    """Rounded to whole times or whole yuan; the table has the numbers themselves."""
    return round(sum(values) / len(values) / whole) * whole if values else 0
