"""The ledger's facts about members as SQL: who bought, touched, opened, sits in a group.

Receipts that got their member later and numbers merged into another are hers too. The same text
answers for everybody and, with `ids`, for a few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

# Every number that was merged away, with the one that it means today.
MERGED = """
WITH RECURSIVE w(no, into_no) AS (
  SELECT member_no, into_no FROM stores_mergedmember WHERE undone_at IS NULL
  UNION
  SELECT w.no, m.into_no FROM w
  JOIN stores_mergedmember m ON m.member_no = w.into_no AND m.undone_at IS NULL
) SELECT no, into_no FROM w WHERE NOT EXISTS (
  SELECT 1 FROM stores_mergedmember x WHERE x.member_no = w.into_no AND x.undone_at IS NULL)
"""
_LINES = """
SELECT l.member_no AS who, l.sold_at, l.amount, l.source, l.receipt_no FROM stores_purchaseline l
WHERE l.member_no IS NOT NULL {asked} {some}
UNION ALL
SELECT r.member_no, l.sold_at, l.amount, l.source, l.receipt_no FROM stores_receiptmember r
JOIN stores_receiptkey k ON k.source = r.source AND k.receipt_no = r.receipt_no
JOIN stores_purchaseline l ON l.id = k.purchase_line AND l.sold_at = k.sold_at
WHERE l.member_no IS NULL {asked} {some_late}
"""
_BOUGHT = """
SELECT COALESCE(m.into_no, f.who) AS who, f.sold_at, f.amount, f.source, f.receipt_no
FROM ({lines}) f LEFT JOIN ({merged}) m ON m.no = f.who
"""
_TOUCHES = """
SELECT t.member_no AS who, t.at FROM stores_touch t
WHERE t.member_no IS NOT NULL AND t.kind = ANY(%s) {asked} {some}
"""
# Whatever she does in the mini program or the shop, she has opened it.
_EVENTS = """
SELECT e.member_id AS who, e.at FROM members_behaviourevent e WHERE true {asked} {some}
"""
_TOUCHED = """
SELECT COALESCE(m.into_no, f.who) AS who, f.at
FROM ({lines}) f LEFT JOIN ({merged}) m ON m.no = f.who
"""
_GROUPS = """
SELECT who FROM (
  SELECT DISTINCT ON (COALESCE(m.into_no, t.member_no), t.source)
    COALESCE(m.into_no, t.member_no) AS who, t.kind
  FROM stores_touch t LEFT JOIN ({merged}) m ON m.no = t.member_no
  WHERE t.kind IN ('group_join', 'group_leave') AND t.member_no IS NOT NULL {some}
  ORDER BY COALESCE(m.into_no, t.member_no), t.source, t.at DESC, t.id DESC
) last WHERE last.kind = 'group_join'
"""
_AND_MERGED = (
    "AND {column} = ANY(ARRAY(SELECT unnest(%s::bigint[])"
    " UNION SELECT no FROM ({merged}) x WHERE x.into_no = ANY(%s::bigint[])))"
)


@dataclass(frozen=True, slots=True)
class Text:
    """SQL and its parameters."""

    sql: str
    params: tuple[Any, ...] = field(default=())


def first_moment(day: date) -> datetime:
    """When a day of the house begins."""
    return datetime.combine(day, time(), timezone.get_default_timezone())


def day_of(at: datetime) -> date:
    """The day of the house that a moment belongs to."""
    return timezone.localdate(at, timezone.get_default_timezone())


def _some(column: str, ids: Sequence[int] | None) -> Text:
    if ids is None:
        return Text("")
    sql = _AND_MERGED.format(column=column, merged=MERGED)
    return Text(sql, (list(ids), list(ids)))


def window_of(value: Mapping[str, Any], at: datetime) -> Text:
    """The purchases a figure asks about: since when, until when, of which goods."""
    conditions, params = [], list[Any]()
    since = value.get("since")
    if "within_days" in value:
        since = (day_of(at) - timedelta(days=value["within_days"])).isoformat()
    if since is not None:
        conditions.append("AND l.sold_at >= %s")
        params.append(first_moment(date.fromisoformat(since)))
    if "until" in value:
        conditions.append("AND l.sold_at < %s")
        params.append(first_moment(date.fromisoformat(value["until"]) + timedelta(days=1)))
    if "skus" in value:
        conditions.append("AND l.sku = ANY(%s)")
        params.append(list(value["skus"]))
    if "categories" in value:
        conditions.append(
            "AND l.sku IN (SELECT p.sku FROM stores_product p WHERE p.category = ANY(%s))"
        )
        params.append(list(value["categories"]))
    return Text(" ".join(conditions), tuple(params))


def bought(value: Mapping[str, Any], at: datetime, ids: Sequence[int] | None = None) -> Text:
    """Rows (who, sold_at, amount, source, receipt_no): every line in the window, refunds too."""
    asked = window_of(value, at)
    some, late = _some("l.member_no", ids), _some("r.member_no", ids)
    lines = _LINES.format(asked=asked.sql, some=some.sql, some_late=late.sql)
    params = (*asked.params, *some.params, *asked.params, *late.params)
    return Text(_BOUGHT.format(lines=lines, merged=MERGED), params)


def figure(name: str, value: Mapping[str, Any], at: datetime, ids: Sequence[int] | None) -> Text:
    """Rows (who, figure): how many receipts ("purchased") or how much, net ("spent")."""
    rows = bought(value, at, ids)
    what = (
        "count(DISTINCT (source, receipt_no)) FILTER (WHERE amount > 0)"
        if name == "purchased"
        else "GREATEST(sum(amount), 0)"
    )
    return Text(
        f"SELECT who, ({what})::bigint AS figure FROM ({rows.sql}) b GROUP BY who",  # noqa: S608
        rows.params,
    )


def last_bought(ids: Sequence[int] | None = None) -> Text:
    """Rows (who, at): when she last bought something."""
    rows = bought({}, timezone.now(), ids)
    return Text(
        f"SELECT who, max(sold_at) AS at FROM ({rows.sql}) b WHERE amount > 0 GROUP BY who",  # noqa: S608
        rows.params,
    )


def touched(
    kinds: Sequence[str], *, since: datetime | None = None, ids: Sequence[int] | None = None
) -> Text:
    """Rows (who, at): touches of these kinds."""
    some = _some("t.member_no", ids)
    asked = Text("") if since is None else Text("AND t.at >= %s", (since,))
    lines = _TOUCHES.format(asked=asked.sql, some=some.sql)
    params = (list(kinds), *asked.params, *some.params)
    return Text(_TOUCHED.format(lines=lines, merged=MERGED), params)


def opened(
    kinds: Sequence[str], *, since: datetime | None = None, ids: Sequence[int] | None = None
) -> Text:
    """Rows (who, at): touches of these kinds, and what she did in our mini program, app or shop."""
    some, hers = _some("t.member_no", ids), _some("e.member_id", ids)
    asked, later = Text(""), Text("")
    if since is not None:
        asked, later = Text("AND t.at >= %s", (since,)), Text("AND e.at >= %s", (since,))
    touches = _TOUCHES.format(asked=asked.sql, some=some.sql)
    events = _EVENTS.format(asked=later.sql, some=hers.sql)
    params = (list(kinds), *asked.params, *some.params, *later.params, *hers.params)
    return Text(_TOUCHED.format(lines=f"{touches} UNION ALL {events}", merged=MERGED), params)


def in_groups(ids: Sequence[int] | None = None) -> Text:
    """Rows (who): who joined a customer group and did not leave it."""
    some = _some("t.member_no", ids)
    return Text(_GROUPS.format(some=some.sql, merged=MERGED), some.params)
