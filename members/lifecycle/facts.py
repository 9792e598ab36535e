"""From the ledger to one row per person, in PostgreSQL: what she bought, netted, by shop days.

A line belongs to whom it was sold to, to who claimed its receipt later, and to the member her
number was merged into. A refund is netted on the day of the sale that it takes back; one whose
sale is not in the ledger changes nothing. Days that end at zero are no purchases.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

# Days are counted from here, so that a day and its amount fit into one number; see `_PER_PERSON`.
_EPOCH: Final = "DATE '1990-01-01'"

# Everybody who was merged into somebody, or somebody into her.
_MERGED: Final = """
CREATE TEMP TABLE lifecycle_due AS
SELECT member_no AS person FROM stores_mergedmember WHERE undone_at IS NULL
UNION SELECT into_no FROM stores_mergedmember WHERE undone_at IS NULL
"""

# Each number by itself: to look up for each line whom it was merged into, in a table of the
# session, would keep PostgreSQL from reading with more than one process.
_LINES_OF_ALL: Final = """
SELECT l.member_no AS person, l.store_no, l.sold_at, l.amount
FROM (
  SELECT p.member_no, p.store_no, p.sold_at, p.amount FROM stores_purchaseline p
  WHERE p.member_no IS NOT NULL AND p.refund_of = ''
  UNION ALL
  SELECT late.member_no, p.store_no, p.sold_at, p.amount
  FROM stores_receiptmember late
  JOIN stores_receiptkey k ON k.source = late.source AND k.receipt_no = late.receipt_no
  JOIN stores_purchaseline p ON p.id = k.purchase_line AND p.sold_at = k.sold_at
  WHERE p.member_no IS NULL AND p.refund_of = ''
  UNION ALL
  SELECT COALESCE(sale.member_no, late.member_no), sale.store_no, sale.sold_at, back.amount
  FROM stores_receiptkey b
  JOIN stores_purchaseline back ON back.id = b.purchase_line AND back.sold_at = b.sold_at
  JOIN stores_receiptkey s ON s.source = b.source
    AND s.receipt_no = split_part(b.refund_of, '/', 1)
    AND s.line = split_part(b.refund_of, '/', 2)::int
  JOIN stores_purchaseline sale ON sale.id = s.purchase_line AND sale.sold_at = s.sold_at
  LEFT JOIN stores_receiptmember late
    ON late.source = s.source AND late.receipt_no = s.receipt_no AND sale.member_no IS NULL
  WHERE b.refund_of <> '' AND sale.refund_of = ''
) l
WHERE l.member_no IS NOT NULL
"""

# Every number under which the persons of lifecycle_due bought. A table, so that PostgreSQL knows
# how many they are: a few are looked up by index, for many the ledger is read past them.
_NUMBERS: Final = """
CREATE TEMP TABLE lifecycle_numbers AS
WITH RECURSIVE numbers AS (
  SELECT d.person AS member_no, d.person FROM lifecycle_due d
  -- Who became somebody else bought nothing herself: it is all the other's.
  WHERE NOT EXISTS (SELECT 1 FROM stores_mergedmember m
    WHERE m.member_no = d.person AND m.undone_at IS NULL)
  UNION
  SELECT m.member_no, n.person FROM numbers n
  JOIN stores_mergedmember m ON m.into_no = n.member_no AND m.undone_at IS NULL
)
SELECT member_no, person FROM numbers
"""

_LINES_OF_DUE: Final = """
WITH sales AS MATERIALIZED (
  SELECT n.person, p.source, p.receipt_no, p.line, p.store_no, p.sold_at, p.amount
  FROM lifecycle_numbers n JOIN stores_purchaseline p ON p.member_no = n.member_no
  WHERE p.refund_of = ''
  UNION ALL
  SELECT n.person, p.source, p.receipt_no, p.line, p.store_no, p.sold_at, p.amount
  FROM lifecycle_numbers n
  JOIN stores_receiptmember late ON late.member_no = n.member_no
  JOIN stores_receiptkey k ON k.source = late.source AND k.receipt_no = late.receipt_no
  JOIN stores_purchaseline p ON p.id = k.purchase_line AND p.sold_at = k.sold_at
  WHERE p.member_no IS NULL AND p.refund_of = ''
)
SELECT person, store_no, sold_at, amount FROM sales
UNION ALL
SELECT sales.person, sales.store_no, sales.sold_at, back.amount
FROM sales
JOIN stores_receiptkey b ON b.source = sales.source AND b.refund_of <> ''
  AND b.refund_of = sales.receipt_no || '/' || sales.line
