"""How sums are made from facts: one statement for many days of many stores, for each kind of fact.

The same statement keeps the sums and proves them. It counts, compares with what stands, mends what
differs and tells it, all in one snapshot: a fact that commits meanwhile has left a mark. Touches
that wait to be added one by one are left out, so a sum is always all facts but those that wait.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from kit.actions import must_be_in_action
from stores.figures import facts
from stores.figures.measures import CREDITS, EVERYTHING, LINES, SHARED, TOUCHES
from stores.figures.models import MarkedFacts

Cell = tuple[int, date]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of sums: its key beside store and day, and its columns."""

    name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return ("store_no", "day", *self.keys)


STORES: Final = Table("stores_storeday", (), EVERYTHING)
GUIDES: Final = Table("stores_guideday", ("guide_no",), SHARED)
SOURCES: Final = Table("stores_sourceday", ("kind", "source"), SHARED)
TABLES: Final = (STORES, GUIDES, SOURCES)


@dataclass(frozen=True, slots=True)
class Counting:
    """One kind of facts: which columns it fills, how its facts are read, and summed by table."""

    facts: MarkedFacts
    measures: tuple[str, ...]
    read: tuple[str, ...]
    parts: dict[Table, str]


def counted_touches() -> dict[Table, str]:
    """Sums over `touch` and `sourced_touch`, whichever way those were read."""
    sums = ", ".join(f"count(*) FILTER (WHERE kind = '{kind}')" for kind in TOUCHES.values())
    return {
        STORES: f"SELECT store_no, day, {sums} FROM touch GROUP BY 1, 2",  # noqa: S608
        GUIDES: f"SELECT store_no, day, guide_no, {sums} FROM touch"  # noqa: S608
        " WHERE guide_no IS NOT NULL GROUP BY 1, 2, 3",
        SOURCES: f"SELECT store_no, day, part, source, {sums}"  # noqa: S608
        " FROM sourced_touch GROUP BY 1, 2, 3, 4",
    }


def _listed(expressions: Iterable[str]) -> str:
    return ", ".join(f"COALESCE({expression}, 0)" for expression in expressions)


_BOUGHT: Final = f"SELECT c.store_no, c.day, {{}}{_listed(CREDITS.values())} FROM credit c {{}}"  # noqa: S608
_BUYER: Final = "LEFT JOIN buyer b USING (store_no, day, member_no)"
KINDS: Final = (
    Counting(
        MarkedFacts.TOUCHES,
        tuple(TOUCHES),
        (facts.CELL, facts.WAITING, facts.TOUCH, facts.TOUCH_BY_SOURCE),
        counted_touches(),
    ),
    Counting(
        MarkedFacts.CREDITS,
        tuple(CREDITS),
        (facts.CELL, facts.CREDIT, facts.CREDIT_BY_SOURCE),
        {
            STORES: _BOUGHT.format("", f"{_BUYER} GROUP BY 1, 2"),
            GUIDES: _BOUGHT.format("c.guide_no, ", f"{_BUYER} GROUP BY 1, 2, 3"),
            SOURCES: _BOUGHT.format(
                "s.part, s.source, ",
                f"JOIN sourced_credit s ON s.id = c.id {_BUYER} GROUP BY 1, 2, 3, 4",
            ),
        },
    ),
    Counting(
        MarkedFacts.LINES,
        tuple(LINES),
        (facts.CELL, facts.LINE),
        {
            STORES: f"SELECT l.store_no, l.day, {_listed(LINES.values())}"  # noqa: S608
            " FROM line l GROUP BY 1, 2"
        },
    ),
)
# Does this day wait to be counted again? And a credit whose number waits may have taken "the
# first" from a later day that nobody has looked for yet.
_AWAITED: Final = {
    MarkedFacts.TOUCHES: "m.store_no = {store} AND m.day = {day} AND m.facts IN ('touches', 'all')"
    " AND m.numbers IS NULL",
    MarkedFacts.CREDITS: "m.store_no = {store} AND m.day = {day} AND m.facts IN ('credits', 'all')"
    " OR m.facts = 'credits' AND m.numbers IS NOT NULL AND m.day <= {day} + 1",
    MarkedFacts.LINES: "m.store_no = {store} AND m.day = {day} AND m.facts IN ('lines', 'all')",
}


