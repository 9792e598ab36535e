"""Which lines a month would pay: credits since what was settled last, and what changed before it.

Settled months are not read again. A trigger notes each of their credits that is written, changed
or taken away, and each is looked at by its number.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Max, Min

from stores.commission.models import Settlement
from stores.commission.rules import Month
from stores.org.models import LegalEntity, Store

# For every credit of a guide in a store what it is now, less what was settled of it before: the
# rest belongs to this month. What was sold before the first settled month was paid by whatever was
# there before us. Of a month that is being settled in this moment the lines so far count.
_OPEN_LINES: Final = """
WITH {marked}, settled AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM marked k JOIN stores_settledline l USING (purchase_line, guide_no, store_no)
    JOIN stores_settlement s ON s.id = l.settlement_id
    WHERE s.entity_id = %(entity)s AND s.month < %(month)s
    UNION ALL
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM stores_settledline l
    WHERE l.settlement_id = %(running)s AND l.sold_at >= %(opens)s {hers} AND NOT EXISTS (
      SELECT FROM marked k WHERE k.purchase_line = l.purchase_line AND k.guide_no = l.guide_no
        AND k.store_no = l.store_no)
  ) known GROUP BY 1, 2, 3
), current AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM stores_credit l
    WHERE l.store_no = ANY(%(stores)s) AND l.sold_at >= %(opens)s AND l.sold_at < %(ends)s {hers}
      AND NOT EXISTS (
        SELECT FROM marked k WHERE k.purchase_line = l.purchase_line AND k.guide_no = l.guide_no
          AND k.store_no = l.store_no)
    UNION ALL
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM marked k JOIN stores_credit l USING (purchase_line, guide_no, store_no)
    WHERE l.store_no = ANY(%(stores)s) AND l.sold_at >= %(since)s AND l.sold_at < %(ends)s
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
    first, running, last = _settled(entity, month)
    since = Month(min(first or month.first, month.first), month.zone)
    opens = Month(last, month.zone).away(1) if last else since
    stores = list(Store.objects.filter(entity=entity).values_list("pk", flat=True))
    return {
        "entity": entity.pk,
        "month": month.first,
        "stores": stores,
        "since": since.begins,
        "opens": opens.begins,
        "running": running,
        "begins": month.begins,
        "ends": month.ends,
    }


def _settled(entity: LegalEntity, month: Month) -> tuple[Any, int | None, Any]:
    """The first month ever; before the asked one the settlement under way, and the last month."""
    first = Settlement.objects.filter(entity=entity).aggregate(first=Min("month"))["first"]
    before = Settlement.objects.filter(entity=entity, month__lt=month.first)
    running = before.filter(commission=None).values_list("pk", flat=True).first()
    last = before.exclude(commission=None).aggregate(last=Max("month"))["last"]
    return first, running, last
