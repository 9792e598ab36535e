"""Judging all sales under a proposed rule beside the one in force, with the difference by guide.

The product's path: `begin_trial`, then portion after portion until it is through. The limit: the
same purchases and the same touches read once, in order, and thrown away. PostgreSQL works the
proposed rule out in a statement of its own; wrong when any guide's sum differs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from bench._ground import fresh_database, median, peak_megabytes, seconds
from bench._growth import grow
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from stores.conversions.models import CreditRule, RuleTrial, TrialShare
from stores.conversions.trying import begin_trial, compare_portion
from stores.ledger.models import PurchaseLine, Touch

BENCH: Final = Actor.system("bench")
SIZES: Final = {"small": (4_000, 8_000, 16_000), "full": (20_000, 200_000, 2_000_000)}
# Touches of a purchase, and members of one: as in a brand of 15 million.
_TOUCHES, _MEMBERS_OF_A_SALE = 5, 0.75
ROUNDS: Final = 5
TERMS: Final = {"ladder": [{"kind": "last_touch", "window_days": 60}, {"kind": "server"}]}
# Grown touches are all by the owner: here a colleague of the same store met one in three.
BY_OTHERS: Final = """
UPDATE stores_touch t SET guide_no = g.next
FROM (SELECT id, COALESCE(lead(id) OVER here, min(id) OVER here) AS next FROM stores_guide
      WINDOW here AS (PARTITION BY store_id ORDER BY id
                      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) g
WHERE g.id = t.guide_no AND t.id % 3 = 0
"""
BY_SQL: Final = """
SELECT l.store_no, COALESCE(t.guide_no, l.served_by_no), sum(l.amount)::bigint
FROM stores_purchaseline l LEFT JOIN LATERAL (
  SELECT guide_no FROM stores_touch t
  WHERE t.member_no = l.member_no AND t.guide_no IS NOT NULL
    AND t.at <= l.sold_at AND t.at >= l.sold_at - interval '60 days'
  ORDER BY t.at DESC, t.kind DESC, t.guide_no DESC, t.source DESC LIMIT 1) t ON true
WHERE l.refund_of = '' GROUP BY 1, 2
"""


def run(scale: str) -> dict[str, Any]:
    """Each size once through, the reading before and after; wrong when a sum is not SQL's."""
    results: dict[str, Any] = {}
    correct = True
    with fresh_database() as ground:
        set_session_scope(EVERYTHING)
        for size in SIZES[scale]:
            known = PurchaseLine.objects.count()
            if size < known:
                continue
            grow(ground, scale, stores=200, guides=2_000,
                 members=round(size * _MEMBERS_OF_A_SALE), touches=size * _TOUCHES,
                 purchases=size)  # fmt: skip
            if known < size:
                ground.as_superuser(BY_OTHERS)
            ground.as_owner("VACUUM ANALYZE")
            memory = peak_megabytes()
            read = [seconds(_read_all) for _ in range(ROUNDS)]
            judged = seconds(_judge_all)
            trial = RuleTrial.objects.latest("pk")
            correct = correct and trial.lines == size and _is_right(trial)
            results |= {
                f"{size}_judged_s": judged,
                f"{size}_read_s": median(read),
                f"{size}_changed": trial.changed,
                f"{size}_more_memory_mb": peak_megabytes() - memory,
            }
            results["us_a_sale"] = judged / size * 1e6
            results["ratio"] = judged / median(read)
    return {**results, "goal": "≤ 4", "correct": correct}


def _judge_all() -> None:
    now = timezone.now()
    rule = _propose(by=BENCH)
    trial = begin_trial(rule, since=now - timedelta(days=3650), until=now, by=BENCH)
    while compare_portion(trial.pk, at=now, by=BENCH):
        pass
    set_session_scope(EVERYTHING)


@action
def _propose(*, by: Actor) -> CreditRule:
    return CreditRule.objects.create(
        name="bench", terms=TERMS, effective_from=timezone.now() + timedelta(days=1)
    )


def _read_all() -> None:
    lines = PurchaseLine.objects.order_by("pk").values_list(
        "source", "receipt_no", "line", "member_no", "served_by_no", "amount", "sold_at"
    )
    touches = Touch.objects.order_by("member_no", "at").values_list(
        "id", "kind", "guide_no", "at", "source", "member_no"
    )
    for rows in (lines, touches):
        _drain(rows)


def _drain(rows: QuerySet[Any, Any]) -> None:
    for _ in rows.iterator(chunk_size=10_000):
        pass


def _is_right(trial: RuleTrial) -> bool:
    shares = TrialShare.objects.filter(trial=trial).exclude(then=0)
    ours = {(share.store_no, share.guide_no): share.then for share in shares}
    return ours == {(store, guide): amount for store, guide, amount in _ask(BY_SQL)}


def _ask(statement: str) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