def _compared(kind: Counting, table: Table) -> str:
    """What one table should hold, what it holds, and the differences, written down."""
    at, name, mine = TABLES.index(table), table.name, kind.measures
    named = ", ".join(table.key)
    others = [m for m in table.measures if m not in mine]
    alone = " AND ".join(f"old.{m} = 0" for m in others) or "true"
    same = " AND ".join(f"n.{key} = o.{key}" for key in table.key)
    either = ", ".join(f"COALESCE(n.{key}, o.{key}) AS {key}" for key in table.key)
    here = ", ".join(f"COALESCE(n.{m}, 0)" for m in mine)
    there = ", ".join(f"COALESCE(o.{m}, 0)" for m in mine)
    # Nothing of this kind is left, and the row holds nothing of another kind.
    over = " AND ".join(f"COALESCE(n.{m}, 0) = 0" for m in mine)
    gone = " AND ".join(f"old.{key} = d{at}.{key}" for key in table.key)
    awaited = _AWAITED[kind.facts].format(
        store="COALESCE(n.store_no, o.store_no)", day="COALESCE(n.day, o.day)"
    )
    return f"""
n{at} ({named}, {", ".join(mine)}) AS ({kind.parts[table]}),
o{at} AS (SELECT {", ".join(f"old.{c}" for c in (*table.key, *mine))}, {alone} AS is_alone
  FROM {name} old JOIN cell USING (store_no, day)),
d{at} AS MATERIALIZED (
  SELECT {either}, {over} AND COALESCE(o.is_alone, true) AS is_over,
    EXISTS (SELECT 1 FROM stores_figuremark m WHERE {awaited}) AS is_awaited,
    to_jsonb(o) AS stood, to_jsonb(n) AS counted,
    {", ".join(f"COALESCE(n.{m}, 0) AS {m}" for m in mine)}
  FROM n{at} n FULL JOIN o{at} o ON {same} WHERE ({here}) <> ({there})
),
gone{at} AS (DELETE FROM {name} old USING d{at} WHERE d{at}.is_over AND {gone}),
put{at} AS (
  INSERT INTO {name} ({named}, {", ".join((*mine, *others))})
  SELECT {", ".join((named, *mine, *("0" for _ in others)))} FROM d{at} WHERE NOT is_over
  ON CONFLICT ({named}) DO UPDATE SET {", ".join(f"{m} = EXCLUDED.{m}" for m in mine)}
)"""  # noqa: S608 - names and expressions of this module


def _statement(kind: Counting) -> str:
    parts = [*kind.read, *(_compared(kind, table) for table in kind.parts)]
    told = " UNION ALL ".join(
        f"SELECT {at}, store_no, day, is_awaited, stood, counted FROM d{at}"  # noqa: S608
        for at in map(TABLES.index, kind.parts)
    )
    return f"WITH {', '.join(parts)} {told} ORDER BY 1, 2, 3"


STATEMENTS: Final = {kind.facts: _statement(kind) for kind in KINDS}
MEASURES: Final = {kind.facts: kind.measures for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was not what the facts say; `is_awaited`: its day had a mark, so nobody erred.

    `stood` and `counted` hold the measures of the facts that were looked at.
    """

    table: Table
    store_no: int
    day: date
    part: str
    is_awaited: bool
    measures: Sequence[str]
    stood: dict[str, Any]
    counted: dict[str, Any]

    def changed(self, side: dict[str, Any]) -> dict[str, int]:
        """Of one side the measures that differ."""
        return {
            m: side.get(m, 0)
            for m in self.measures
            if self.stood.get(m, 0) != self.counted.get(m, 0)
        }


def count_days(cells: Collection[Cell], kind: MarkedFacts) -> list[Difference]:
    """Count one kind of facts on days of stores and write what differs; the differences. A step.

    Counting a day again changes nothing. The caller holds the keeper's lock.
    """
    must_be_in_action()
    if not cells:
        return []
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[kind], values_of(cells))
        return [_difference(kind, row) for row in cursor.fetchall()]


def values_of(cells: Collection[Cell]) -> dict[str, Any]:
    """What statements over days of stores are told."""
    days = [day for _, day in cells]
    return {
        "stores": [store for store, _ in cells],
        "days": days,
        "zone": settings.TIME_ZONE,
        "kinds": list(TOUCHES.values()),
        # Known beforehand: only the months concerned are looked at. A zone is a day at most.
        "since": min(days, default=date.max) - timedelta(days=1),
        "until": max(days, default=date.min) + timedelta(days=2) + facts.AHEAD,
    }


def _difference(kind: MarkedFacts, row: tuple[Any, ...]) -> Difference:
    table, store_no, day, is_awaited, stood, counted = row
    sides = _json(stood), _json(counted)
    part = " ".join(str((sides[1] or sides[0])[key]) for key in TABLES[table].keys)
    return Difference(TABLES[table], store_no, day, part, is_awaited, MEASURES[kind], *sides)


def _json(value: Any) -> dict[str, Any]:
    """JSONB as Django's cursor hands it over: text, or nothing for a row that is not there."""
    if value is None:
        return {}
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
