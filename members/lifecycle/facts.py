"""From the ledger to one row per person, in PostgreSQL: what she bought, netted, by shop days.

A line belongs to whom it was sold to, to who claimed its receipt later, and to the member her
number was merged into. A refund is netted on the day of the sale that it takes back; one whose
sale is not in the ledger changes nothing. Days that end at zero are no purchases.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

# Days are counted from here, so that a day and its amount fit into one number; see `_PER_PERSON`.
_EPOCH: Final = "DATE '1990-01-01'"

_CALLED: Final = """
CREATE TEMP TABLE lifecycle_called AS
WITH RECURSIVE called AS (
  SELECT member_no, into_no AS person, 1 AS steps FROM stores_mergedmember WHERE undone_at IS NULL
  UNION ALL
  SELECT c.member_no, m.into_no, c.steps + 1 FROM called c
  JOIN stores_mergedmember m ON m.member_no = c.person AND m.undone_at IS NULL
  WHERE c.steps < 50
)
SELECT DISTINCT ON (member_no) member_no, person FROM called ORDER BY member_no, steps DESC
"""

_LINES_OF_ALL: Final = """
SELECT COALESCE(c.person, l.member_no) AS person, l.store_no, l.sold_at, l.amount
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
) l LEFT JOIN lifecycle_called c ON c.member_no = l.member_no
WHERE l.member_no IS NOT NULL
"""

# The same for the persons of lifecycle_due, by indexes instead of by a scan.
_LINES_OF_DUE: Final = """
WITH RECURSIVE numbers AS (
  SELECT d.person AS member_no, d.person FROM lifecycle_due d
  -- Who became somebody else bought nothing herself: it is all the other's.
  WHERE NOT EXISTS (SELECT 1 FROM stores_mergedmember m
    WHERE m.member_no = d.person AND m.undone_at IS NULL)
  UNION
  SELECT m.member_no, n.person FROM numbers n
  JOIN stores_mergedmember m ON m.into_no = n.member_no AND m.undone_at IS NULL
), sales AS MATERIALIZED (
  SELECT n.person, p.source, p.receipt_no, p.line, p.store_no, p.sold_at, p.amount
  FROM numbers n JOIN stores_purchaseline p ON p.member_no = n.member_no
  WHERE p.refund_of = ''
  UNION ALL
  SELECT n.person, p.source, p.receipt_no, p.line, p.store_no, p.sold_at, p.amount
  FROM numbers n
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
_PER_PERSON: Final = """
CREATE TEMP TABLE lifecycle_bought AS
SELECT person, count(*)::int AS frequency,
  {epoch} + (min(day_and_net) >> 46)::int AS first_on, {epoch} + max(day) AS last_on,
  sum(net)::bigint AS monetary_minor,
  (sum(net) - (min(day_and_net) & ((1::bigint << 46) - 1)))::bigint AS repeat_minor
FROM (
  SELECT person, day, sum(amount)::bigint AS net,
    (day::bigint << 46) | sum(amount)::bigint AS day_and_net
  FROM (
    SELECT l.person, l.amount, ((l.sold_at AT TIME ZONE s.time_zone)::date - {epoch}) AS day
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
        cursor.execute("DROP TABLE IF EXISTS lifecycle_bought, lifecycle_called")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(_CALLED)
        cursor.execute("ANALYZE lifecycle_called")
        cursor.execute(
            _PER_PERSON.format(epoch=_EPOCH, lines=_LINES_OF_ALL, order="ORDER BY person")
        )
        gathered = int(cursor.rowcount)
        cursor.execute("CREATE INDEX ON lifecycle_bought (person)")
        cursor.execute("ANALYZE lifecycle_bought")
    return gathered


def gather_due() -> None:
    """The same for the persons in the session's table `lifecycle_due`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lifecycle_bought")
        cursor.execute(_PER_PERSON.format(epoch=_EPOCH, lines=_LINES_OF_DUE, order=""))
        cursor.execute("ANALYZE lifecycle_bought")


def forget_gathered() -> None:
    """Drop the session's tables; a connection that goes back to a pool takes none along."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS lifecycle_bought, lifecycle_called, lifecycle_due,"
            " lifecycle_outlook"
        )
