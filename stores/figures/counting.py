"""How sums are made from facts: one statement for some days of some stores, for each table.

The same statement keeps the sums and proves them. It counts, compares with what stands, mends what
differs and tells it, all in one snapshot: a fact that commits meanwhile has left a mark, and its
day is counted once more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from kit.actions import must_be_in_action
from stores.figures.measures import CREDITS, EVERYTHING, LINES, SHARED, TOUCHES

Cell = tuple[int, date]
# A till's clock may be ahead; its sale counts when we heard of it (see conversions.steps).
_AHEAD: Final = timedelta(days=4)

# Days with their bounds by the store's clock, its place, and the hours that held then and the night
# before. The same order of entries as stores.org.rules.hours_that_hold; a test holds them together.
_CELL: Final = """
cell AS MATERIALIZED (
  SELECT w.store_no, w.day, z.zone, w.day::timestamp AT TIME ZONE z.zone AS begins,
    (w.day + 1)::timestamp AT TIME ZONE z.zone AS ends,
    s.latitude, s.longitude, s.catchment_metres,
    h.store_id IS NOT NULL AS is_known, h.opens_at, h.closes_at,
    CASE WHEN y.closes_at <= y.opens_at THEN y.closes_at END AS night_until
  FROM unnest(%(stores)s::bigint[], %(days)s::date[]) AS w (store_no, day)
  LEFT JOIN stores_store s ON s.id = w.store_no
  CROSS JOIN LATERAL (SELECT COALESCE(s.time_zone, %(zone)s) AS zone) z
  LEFT JOIN LATERAL (
    SELECT o.* FROM stores_openinghours o WHERE o.store_id = w.store_no
      AND o.since <= w.day AND (o.until IS NULL OR o.until >= w.day)
      AND (o.weekday IS NULL OR o.weekday = extract(isodow FROM w.day) - 1)
    ORDER BY o.until IS NOT NULL DESC, o.weekday IS NOT NULL DESC, o.since DESC LIMIT 1) h ON true
  LEFT JOIN LATERAL (
    SELECT o.* FROM stores_openinghours o WHERE o.store_id = w.store_no
      AND o.since <= w.day - 1 AND (o.until IS NULL OR o.until >= w.day - 1)
      AND (o.weekday IS NULL OR o.weekday = extract(isodow FROM w.day - 1) - 1)
    ORDER BY o.until IS NOT NULL DESC, o.weekday IS NOT NULL DESC, o.since DESC LIMIT 1) y ON true
)"""
_TOUCH: Final = """
touch AS MATERIALIZED (
  SELECT cell.store_no, cell.day, t.id, t.guide_no, t.member_no, t.kind, t.source, t.at
  FROM cell JOIN stores_touch t ON t.store_no = cell.store_no AND t.kind = ANY(%(kinds)s)
    AND t.at >= cell.begins AND t.at < cell.ends
  WHERE t.at >= %(since)s AND t.at < %(until)s
)"""
# `b.days`: on how many days before this one its buyer had bought and kept something: 0, 1 or more.
_CREDIT: Final = """
credit AS MATERIALIZED (
  SELECT cell.day, cell.begins, cell.zone, k.*
  FROM cell JOIN stores_credit k ON k.store_no = cell.store_no
    AND k.sold_at >= cell.begins AND k.sold_at < cell.ends
), buyer AS MATERIALIZED (
  SELECT who.store_no, who.day, who.member_no, (
    SELECT CASE WHEN count(*) = 0 THEN 0
      WHEN (min(e.sold_at) AT TIME ZONE who.zone)::date
        = (max(e.sold_at) AT TIME ZONE who.zone)::date THEN 1 ELSE 2 END
    FROM stores_credit e
    WHERE e.member_no = who.member_no AND e.kept > 0 AND e.sold_at < who.begins) AS days
  FROM (SELECT DISTINCT store_no, day, begins, zone, member_no FROM credit
        WHERE kept > 0 AND member_no IS NOT NULL) who
)"""
_LINE: Final = """
told AS MATERIALIZED (
  SELECT cell.*, p.source, p.receipt_no, p.amount, p.refund_of = '' AND p.amount > 0 AS is_sale,
    p.member_no IS NOT NULL OR late.member_no IS NOT NULL AS is_member,
    LEAST(p.sold_at, p.recorded_at) AT TIME ZONE cell.zone AS here,
    p.latitude AS lat, p.longitude AS lon
  FROM cell JOIN stores_purchaseline p ON p.store_no = cell.store_no
    AND p.sold_at >= cell.begins AND p.sold_at < cell.ends + interval '4 days'
    AND LEAST(p.sold_at, p.recorded_at) >= cell.begins
    AND LEAST(p.sold_at, p.recorded_at) < cell.ends
  LEFT JOIN stores_receiptmember late
    ON late.source = p.source AND late.receipt_no = p.receipt_no
  WHERE p.sold_at >= %(since)s AND p.sold_at < %(until)s
), line AS (
  SELECT l.*, CASE
      WHEN l.here < l.day + l.night_until THEN true
      WHEN NOT l.is_known THEN NULL
      WHEN l.opens_at IS NULL OR l.closes_at IS NULL THEN false
      ELSE l.here >= l.day + l.opens_at AND l.here < l.day + l.closes_at
        + CASE WHEN l.closes_at <= l.opens_at THEN interval '1 day' ELSE interval '0' END
    END AS was_open,
    12742000 * asin(sqrt(
      power(sin(radians((l.lat - l.latitude)::float8) / 2), 2)
      + cos(radians(l.lat::float8)) * cos(radians(l.latitude::float8))
      * power(sin(radians((l.lon - l.longitude)::float8) / 2), 2)
    )) > l.catchment_metres AS is_outside
  FROM told l
)"""
# A touch or a credit by the code of the member, from her registration on; of the visitor otherwise.
_SOURCED: Final = """
sourced_touch AS (
  SELECT store_no, day, 'push' AS part, source, kind FROM touch
  WHERE kind IN ('push', 'link_open') AND source <> ''
  UNION ALL
  SELECT store_no, day, 'code', source, kind FROM touch
  WHERE kind IN ('scan', 'registration') AND source <> ''
  UNION ALL
  SELECT t.store_no, t.day, 'code', o.source, t.kind
  FROM touch t JOIN stores_origin o ON o.member_no = t.member_no AND t.at >= o.at
  WHERE t.kind NOT IN ('scan', 'registration')
), sourced_credit AS (
  SELECT c.id, 'push' AS part, t.source
  FROM credit c CROSS JOIN LATERAL unnest(c.touches) AS by_touch (id)
  JOIN stores_touch t ON t.id = by_touch.id AND t.at <= c.sold_at
    AND t.at >= c.sold_at - interval '400 days'
  WHERE t.kind IN ('push', 'link_open') AND t.source <> ''
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT c.id, 'code', o.source
  FROM credit c JOIN stores_origin o ON o.member_no = c.member_no AND c.sold_at >= o.at
)"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of sums: its key beside store and day, its columns, and what is counted for it."""

    name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    facts: tuple[str, ...]
    parts: tuple[str, ...]


