"""Which lines a month would pay: credits since what was settled last, and what changed before it.

Settled months are not read again. A trigger notes each of their credits that is written, changed
or taken away, and each is looked at by its number.
"""

from __future__ import annotations

from typing import Any, Final

from stores.commission.models import Settlement
from stores.commission.rules import Month
from stores.org.models import LegalEntity, Store

# For every credit of a guide in a store what it is now, less what was settled of it before: the
# rest belongs to this month. What was sold before the first settled month was paid by whatever was
# there before us. Of a month that is being settled in this moment the lines so far count.
# Nothing of it hangs on guesses of the planner: windows by index, notes one by one (`OFFSET 0`
# keeps each look-up a look-up), the rest hashed.
_OPEN_LINES: Final = """
WITH {marked}, settled AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.* FROM marked k CROSS JOIN LATERAL (
      SELECT x.purchase_line, x.guide_no, x.store_no, x.amount, x.receipt_no, x.line, x.sold_at,
        x.settlement_id
      FROM stores_settledline x WHERE x.purchase_line = k.purchase_line
        AND x.guide_no = k.guide_no AND x.store_no = k.store_no OFFSET 0) l
    WHERE l.settlement_id = ANY(%(before)s)
      AND (l.settlement_id <> %(running)s OR l.sold_at < %(opens)s)
    UNION ALL
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at,
      l.settlement_id
    FROM stores_settledline l
    WHERE l.settlement_id = %(running)s AND l.sold_at >= %(opens)s {hers}
  ) known GROUP BY 1, 2, 3
), current AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM stores_credit l
    WHERE l.store_no = ANY(%(stores)s) AND l.sold_at >= %(opens)s AND l.sold_at < %(ends)s {hers}
    UNION ALL
    SELECT l.* FROM marked k CROSS JOIN LATERAL (
      SELECT x.purchase_line, x.guide_no, x.store_no, x.amount, x.receipt_no, x.line, x.sold_at
      FROM stores_credit x WHERE x.purchase_line = k.purchase_line
        AND x.guide_no = k.guide_no AND x.store_no = k.store_no OFFSET 0) l
    WHERE l.store_no = ANY(%(stores)s) AND l.sold_at >= %(since)s AND l.sold_at < %(opens)s
  ) found GROUP BY 1, 2, 3
), open_lines AS (
  SELECT purchase_line, guide_no, store_no,
    coalesce(c.amount, 0) - coalesce(s.amount, 0) AS amount,
    coalesce(c.receipt_no, s.receipt_no) AS receipt_no, coalesce(c.line, s.line) AS line,
    coalesce(c.sold_at, s.sold_at) AS sold_at
  FROM current c FULL JOIN settled s USING (purchase_line, guide_no, store_no)
  WHERE coalesce(c.amount, 0) <> coalesce(s.amount, 0)
)
"""
_MARKED: Final = """marked AS MATERIALIZED (
  SELECT DISTINCT purchase_line, guide_no, store_no FROM stores_latecredit
  WHERE entity_no = %(entity)s {hers}
)"""
# Who settles takes the notes: they go with the same look at the credits that pays them.
_TAKEN: Final = """taken AS (
  DELETE FROM stores_latecredit WHERE entity_no = %(entity)s AND store_no = %(store)s
  RETURNING purchase_line, guide_no, store_no
), marked AS MATERIALIZED (SELECT DISTINCT purchase_line, guide_no, store_no FROM taken)"""
OPEN_LINES: Final = _OPEN_LINES.format(marked=_MARKED.format(hers=""), hers="")
# Of one guide, said of every side: behind the join it would be looked for in everybody's lines.
OPEN_LINES_OF_ONE: Final = _OPEN_LINES.format(
    marked=_MARKED.format(hers="AND guide_no = %(guide)s"), hers="AND l.guide_no = %(guide)s"
)
OPEN_LINES_TAKEN: Final = _OPEN_LINES.format(marked=_TAKEN, hers="")


def lines_params(entity: LegalEntity, month: Month) -> dict[str, Any]:
    """The parameters of OPEN_LINES for a month of an entity."""
    settled = list(
        Settlement.objects.filter(entity=entity)
        .order_by("month")
        .values_list("pk", "month", "commission")
    )
    before = [row for row in settled if row[1] < month.first]
    done = [first for _, first, commission in before if commission is not None]
    since = Month(min([month.first, *(first for _, first, _ in settled)]), month.zone)
    opens = Month(done[-1], month.zone).away(1) if done else since
    stores = list(Store.objects.filter(entity=entity).values_list("pk", flat=True))
    return {
        "entity": entity.pk,
        "before": [key for key, _, _ in before],
        # One at most; no row has the number 0.
        "running": next((key for key, _, commission in before if commission is None), 0),
        "stores": stores,
        "since": since.begins,
        "opens": opens.begins,
        "begins": month.begins,
        "ends": month.ends,
    }
