"""From a payslip down to its receipts: what a month counts of each, page by page, to the last yuan.

The receipts of all pages sum exactly to the sales and adjustments that stand above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from stores.commission.models import Settlement
from stores.commission.open_lines import OPEN_LINES_OF_ONE, lines_params
from stores.commission.rules import Month
from stores.conversions.models import Credit
from stores.org.models import Guide

PAGE: Final = 50
# Lines of a receipt share their moment; another till's receipt of the same number does not. What
# changed of earlier months stands first: it is little, and it is what one asks about.
_BY_RECEIPT: Final = """
SELECT receipt_no, sold_at, {is_adjustment} AS is_adjustment, count(*), sum(amount)::bigint,
  min(purchase_line)
FROM {lines} WHERE guide_no = %(guide)s {more}
GROUP BY 1, 2, 3 ORDER BY 3 DESC, 2 DESC, 1 LIMIT %(limit)s OFFSET %(offset)s
"""
_OPEN: Final = OPEN_LINES_OF_ONE + _BY_RECEIPT.format(
    is_adjustment="sold_at < %(begins)s", lines="open_lines", more=""
)
_SETTLED: Final = _BY_RECEIPT.format(
    is_adjustment="is_adjustment",
    lines="stores_settledline",
    more="AND settlement_id = %(settlement)s",
)


@dataclass(frozen=True, slots=True)
class SlipReceipt:
    """What a month counts of one receipt. Without a source nothing of it is hers any more."""

    receipt_no: str
    sold_at: datetime
    is_adjustment: bool
    lines: int
    amount: int
    source: str


def receipts_so_far(guide: Guide, month: Month, page: int) -> tuple[list[SlipReceipt], bool]:
    """A page of what the running month comes to so far; whether more follow."""
    params = {**lines_params(guide.store.entity, month), "guide": guide.pk}
    return _receipts(_OPEN, params, page)


def receipts_of(settled: Settlement, guide: Guide, page: int) -> tuple[list[SlipReceipt], bool]:
    """A page of what a settled month counted for a guide; whether more follow."""
    return _receipts(_SETTLED, {"settlement": settled.pk, "guide": guide.pk}, page)


def _receipts(statement: str, params: dict[str, Any], page: int) -> tuple[list[SlipReceipt], bool]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**params, "limit": PAGE + 1, "offset": page * PAGE})
        rows = cursor.fetchall()
    sources = _sources([row[5] for row in rows[:PAGE]])
    found = [
        SlipReceipt(number, at, is_adjustment, lines, amount, sources.get(line, ""))
        for number, at, is_adjustment, lines, amount, line in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def _sources(lines: Sequence[int]) -> dict[int, str]:
    """Whose receipt numbers these are, of lines that still are hers."""
    return dict(
        Credit.objects.filter(purchase_line__in=lines).values_list("purchase_line", "source")
    )