def _sums(measures: Sequence[str], known: dict[str, str], of: str) -> str:
    """The columns in order; 0 for those that these facts say nothing of."""
    if of == "touch":
        known = {m: f"count(*) FILTER (WHERE t.kind = '{kind}')" for m, kind in known.items()}
    return ", ".join(f"COALESCE({known[m]}, 0)" if m in known else "0" for m in measures)


_BUYER: Final = "LEFT JOIN buyer b USING (store_no, day, member_no)"
_BY_SOURCE: Final = "c.store_no, c.day, s.part, s.source"
STORES: Final = Table(
    "stores_storeday",
    (),
    EVERYTHING,
    (_CELL, _TOUCH, _CREDIT, _LINE),
    (
        f"SELECT t.store_no, t.day, {_sums(EVERYTHING, TOUCHES, 'touch')}"  # noqa: S608
        " FROM touch t GROUP BY 1, 2",
        f"SELECT c.store_no, c.day, {_sums(EVERYTHING, CREDITS, 'credit')}"  # noqa: S608
        f" FROM credit c {_BUYER} GROUP BY 1, 2",
        f"SELECT l.store_no, l.day, {_sums(EVERYTHING, LINES, 'line')}"  # noqa: S608
        " FROM line l GROUP BY 1, 2",
    ),
)
GUIDES: Final = Table(
    "stores_guideday",
    ("guide_no",),
    SHARED,
    (_CELL, _TOUCH, _CREDIT),
    (
        f"SELECT t.store_no, t.day, t.guide_no, {_sums(SHARED, TOUCHES, 'touch')}"  # noqa: S608
        " FROM touch t WHERE t.guide_no IS NOT NULL GROUP BY 1, 2, 3",
        f"SELECT c.store_no, c.day, c.guide_no, {_sums(SHARED, CREDITS, 'credit')}"  # noqa: S608
        f" FROM credit c {_BUYER} GROUP BY 1, 2, 3",
    ),
)
SOURCES: Final = Table(
    "stores_sourceday",
    ("kind", "source"),
    SHARED,
    (_CELL, _TOUCH, _CREDIT, _SOURCED),
    (
        f"SELECT t.store_no, t.day, t.part, t.source, {_sums(SHARED, TOUCHES, 'touch')}"  # noqa: S608
        " FROM sourced_touch t GROUP BY 1, 2, 3, 4",
        f"SELECT {_BY_SOURCE}, {_sums(SHARED, CREDITS, 'credit')}"  # noqa: S608
        f" FROM credit c JOIN sourced_credit s ON s.id = c.id {_BUYER} GROUP BY 1, 2, 3, 4",
    ),
)
TABLES: Final = (STORES, GUIDES, SOURCES)


