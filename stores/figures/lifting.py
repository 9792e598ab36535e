"""Lift from the ledger: what the members of two groups bought within some days after a moment.

Arms of plays are written down the night they are meant, those kept out of a push when it is
launched: later it could not be told who was. A push may mean a million: who they are, what each
spent and the sums of both sides stay in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q
from django.utils.module_loading import import_string

from kit.actions import must_be_in_action
from stores.figures.lift import Lift, Side, lift_between
from stores.figures.models_of_lift import Arm

DAYS: Final = (7, 14, 30)
KINDS: Final[Mapping[str, str]] = {"push": "群发", "play": "阶段玩法"}
Member = tuple[int, bool, datetime]

_SIDES: Final = """
WITH RECURSIVE side AS (
  SELECT member_no, treated, at FROM stores_arm WHERE kind = %(kind)s AND source = %(source)s
  UNION ALL
  SELECT member_no, true, at FROM ({meant}) meant
)
"""
# What is known beforehand: only the months concerned are looked at.
_TIMES: Final = """
SELECT count(*), count(*) FILTER (WHERE at + %(span)s <= %(now)s),
  min(at) FILTER (WHERE at + %(span)s <= %(now)s), max(at) FILTER (WHERE at + %(span)s <= %(now)s)
FROM side
"""
# All numbers that mean a person; receipts that were hers only later; net of refunds. Members meet
# their money by being grouped with it: joined, a million would hang on the planner's guess of one.
_SPENT: Final = """
, ripe AS (
  SELECT member_no, treated, at FROM side WHERE at + %(span)s <= %(now)s
), hers AS (
  SELECT member_no, at, member_no AS number FROM ripe
  UNION
  SELECT h.member_no, h.at, m.member_no FROM hers h
  JOIN stores_mergedmember m ON m.into_no = h.number AND m.undone_at IS NULL
), bought AS (
  SELECT h.member_no, l.amount FROM hers h JOIN stores_purchaseline l ON l.member_no = h.number
    AND l.sold_at >= h.at AND l.sold_at < h.at + %(span)s
  WHERE l.sold_at >= %(first)s AND l.sold_at < %(last)s
  UNION ALL
  SELECT h.member_no, l.amount FROM hers h JOIN stores_receiptmember r ON r.member_no = h.number
  JOIN stores_receiptkey k ON k.source = r.source AND k.receipt_no = r.receipt_no
    AND k.sold_at >= h.at AND k.sold_at < h.at + %(span)s
  JOIN stores_purchaseline l ON l.id = k.purchase_line AND l.sold_at = k.sold_at
    AND l.member_no IS NULL
  WHERE l.sold_at >= %(first)s AND l.sold_at < %(last)s
), each AS (
  SELECT member_no, sum(treated) AS treated, sum(held) AS held, sum(amount)::bigint AS amount
  FROM (
    SELECT member_no, treated::int, (NOT treated)::int AS held, 0::bigint AS amount FROM ripe
    UNION ALL
    SELECT member_no, 0, 0, amount FROM bought
  ) x GROUP BY 1
)
SELECT treated, sum(times), coalesce(sum(times) FILTER (WHERE amount > 0), 0),
  sum(times * amount), sum(times * amount::numeric * amount), max(amount)
FROM (
  SELECT true AS treated, treated AS times, amount FROM each WHERE treated > 0
  UNION ALL
  SELECT false, held, amount FROM each WHERE held > 0
) sides GROUP BY 1
"""
_MIXED: Final = """
SELECT count(DISTINCT a.member_no) FROM side a
JOIN stores_touch t ON t.member_no = a.member_no AND t.at >= a.at AND t.at < a.at + %(span)s
WHERE NOT a.treated AND a.at + %(span)s <= %(now)s AND t.at >= %(first)s AND t.at < %(last)s
  AND CASE WHEN %(kind)s = 'push' THEN t.kind IN ('push', 'link_open') AND t.source = %(source)s
    ELSE t.kind IN ('push', 'call', 'draft_sent') END
"""


@dataclass(frozen=True, slots=True)
class Meant:
    """Who was meant beside those noted: a statement for (member_no, at), never their list.

    Its parameters begin with `meant_`.
    """

    statement: str = "SELECT NULL::bigint AS member_no, NULL::timestamptz AS at WHERE false"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A push or a play with members kept out: how many rows it has, since when, until when."""

    kind: str
    source: str
    held: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """A lift, over how many days, and how many members' days are not over yet."""

    lift: Lift
    days: int
    too_young: int


def note_arms(kind: str, source: str, members: Iterable[Member], stores: Mapping[int, int]) -> int:
    """Write down on which side members stand; who was noted before stays as she was. A step."""
    must_be_in_action()
    rows = [
        Arm(kind=kind, source=source, member_no=no, store_no=stores.get(no), treated=is_in, at=at)
        for no, is_in, at in members
    ]
    return len(Arm.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True))


def experiments(*, most: int = 50) -> list[Experiment]:
    """Every push and play of which somebody was kept out, the newest first: one query."""
    rows = (
        Arm.objects.order_by()
        .values("kind", "source")
        .annotate(out=Count("pk", filter=Q(treated=False)), first=Min("at"), last=Max("at"))
        .order_by("-last", "source")[:most]
    )
    return [
        Experiment(row["kind"], row["source"], row["out"], row["first"], row["last"])
        for row in rows
    ]


def measure(kind: str, source: str, *, days: int, now: datetime) -> Measured:
    """The lift of one push or play within so many days after each member's moment.

    Whose days are not over is left out. Three statements, however many members.
    """
    board: Mapping[str, str] = import_string(settings.FIGURE_ARMS)
    meant = Meant()
    if kind in board:
        meant = cast(Callable[[str], Meant], import_string(board[kind]))(source)
    sides = _SIDES.format(meant=meant.statement)
    params = {
        **meant.params,
        "kind": kind,
        "source": source,
        "span": timedelta(days=days),
        "now": now,
    }
    ((members, ripe, first, last),) = _read(sides + _TIMES, params)
    found: dict[bool, tuple[int, ...]] = {}
    mixed = 0
    if ripe:
        params |= {"first": first, "last": last + params["span"]}
        found = {row[0]: tuple(map(int, row[1:])) for row in _read(sides + _SPENT, params)}
        ((mixed,),) = _read(sides + _MIXED, params)
    nobody = (0, 0, 0, 0, 0)
    *treated, most = found.get(True, nobody)
    *held, most_held = found.get(False, nobody)
    lift = lift_between(
        Side.of_sums(*treated),
        Side.of_sums(*held),
        mixed=mixed,
        largest=max(most, most_held),
        total=treated[2] + held[2],
    )
    return Measured(lift, days, members - ripe)


def _read(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
