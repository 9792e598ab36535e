"""The facts of days in SQL: which touches, credits and purchase lines belong to a day of a store.

Pieces of statements and nothing else: `counting.py` sums them, `folding.py` adds single touches.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# A store number for touches that happened in no store; its clock is the house's.
NOWHERE: Final = 0
# A till's clock may be ahead; its sale counts when we heard of it (see conversions.steps).
AHEAD: Final = timedelta(days=4)

CELL: Final = """
cell AS MATERIALIZED (
  SELECT w.store_no, w.day, z.zone, w.day::timestamp AT TIME ZONE z.zone AS begins,
    (w.day + 1)::timestamp AT TIME ZONE z.zone AS ends,
    s.latitude, s.longitude, s.catchment_metres
  FROM unnest(%(stores)s::bigint[], %(days)s::date[]) AS w (store_no, day)
  LEFT JOIN stores_store s ON s.id = w.store_no
  CROSS JOIN LATERAL (SELECT COALESCE(s.time_zone, %(zone)s) AS zone) z
)"""
# Touches that wait one by one: they are in no sum yet, and will be added by their note.
WAITING: Final = """
waiting AS MATERIALIZED (
  SELECT unnest(m.numbers) AS id FROM stores_figuremark m
  WHERE m.facts = 'touches' AND m.numbers IS NOT NULL
)"""
# Below, facts are looked up day by day of each store, by index: behind row security PostgreSQL
# expects next to none of them, and would hold every day against all that was read of the months.
# OFFSET keeps a look-up a look-up.
_TOUCH_OF_CELL: Final = """
  SELECT cell.store_no, cell.day, t.* FROM cell CROSS JOIN LATERAL (
    SELECT x.id, x.guide_no, x.member_no, x.kind, x.source, x.at FROM stores_touch x
    WHERE x.store_no {store} AND x.kind = ANY(%(kinds)s) AND x.at >= cell.begins
      AND x.at < cell.ends AND x.at >= %(since)s AND x.at < %(until)s OFFSET 0) t
  WHERE {which} AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.id = t.id)"""
_IN_STORE: Final = _TOUCH_OF_CELL.format(store="= cell.store_no", which="true")
_IN_NONE: Final = _TOUCH_OF_CELL.format(store="IS NULL", which=f"cell.store_no = {NOWHERE}")
TOUCH: Final = f"""
touch AS MATERIALIZED ({_IN_STORE}
  UNION ALL{_IN_NONE}
)"""
# Single touches by their numbers, on the days of their stores' clocks now.
SINGLE: Final = f"""
touch AS MATERIALIZED (
  SELECT COALESCE(t.store_no, {NOWHERE}) AS store_no,
    (t.at AT TIME ZONE COALESCE(s.time_zone, %(zone)s))::date AS day,
    t.id, t.guide_no, t.member_no, t.kind, t.source, t.at
  FROM unnest(%(ids)s::bigint[], %(begins)s::timestamptz[]) AS w (id, begins)
  JOIN stores_touch t
    ON t.id = w.id AND t.at >= w.begins AND t.at < w.begins + interval '24 hours'
    AND t.at >= %(first)s AND t.at < %(last)s
  LEFT JOIN stores_store s ON s.id = t.store_no
)"""  # noqa: S608 - pieces of this module
# `b.days`: on how many days before this one its buyer had bought and kept something: 0, 1 or more.
# `b.is_here`: of the stores where she bought on this day, it is the one where she did so first.
CREDIT: Final = """
credit AS MATERIALIZED (
  SELECT cell.day, cell.begins, cell.ends, cell.zone, k.*
  FROM cell CROSS JOIN LATERAL (
    SELECT x.* FROM stores_credit x WHERE x.store_no = cell.store_no
      AND x.sold_at >= cell.begins AND x.sold_at < cell.ends OFFSET 0) k
), buyer AS MATERIALIZED (
  SELECT who.store_no, who.day, who.member_no, COALESCE(past.days, 0) AS days, (
    SELECT e.store_no FROM stores_credit e
    WHERE e.member_no = who.member_no AND e.kept > 0
      AND e.sold_at >= who.begins AND e.sold_at < who.ends
    ORDER BY e.sold_at, e.store_no LIMIT 1) = who.store_no AS is_here
  FROM (SELECT DISTINCT store_no, day, begins, ends, zone, member_no FROM credit
        WHERE kept > 0 AND member_no IS NOT NULL) who
  CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) = 0 THEN 0
      WHEN (min(e.sold_at) AT TIME ZONE who.zone)::date
        = (max(e.sold_at) AT TIME ZONE who.zone)::date THEN 1 ELSE 2 END AS days
    FROM stores_credit e
    WHERE e.member_no = who.member_no AND e.kept > 0 AND e.sold_at < who.begins) past
)"""
# The hours that held on the day and in the night before. The same order of entries as
# stores.org.rules.hours_that_hold; a test holds them together.
LINE: Final = """
timed AS MATERIALIZED (
  SELECT cell.*, h.store_id IS NOT NULL AS is_known, h.opens_at, h.closes_at,
    CASE WHEN y.closes_at <= y.opens_at THEN y.closes_at END AS night_until
  FROM cell
  LEFT JOIN LATERAL (
    SELECT o.* FROM stores_openinghours o WHERE o.store_id = cell.store_no
      AND o.since <= cell.day AND (o.until IS NULL OR o.until >= cell.day)
      AND (o.weekday IS NULL OR o.weekday = extract(isodow FROM cell.day) - 1)
    ORDER BY o.until IS NOT NULL DESC, o.weekday IS NOT NULL DESC, o.since DESC LIMIT 1) h ON true
  LEFT JOIN LATERAL (
    SELECT o.* FROM stores_openinghours o WHERE o.store_id = cell.store_no
      AND o.since <= cell.day - 1 AND (o.until IS NULL OR o.until >= cell.day - 1)
      AND (o.weekday IS NULL OR o.weekday = extract(isodow FROM cell.day - 1) - 1)
    ORDER BY o.until IS NOT NULL DESC, o.weekday IS NOT NULL DESC, o.since DESC LIMIT 1) y ON true
), told AS MATERIALIZED (
  SELECT timed.*, p.source, p.receipt_no, p.amount, p.refund_of = '' AND p.amount > 0 AS is_sale,
    p.member_no IS NOT NULL OR late.member_no IS NOT NULL AS is_member,
    LEAST(p.sold_at, p.recorded_at) AT TIME ZONE timed.zone AS here,
    p.latitude AS lat, p.longitude AS lon
  FROM timed CROSS JOIN LATERAL (
    SELECT x.* FROM stores_purchaseline x WHERE x.store_no = timed.store_no
      AND x.sold_at >= timed.begins AND x.sold_at < timed.ends + interval '4 days'
      AND x.sold_at >= %(since)s AND x.sold_at < %(until)s
      AND LEAST(x.sold_at, x.recorded_at) >= timed.begins
      AND LEAST(x.sold_at, x.recorded_at) < timed.ends OFFSET 0) p
  LEFT JOIN LATERAL (
    SELECT r.member_no FROM stores_receiptmember r WHERE p.member_no IS NULL
      AND r.source = p.source AND r.receipt_no = p.receipt_no OFFSET 0) late ON true
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
# A touch by the code of the member, from her registration on; of the visitor otherwise.
TOUCH_BY_SOURCE: Final = """
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
)"""
# A credit by the pushes it rests on, and by the code of the member, from her registration on.
# OFFSET keeps the planner from reading whole months of touches for a few numbers.
CREDIT_BY_SOURCE: Final = """
sourced_credit AS (
  SELECT c.id, 'push' AS part, t.source
  FROM credit c CROSS JOIN LATERAL unnest(c.touches) AS by_touch (id)
  CROSS JOIN LATERAL (
    SELECT x.kind, x.source FROM stores_touch x WHERE x.id = by_touch.id
      AND x.at <= c.sold_at AND x.at >= c.sold_at - interval '400 days' OFFSET 0) t
  WHERE t.kind IN ('push', 'link_open') AND t.source <> ''
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT c.id, 'code', o.source
  FROM credit c JOIN stores_origin o ON o.member_no = c.member_no AND c.sold_at >= o.at
)"""
