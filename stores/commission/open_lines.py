"""Which lines a month would pay: credits since a store was settled last, and what changed before.

How far a store is settled is said of the store (`SettledStore`), whichever company did it: when it
passes to another, nothing is taken back and nothing is paid twice. Settled months are not read
again: a trigger notes each of their credits that is written, changed or taken away.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Min

from stores.commission.models import SettledStore, Settlement
from stores.commission.rules import Month
from stores.org.models import LegalEntity, Store

# For every credit of a guide in a store what it is now, less what was settled of it before: the
# rest belongs to this month. Nothing of it hangs on guesses of the planner: what was sold since by
# index, notes one by one (`OFFSET 0` keeps each look-up a look-up), the rest hashed.
_OPEN_LINES: Final = """
WITH {marked}, own AS (
  SELECT * FROM unnest(%(stores)s::bigint[], %(since)s::timestamptz[], %(opens)s::timestamptz[])
    o(store_no, since, opens)
), settled AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.* FROM marked k CROSS JOIN LATERAL (
      SELECT x.purchase_line, x.guide_no, x.store_no, x.amount, x.receipt_no, x.line, x.sold_at
      FROM stores_settledline x WHERE x.purchase_line = k.purchase_line
        AND x.guide_no = k.guide_no AND x.store_no = k.store_no OFFSET 0) l
  ) known GROUP BY 1, 2, 3
), current AS (
  SELECT purchase_line, guide_no, store_no, sum(amount)::bigint AS amount,
    min(receipt_no) AS receipt_no, min(line) AS line, min(sold_at) AS sold_at
  FROM (
    SELECT l.purchase_line, l.guide_no, l.store_no, l.amount, l.receipt_no, l.line, l.sold_at
    FROM {sold}
    UNION ALL
    SELECT l.* FROM marked k CROSS JOIN LATERAL (
      SELECT x.purchase_line, x.guide_no, x.store_no, x.amount, x.receipt_no, x.line, x.sold_at
      FROM stores_credit x WHERE x.purchase_line = k.purchase_line
        AND x.guide_no = k.guide_no AND x.store_no = k.store_no OFFSET 0) l
    JOIN own o ON o.store_no = l.store_no AND l.sold_at >= o.since AND l.sold_at < o.opens
    WHERE l.sold_at >= {kept}
  ) found GROUP BY 1, 2, 3
), open_lines AS (
  SELECT purchase_line, guide_no, store_no,
    coalesce(c.amount, 0) - coalesce(s.amount, 0) AS amount,
    coalesce(c.receipt_no, s.receipt_no) AS receipt_no, coalesce(c.line, s.line) AS line,
    coalesce(c.sold_at, s.sold_at) AS sold_at
  FROM current c FULL JOIN settled s USING (purchase_line, guide_no, store_no)
  WHERE coalesce(c.amount, 0) <> coalesce(s.amount, 0)
    AND (c.amount IS NOT NULL OR s.sold_at >= {kept})
)
"""
# Credits end after five years, also those that a note still waits for: what was paid stays paid.
# The triggers draw the line at the same moment.
_KEPT: Final = "now() - interval '5 years' + interval '3 days'"
_MARKED: Final = """marked AS MATERIALIZED (
  SELECT DISTINCT purchase_line, guide_no, store_no FROM stores_latecredit
  WHERE store_no = ANY(%(noted)s) {hers}
)"""
# Who settles takes the notes: they go with the same look at the credits that pays them.
_TAKEN: Final = """taken AS (
  DELETE FROM stores_latecredit WHERE store_no = ANY(%(noted)s)
  RETURNING purchase_line, guide_no, store_no
), marked AS MATERIALIZED (SELECT DISTINCT purchase_line, guide_no, store_no FROM taken)"""
# Store by store: one that is months behind would have all others read from there on.
_SOLD: Final = """own o CROSS JOIN LATERAL (
      SELECT * FROM stores_credit x WHERE x.store_no = o.store_no AND x.sold_at >= o.opens
        AND x.sold_at < %(ends)s OFFSET 0) l"""
# Of one guide, said of every side: behind the join it would be looked for in everybody's lines.
_SOLD_BY_ONE: Final = """stores_credit l
      JOIN own o ON o.store_no = l.store_no AND l.sold_at >= o.opens
    WHERE l.guide_no = %(guide)s AND l.sold_at >= %(first)s AND l.sold_at < %(ends)s"""
OPEN_LINES: Final = _OPEN_LINES.format(marked=_MARKED.format(hers=""), sold=_SOLD, kept=_KEPT)
OPEN_LINES_OF_ONE: Final = _OPEN_LINES.format(
    marked=_MARKED.format(hers="AND guide_no = %(guide)s"), sold=_SOLD_BY_ONE, kept=_KEPT
)
OPEN_LINES_TAKEN: Final = _OPEN_LINES.format(marked=_TAKEN, sold=_SOLD, kept=_KEPT)


def lines_params(
    entity: LegalEntity, month: Month, *, stores: list[int] | None = None
) -> dict[str, Any]:
    """The parameters of OPEN_LINES for a month of an entity; for some of its stores alone.

    A store that was settled farther already has nothing in this month; its notes wait for the next.
    A month before the entity's first one is looked at as it was sold: whatever was there before us
    paid it.
    """
    keys = Store.objects.filter(entity=entity).order_by("pk").values_list("pk", flat=True)
    own = list(keys) if stores is None else stores
    earliest = Settlement.objects.filter(entity=entity).aggregate(m=Min("month"))["m"]
    first = Month(earliest or month.first, month.zone)
    is_ours = month.first >= first.first
    begins = first.begins if is_ours else month.begins
    settled = {row.store_id: row for row in SettledStore.objects.filter(store__in=own) if is_ours}
    spans = [
        (store, settled[store].since, settled[store].until)
        if store in settled
        else (store, begins, begins)
        for store in own
    ]
    open_ones = [span for span in spans if span[1] <= month.begins >= span[2]]
    return {
        "stores": [store for store, _, _ in open_ones],
        "since": [since for _, since, _ in open_ones],
        "opens": [until for _, _, until in open_ones],
        "noted": [store for store, _, _ in open_ones if store in settled],
        "first": min((until for _, _, until in open_ones), default=month.begins),
        "begins": month.begins,
        "ends": month.ends,
    }
