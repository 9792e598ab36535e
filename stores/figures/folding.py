"""Touches added to the sums one by one, and what single facts mean for other days.

Where a member came from, and whose first purchase it was, depends on facts that two writers may
bring at once without seeing each other. The keeper is one, so here nothing is missed: what it
sees is taken into account now, and what it does not see yet comes with a mark of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection

from kit.actions import must_be_in_action
from stores.figures import facts
from stores.figures.counting import TABLES, Cell, Table, counted_touches, values_of
from stores.figures.measures import TOUCHES

# A touch by its number, and a day by UTC on which it happened.
Single = tuple[int, date]
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _added(table: Table, part: str) -> str:
    mine = tuple(TOUCHES)
    others = [m for m in table.measures if m not in mine]
    named = ", ".join(table.key)
    return f"""
put{TABLES.index(table)} AS (
  INSERT INTO {table.name} AS old ({named}, {", ".join((*mine, *others))})
  SELECT n.*, {", ".join(["0"] * len(others))} FROM ({part}) n
  ON CONFLICT ({named}) DO UPDATE SET {", ".join(f"{m} = old.{m} + EXCLUDED.{m}" for m in mine)}
)"""  # noqa: S608 - names and expressions of this floor


_FOLD: Final = (
    "WITH "
    + ", ".join(
        (
            facts.SINGLE,
            facts.TOUCH_BY_SOURCE,
            *(_added(table, part) for table, part in counted_touches().items()),
        )
    )
    + " SELECT 1"
)
# The earliest registration with a code counts. Who came by another code than was known: her later
# facts are counted anew, but for those that are about to be, with what is known now.
_LEARN: Final = f"""
WITH {facts.CELL}, {facts.WAITING}, {facts.SINGLE}, told AS (
  SELECT member_no, t.store_no, guide_no, t.source, t.at FROM touch t WHERE kind = 'registration'
  UNION ALL
  SELECT t.member_no, t.store_no, t.guide_no, t.source, t.at
  FROM cell JOIN stores_touch t ON t.store_no = cell.store_no AND t.kind = 'registration'
    AND t.at >= cell.begins AND t.at < cell.ends
  WHERE t.at >= %(since)s AND t.at < %(until)s
), first AS (
  SELECT DISTINCT ON (member_no) * FROM told WHERE member_no IS NOT NULL AND source <> ''
  ORDER BY member_no, at, source
), better AS MATERIALIZED (
  SELECT f.* FROM first f LEFT JOIN stores_origin o USING (member_no)
  WHERE o.member_no IS NULL OR (f.at, f.source) < (o.at, o.source)
), put AS (
  INSERT INTO stores_origin (member_no, store_no, guide_no, source, at)
  SELECT member_no, NULLIF(store_no, {facts.NOWHERE}), guide_no, source, at FROM better
  ON CONFLICT (member_no) DO UPDATE SET store_no = EXCLUDED.store_no,
    guide_no = EXCLUDED.guide_no, source = EXCLUDED.source, at = EXCLUDED.at
), later AS (
  SELECT 'touches' AS facts, COALESCE(t.store_no, {facts.NOWHERE}) AS store_no, t.at
  FROM better b JOIN stores_touch t ON t.member_no = b.member_no AND t.at >= b.at
    AND t.kind NOT IN ('scan', 'registration')
  WHERE t.at >= %(begun)s
    AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.id = t.id) AND t.id <> ALL (%(ids)s)
  UNION ALL
  SELECT 'credits', c.store_no, c.sold_at
  FROM better b JOIN stores_credit c ON c.member_no = b.member_no AND c.sold_at >= b.at
)
INSERT INTO stores_figuremark (store_no, day, facts, numbers, at)
SELECT DISTINCT l.store_no, (l.at AT TIME ZONE COALESCE(s.time_zone, %(zone)s))::date, l.facts,
  NULL::bigint[], clock_timestamp()
FROM later l LEFT JOIN stores_store s ON s.id = l.store_no
WHERE l.facts = 'credits' OR NOT EXISTS (
  SELECT 1 FROM cell WHERE cell.store_no = l.store_no AND l.at >= cell.begins AND l.at < cell.ends)
"""  # noqa: S608 - pieces of this floor
# A purchase that comes before others of hers takes "the first" or "the second" from them.
_FOLLOW: Final = """
WITH written AS (
  SELECT member_no, min(sold_at) AS since FROM stores_credit
  WHERE id = ANY (%(ids)s) AND member_no IS NOT NULL GROUP BY 1
), hers AS (
  SELECT e.store_no, e.sold_at, w.since, (e.sold_at AT TIME ZONE s.time_zone)::date AS day,
    dense_rank() OVER (
      PARTITION BY w.member_no ORDER BY (e.sold_at AT TIME ZONE s.time_zone)::date) AS place
  FROM written w
  JOIN stores_credit e ON e.member_no = w.member_no AND e.kept > 0 AND e.id <> ALL (%(ids)s)
  JOIN stores_store s ON s.id = e.store_no
)
INSERT INTO stores_figuremark (store_no, day, facts, numbers, at)
SELECT store_no, day, 'credits', NULL::bigint[], clock_timestamp() FROM hers
WHERE place <= 2 AND sold_at >= since GROUP BY 1, 2
"""


def add_touches(singles: Sequence[Single]) -> None:
    """Add these touches to the sums. A step: its caller took their notes in this transaction."""
    must_be_in_action()
    if singles:
        _run(_FOLD, {**values_of(()), **_singles(singles)})


def learn_origins(singles: Sequence[Single], cells: Collection[Cell]) -> None:
    """By which code those came whom these touches, or those of these days, tell of. A step.

    Facts on other days that count for a code only now are marked. Learning again changes nothing.
    """
    must_be_in_action()
    if singles or cells:
        begun = min(day for _, day in (*singles, *cells)) - timedelta(days=1)
        _run(_LEARN, {**values_of(cells), **_singles(singles), "begun": begun})


def mark_later_purchases(credits: Sequence[int]) -> None:
    """Mark the days whose purchases may be no first or second any more beside these. A step."""
    must_be_in_action()
    if credits:
        _run(_FOLLOW, {"ids": list(credits)})


def _singles(singles: Sequence[Single]) -> dict[str, Any]:
    """Also known beforehand: between which moments they happened."""
    begins = [datetime.combine(day, time(), UTC) for _, day in singles]
    return {
        "ids": [number for number, _ in singles],
        "begins": begins,
        "first": min(begins, default=_NEVER),
        "last": max(begins, default=_NEVER) + timedelta(days=1),
    }


def _run(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
