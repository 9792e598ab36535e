"""Stage, RFM, BG/NBD and value of every member, against one aggregate scan of the purchases.

The product's path: gather from the ledger, measure, fit, score everybody, write what is new,
committed. The limit: count, sum and last day per member, read once, thrown away. The first time a
row is written for everybody; then one per cent buy something and only they are reckoned; then
everybody is, a week later and another week later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from bench._ground import fresh_database, median, peak_megabytes, seconds
from bench._growth import grow
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from members.identity.models import Member
from members.lifecycle.models import LifecycleRun, Yardstick
from members.lifecycle.reckoning import Kind, reckon

BENCH = Actor.system("bench")
SIZES = {"small": (20_000, 40_000, 80_000), "full": (1_000_000, 4_000_000, 15_000_000)}
ROUNDS = {"small": 5, "full": 3}
# A reckoning of more members than this is not repeated: it takes a quarter of an hour.
_ONCE_FROM = 10_000_000

SCAN = """
SELECT count(*), sum(n) FROM (
  SELECT member_no, count(*) AS n, sum(amount) AS spent, max(sold_at) AS last
  FROM stores_purchaseline WHERE member_no IS NOT NULL GROUP BY member_no) s
"""
# Of the grown members six in ten permit profiling; here everybody does.
PERMIT = """
WITH decided AS (
  INSERT INTO members_consentevent (public_id, member_id, purpose, channel, decision, method,
                                    source, at, actor)
  SELECT uuidv7(), m.id, 'profiling', '', 'grant', 'bench', '', m.joined_at, 'bench'
  FROM members_member m WHERE NOT EXISTS (SELECT 1 FROM members_consentstate s
    WHERE s.member_id = m.id AND s.purpose = 'profiling') ORDER BY m.id
  RETURNING id, member_id, at
)
INSERT INTO members_consentstate (member_id, purpose, channel, is_granted, since, event_id)
SELECT member_id, 'profiling', '', true, at, id FROM decided
"""
ONE_IN_A_HUNDRED = """
WITH sold AS (
  INSERT INTO stores_purchaseline (source, receipt_no, line, sku, quantity, amount, currency,
    refund_of, member_no, store_no, sold_at, recorded_at)
  SELECT 'bench', %(run)s || '-' || m.id, 1, 'QC-1', 1, 9900, 'CNY', '', m.id, m.home_store_id,
    now(), now()
  FROM members_member m WHERE m.id %% 100 = %(remainder)s
  RETURNING id, receipt_no, sold_at
)
INSERT INTO stores_receiptkey (source, receipt_no, line, digest, purchase_line, sold_at, refund_of)
SELECT 'bench', receipt_no, 1, ''::bytea, id, sold_at, '' FROM sold
"""


def run(scale: str) -> dict[str, Any]:
    """Alternate both sides at three sizes; wrong when a row is not what a recount gives."""
    results: dict[str, Any] = {}
    correct = True
    with fresh_database() as ground:
        set_session_scope(EVERYTHING)
        for size in SIZES[scale]:
            if size < Member.objects.count():
                continue
            grow(ground, scale, stores=200, guides=max(40, size // 300), members=size,
                 purchases=size * 4 // 3)  # fmt: skip
            _write(PERMIT, by=BENCH)
            ground.as_owner("VACUUM ANALYZE")
            memory = peak_megabytes()
            ground.as_owner("TRUNCATE members_memberstage")
            first = seconds(lambda: reckon(Kind.EVERYBODY))
            correct = correct and _is_right()
            changes = _changes(by_remainder=size % 97)
            weeks, limit = _alternate(1 if size > _ONCE_FROM else ROUNDS[scale])
            correct = correct and _is_right()
            results |= {
                f"{size}_first_s": first,
                f"{size}_first_ratio": first / median(limit),
                f"{size}_changes_s": changes,
                f"{size}_week_later_s": median(weeks),
                f"{size}_scan_s": median(limit),
                f"{size}_ratio": median(weeks) / median(limit),
                f"{size}_more_memory_mb": peak_megabytes() - memory,
            }
            results["ratio"] = median(weeks) / median(limit)
    return {**results, "goal": "≤ 5", "correct": correct}


def _alternate(rounds: int) -> tuple[list[float], list[float]]:
    """Everybody, each time a week later, and the bare scan, in turn."""
    ours, limit = [], []
    today = timezone.localdate()
    for week in range(1, rounds + 1):
        on = today + timedelta(days=7 * week)
        ours.append(seconds(lambda: reckon(Kind.EVERYBODY, on=on)))  # noqa: B023 - called at once
        limit.append(seconds(_scan))
    return ours, limit


def _scan() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SCAN)


def _changes(by_remainder: int) -> float:
    """One member in a hundred buys; how long the night takes for that, in seconds."""
    LifecycleRun.objects.update(started_at=timezone.now() - timedelta(hours=2))
    # A database that was kept holds the receipts of earlier runs.
    run = f"{timezone.now():%Y%m%d%H%M%S}"
    _write(ONE_IN_A_HUNDRED, remainder=by_remainder, run=run, by=BENCH)
    return seconds(lambda: reckon(Kind.CHANGES))


@action
def _write(statement: str, *, by: Actor, **values: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _is_right() -> bool:
    """Every member has a row; their purchases are the ledger's days, counted another way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM members_member),"
            " (SELECT count(DISTINCT (member_no, (sold_at AT TIME ZONE 'Asia/Shanghai')::date))"
            "  FROM stores_purchaseline WHERE member_no IS NOT NULL)"
        )
        members, days = cursor.fetchone()
        cursor.execute("SELECT count(*), sum(frequency) FROM members_memberstage")
        rows, frequency = cursor.fetchone()
    has_model = bool(Yardstick.objects.latest("pk").model)
    return bool(members == rows and days == frequency and has_model)
