"""Lift from the ledger: what the members of two groups bought within some days after a moment.

Any set of (member number, treated, at) will do. Arms of plays are written down the night they are
meant, those kept out of a push when it is launched: later it could not be told who was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q
from django.utils.module_loading import import_string

from kit.actions import must_be_in_action
from stores.figures.lift import Lift, lift_of
from stores.figures.models_of_lift import Arm

DAYS: Final = (7, 14, 30)
KINDS: Final[Mapping[str, str]] = {"push": "群发", "play": "阶段玩法"}
Member = tuple[int, bool, datetime]

# All numbers that mean a person; receipts that were hers only later; net of refunds.
_SPENT: Final = """
WITH RECURSIVE arm AS (
  SELECT * FROM unnest(%(members)s::bigint[], %(at)s::timestamptz[]) AS a (member_no, at)
), hers AS (
  SELECT member_no, at, member_no AS number FROM arm
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
)
SELECT member_no, sum(amount)::bigint FROM bought GROUP BY 1
"""
_MIXED: Final = """
SELECT count(DISTINCT a.member_no)
FROM unnest(%(members)s::bigint[], %(at)s::timestamptz[]) AS a (member_no, at)
JOIN stores_touch t ON t.member_no = a.member_no AND t.at >= a.at AND t.at < a.at + %(span)s
WHERE t.at >= %(first)s AND t.at < %(last)s
  AND CASE WHEN %(kind)s = 'push' THEN t.kind IN ('push', 'link_open') AND t.source = %(source)s
    ELSE t.kind IN ('push', 'call', 'draft_sent') END
"""


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
    """The lift of one push or play within so many days after each member's moment."""
    noted = Arm.objects.filter(kind=kind, source=source)
    members: list[Member] = list(noted.values_list("member_no", "treated", "at"))
    board: Mapping[str, str] = import_string(settings.FIGURE_ARMS)
    if kind in board:
        meant = cast(Callable[[str], list[Member]], import_string(board[kind]))
        members += meant(source)
    return measure_set(members, days=days, now=now, kind=kind, source=source)


def measure_set(
    members: Sequence[Member], *, days: int, now: datetime, kind: str = "push", source: str = ""
) -> Measured:
    """The lift of any set of (member number, treated, at); whose days are not over is left out.

    Two queries for the money and the mixing, however many members.
    """
    span = timedelta(days=days)
    ripe = [member for member in members if member[2] + span <= now]
    spent = _spent(ripe, span)
    treated = [spent.get(no, 0) for no, is_in, _ in ripe if is_in]
    held = [spent.get(no, 0) for no, is_in, _ in ripe if not is_in]
    mixed = _mixed([member for member in ripe if not member[1]], span, kind, source)
    return Measured(lift_of(treated, held, mixed=mixed), days, len(members) - len(ripe))


def _spent(members: Sequence[Member], span: timedelta) -> dict[int, int]:
    if not members:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, _values(members, span))
        return dict(cursor.fetchall())


def _mixed(members: Sequence[Member], span: timedelta, kind: str, source: str) -> int:
    if not members:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MIXED, {**_values(members, span), "kind": kind, "source": source})
        return int(cursor.fetchone()[0])


def _values(members: Sequence[Member], span: timedelta) -> dict[str, Any]:
    moments = [at for _, _, at in members]
    return {
        "members": [no for no, _, _ in members],
        "at": moments,
        "span": span,
        # Known beforehand: only the months concerned are looked at.
        "first": min(moments),
        "last": max(moments) + span,
    }
