"""Reads of the sums: totals, days, ranks. Their cost depends on stores and days, not on facts.

All read inside `scope_of(actor)` or the session of an HQ account: who sees one region reads the
sums of its stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, QuerySet, Sum

from stores.figures.measures import EVERYTHING, SHARED
from stores.figures.models import FigureMark, FigureProof, GuideDay, SourceDay, StoreDay
from stores.figures.rules import Period, Runner, percent, ranked
from stores.org.models import Guide

# So many guides take part in a ranking at most, those with the largest sales.
MOST_RANKED: Final = 2000
Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked at: stores (None: all in sight), days, perhaps one code or some pushes."""

    period: Period
    stores: frozenset[int] | None = None
    kind: str = ""
    sources: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Of a code or a push nobody knows what else the store sold."""
        return SHARED if self.kind else EVERYTHING


# What a code or a push reaches people by.
_COUNTED: Final = {"code": "scans", "push": "pushes"}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a choice, with what is concluded from them."""

    counts: Counts = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def basket(self) -> int:
        """The average receipt after refunds."""
        return round(self["kept"] / self["receipts"]) if self["receipts"] else 0

    @property
    def repeat_percent(self) -> int | None:
        return percent(self["came_back"], self["buyers"])

    @property
    def closed_percent(self) -> int | None:
        if "timed_sold" in self.counts:
            return percent(self["closed_sold"], self["timed_sold"])
        return percent(self["closed_sales"], self["timed_sales"])

    @property
    def outside_percent(self) -> int | None:
        return percent(self["outside_sold"], self["placed_sold"])

    @property
    def unplaced_percent(self) -> int | None:
        """Of how much nobody knows the place: never dropped, said beside the share."""
        return percent(self["sold"] - self["placed_sold"], self["sold"])

    @property
    def member_percent(self) -> int | None:
        return percent(self["member_sales"], self["all_sales"])

    @property
    def credited_percent(self) -> int | None:
        return percent(self["sales"], self["all_sales"])


def read_days(choice: Choice) -> tuple[dict[date, Counts], Totals, Totals]:
    """The days of the period, their totals, and those of as many days before: one query."""
    whole = Period(choice.period.before.first, choice.period.last)
    days = _read_sums("day", choice, whole)
    now = {day: row for day, row in days.items() if day >= choice.period.first}
    before = [row for day, row in days.items() if day < choice.period.first]
    return now, _total(now.values(), choice.measures), _total(before, choice.measures)


def sums_by_day(rows: QuerySet[GuideDay], period: Period) -> dict[date, Counts]:
    """The sums of some guides' rows, day by day: one query."""
    found = (
        rows.filter(day__gte=period.first, day__lte=period.last)
        .order_by()
        .values("day")
        .annotate(**_sums(SHARED))
    )
    return {row.pop("day"): _plain(row) for row in found}


def by_store(choice: Choice) -> dict[int, Counts]:
    """The same sums store by store, with how many days each was at work: one query."""
    return _read_sums("store_no", choice, choice.period, days="count(DISTINCT day)")


def by_guide(choice: Choice, *, most: int = MOST_RANKED) -> dict[int, Counts]:
    """The sums of the guides who sold most, with how many days each was at work: one query."""
    rows = GuideDay.objects.filter(day__gte=choice.period.first, day__lte=choice.period.last)
    if choice.stores is not None:
        rows = rows.filter(store_no__in=choice.stores)
    found = (
        rows.order_by()
        .values("guide_no")
        .annotate(**_sums(SHARED), s_days=Count("day", distinct=True))
        .order_by("-s_sales", "guide_no")[:most]
    )
    return {row.pop("guide_no"): _plain(row) for row in found}


def sources_in(choice: Choice, kind: str, *, most: int | None = 50) -> list[tuple[str, int, int]]:
    """The codes or pushes with most sales in the period: source, scans or deliveries, sales.

    With `most=None` all of them; what a cut leaves out is told by `other_sources`.
    """
    found = (
        _source_days(choice, kind)
        .values("source")
        .annotate(s_count=Sum(_COUNTED[kind]), s_sales=Sum("sales"))
        .order_by("-s_sales", "source")[:most]
    )
    return [(row["source"], row["s_count"], row["s_sales"]) for row in found]