JOIN stores_purchaseline back ON back.id = b.purchase_line AND back.sold_at = b.sold_at
"""

# The first day and what it came to travel as one number: the smallest of them is the first day's.
# Sums of whole numbers are exact as floats up to 2^53, ninety million million of minor units, and
# cheap to hand from one process to another, which sums of bigint are not.
_PER_PERSON: Final = """
SELECT person, count(*)::int AS frequency,
  {epoch} + (min(day_and_net) >> 46)::int AS first_on, {epoch} + max(day) AS last_on,
  sum(net)::bigint AS monetary_minor,
  sum(net)::bigint - (min(day_and_net) & ((1::bigint << 46) - 1)) AS repeat_minor
FROM (
  SELECT person, day, sum(amount) AS net,
    (day::bigint << 46) | sum(amount)::bigint AS day_and_net
  FROM (
    SELECT l.person, l.amount::float8 AS amount,
      ((l.sold_at AT TIME ZONE s.time_zone)::date - {epoch}) AS day
    FROM ({lines}) l JOIN stores_store s ON s.id = l.store_no
  ) dated GROUP BY person, day HAVING sum(amount) > 0
) days GROUP BY person {order}
"""


def gather_everybody() -> int:
    """Fill the session's table `lifecycle_bought` from one scan of the purchases; its rows.

    Inside an action of the product, which sees the whole ledger. Replaces what was gathered before.
    Rows stand in the order of numbers: portions and the sample read neighbours, not all over it.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lifecycle_bought, lifecycle_due")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        # By sorting, people come out in the order of numbers, and a ledger that is larger than
        # memory is sorted by several processes instead of being spilled by one.
        cursor.execute("SET LOCAL enable_hashagg = off")
        of_all = _PER_PERSON.format(epoch=_EPOCH, lines=_LINES_OF_ALL, order="ORDER BY person")
        cursor.execute(f"CREATE TEMP TABLE lifecycle_bought AS {of_all}")
        gathered = int(cursor.rowcount)
        cursor.execute("SET LOCAL enable_hashagg TO DEFAULT")
        gathered += _join_merged(cursor)
        cursor.execute("CREATE INDEX ON lifecycle_bought (person)")
        cursor.execute("ANALYZE lifecycle_bought")
    return gathered


def gather_due() -> None:
    """The same for the persons in the session's table `lifecycle_due`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lifecycle_bought")
        cursor.execute(f"CREATE TEMP TABLE lifecycle_bought AS {_of_due(cursor)}")
        cursor.execute("ANALYZE lifecycle_bought")


def _join_merged(cursor: Any) -> int:
    """What was bought under any of their numbers is one person's; how many rows more that makes."""
    cursor.execute(_MERGED)
    cursor.execute("ANALYZE lifecycle_due")
    cursor.execute(
        "DELETE FROM lifecycle_bought WHERE person IN (SELECT person FROM lifecycle_due)"
    )
    apart = int(cursor.rowcount)
    cursor.execute(f"INSERT INTO lifecycle_bought {_of_due(cursor)}")
    more = int(cursor.rowcount) - apart
    cursor.execute("DROP TABLE lifecycle_due")
    return more


def _of_due(cursor: Any) -> str:
    """The question what the persons of `lifecycle_due` bought; their numbers stand in a table."""
    cursor.execute("DROP TABLE IF EXISTS lifecycle_numbers")
    cursor.execute(_NUMBERS)
    cursor.execute("ANALYZE lifecycle_numbers")
    return _PER_PERSON.format(epoch=_EPOCH, lines=_LINES_OF_DUE, order="")


def forget_gathered() -> None:
    """Drop the session's tables; a connection that goes back to a pool takes none along."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS lifecycle_bought, lifecycle_due, lifecycle_numbers,"
            " lifecycle_outlook"
        )