def _statement(table: Table) -> str:
    keys = ("store_no", "day", *table.keys)
    named = ", ".join(keys)
    said = ", ".join(table.measures)
    adds = ", ".join(f"sum({m})::bigint AS {m}" for m in table.measures)
    counted = " UNION ALL ".join(f"({part})" for part in table.parts)
    here = ", ".join(f"n.{m}" for m in table.measures)
    there = ", ".join(f"o.{m}" for m in table.measures)
    same = " AND ".join(f"n.{key} = o.{key}" for key in keys)
    either = ", ".join(f"COALESCE(n.{key}, o.{key}) AS {key}" for key in keys)
    gone = " AND ".join(f"old.{key} = d.{key}" for key in keys)
    news = ", ".join(f"{m} = EXCLUDED.{m}" for m in table.measures)
    return f"""
WITH {", ".join(table.facts)},
n AS (SELECT {named}, {adds} FROM ({counted}) AS part ({named}, {said}) GROUP BY {named}),
o AS (SELECT old.* FROM {table.name} old JOIN cell USING (store_no, day)),
d AS MATERIALIZED (
  SELECT {either}, n.store_no IS NULL AS is_over,
    EXISTS (SELECT 1 FROM stores_figuremark m WHERE m.store_no = COALESCE(n.store_no, o.store_no)
      AND m.day = COALESCE(n.day, o.day)) AS is_awaited,
    to_jsonb(o) AS stood, to_jsonb(n) AS counted, {here}
  FROM n FULL JOIN o ON {same}
  WHERE ({here}) IS DISTINCT FROM ({there})
),
gone AS (DELETE FROM {table.name} old USING d WHERE d.is_over AND {gone}),
put AS (
  INSERT INTO {table.name} ({named}, {said}) SELECT {named}, {said} FROM d WHERE NOT is_over
  ON CONFLICT ({named}) DO UPDATE SET {news}
)
SELECT store_no, day, is_awaited, stood, counted FROM d ORDER BY store_no, day
"""  # noqa: S608 - names and expressions of this module


STATEMENTS: Final = {table: _statement(table) for table in TABLES}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was not what the facts say; `is_awaited`: its day had a mark, so nobody erred."""

    table: Table
    store_no: int
    day: date
    is_awaited: bool
    stood: dict[str, Any]
    counted: dict[str, Any]

    @property
    def part(self) -> str:
        row = self.counted or self.stood
        return " ".join(str(row[key]) for key in self.table.keys)

    def changed(self, side: dict[str, Any]) -> dict[str, int]:
        """Of one side the measures that differ."""
        names = self.table.measures
        return {m: side.get(m, 0) for m in names if self.stood.get(m, 0) != self.counted.get(m, 0)}


def count_days(cells: Collection[Cell]) -> list[Difference]:
    """Count days of stores from the facts and write what differs; the differences. A step.

    Counting a day again changes nothing. The caller holds the keeper's lock.
    """
    must_be_in_action()
    if not cells:
        return []
    days = [day for _, day in cells]
    values: dict[str, Any] = {
        "stores": [store for store, _ in cells],
        "days": days,
        "zone": settings.TIME_ZONE,
        "kinds": list(TOUCHES.values()),
        # Known beforehand: only the months concerned are looked at. A zone is a day at most.
        "since": min(days) - timedelta(days=1),
        "until": max(days) + timedelta(days=2) + _AHEAD,
    }
    found = []
    with connection.cursor() as cursor:
        for table, statement in STATEMENTS.items():
            cursor.execute(statement, values)
            found += [
                Difference(table, store, day, awaited, _json(stood), _json(counted))
                for store, day, awaited, stood, counted in cursor.fetchall()
            ]
    return found


def _json(value: Any) -> dict[str, Any]:
    """JSONB as Django's cursor hands it over: text, or nothing for a row that is not there."""
    if value is None:
        return {}
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