def other_sources(choice: Choice, kind: str, but: Collection[str]) -> tuple[int, int, int]:
    """All other codes or pushes of the period: how many, their scans or deliveries, sales."""
    found = (
        _source_days(choice, kind)
        .exclude(source__in=but)
        .aggregate(
            many=Count("source", distinct=True), count=Sum(_COUNTED[kind]), sales=Sum("sales")
        )
    )
    return found["many"], found["count"] or 0, found["sales"] or 0


def _source_days(choice: Choice, kind: str) -> QuerySet[SourceDay]:
    rows = SourceDay.objects.order_by().filter(
        kind=kind, day__gte=choice.period.first, day__lte=choice.period.last
    )
    return rows if choice.stores is None else rows.filter(store_no__in=choice.stores)


def shift_seconds(
    choice: Choice, now: datetime, *, by: str, numbers: Collection[int]
) -> dict[int, int]:
    """How long guides (or stores, by `store_id`) had shifts in the period, until now: one query."""
    zone = ZoneInfo(settings.TIME_ZONE)
    since = datetime.combine(choice.period.first, time(), zone)
    until = min(now, datetime.combine(choice.period.last + timedelta(days=1), time(), zone))
    column = {"guide_id": "guide_id", "store_id": "store_id"}[by]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}, sum(extract(epoch FROM LEAST(ends_at, %s)"  # noqa: S608
            " - GREATEST(begins_at, %s)))::bigint FROM stores_shift"
            f" WHERE begins_at < %s AND ends_at > %s AND {column} = ANY(%s) GROUP BY 1",
            [until, since, until, since, list(numbers)],
        )
        return dict(cursor.fetchall())


def ranking(sums: dict[int, Counts], seconds: dict[int, int]) -> tuple[str, list[dict[str, Any]]]:
    """Places with their sums, best first; by which base stands beside them."""
    base, places = ranked(
        [
            Runner(number, row["sales"], seconds.get(number, 0), row["days"])
            for number, row in sums.items()
        ]
    )
    return base, [
        {
            "rank": place.rank,
            "number": place.runner.number,
            "per_base": place.per_base,
            "sums": Totals(sums[place.runner.number]),
            "hours": round(place.runner.seconds / 3600, 1),
            "days": place.runner.days,
        }
        for place in places
    ]


def guides_named(numbers: Iterable[int]) -> dict[int, Guide]:
    return Guide.objects.select_related("store").in_bulk(list(numbers))


def waiting_since() -> datetime | None:
    """When the oldest fact was told that the sums do not hold yet; None when they hold all."""
    found: datetime | None = FigureMark.objects.aggregate(at=Min("at"))["at"]
    return found


def last_proof() -> FigureProof | None:
    return FigureProof.objects.exclude(finished_at=None).order_by("-finished_at").first()


def _read_sums(key: str, choice: Choice, period: Period, **more: str) -> dict[Any, dict[str, int]]:
    """The sums of a choice for each day or store: a page asks for thirty, so plainly in SQL."""
    columns = {**{name: f"sum({name})::bigint" for name in choice.measures}, **more}
    table = SourceDay if choice.kind else StoreDay
    terms = ["day >= %s", "day <= %s"]
    values: list[Any] = [period.first, period.last]
    if choice.kind:
        terms.append("kind = %s AND source = ANY(%s)")
        values += [choice.kind, list(choice.sources)]
    if choice.stores is not None:
        terms.append("store_no = ANY(%s)")
        values.append(sorted(choice.stores))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {', '.join(columns.values())} FROM {table._meta.db_table}"  # noqa: S608
            f" WHERE {' AND '.join(terms)} GROUP BY 1",
            values,
        )
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in cursor.fetchall()}


def _sums(measures: Iterable[str]) -> dict[str, Sum]:
    return {f"s_{name}": Sum(name) for name in measures}


def _plain(row: dict[str, Any]) -> Counts:
    return {name.removeprefix("s_"): int(value or 0) for name, value in row.items()}


def _total(rows: Iterable[Counts], measures: Iterable[str]) -> Totals:
    every = list(rows)
    return Totals({name: sum(row[name] for row in every) for name in measures})
