"""Whom each guide greets today: at most fifteen, each for a reason, nobody touched within a week.

Candidates of all stores are found in one look at everybody, and the consent room says at once whom
of them nobody may write to: member by member it would be hours of a night. Then each store has its
lists written, one commit each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.models import Channel, Purpose
from members.consent.queries import permitted
from members.identity.models import Member
from members.lifecycle.models_of_today import TodayPick
from members.lifecycle.rules import Why, reasons_to_greet
from stores.org.models import Store

PICKER: Final = Actor.system("today's lists")
MOST: Final = 15
# So many are looked at for one guide, so that who did not permit messages leaves no gap.
LOOKED_AT: Final = 45
UNTOUCHED_FOR: Final = timedelta(days=7)
# After "not needed" she is left in peace; after "not reached" she is tried again soon.
PEACE: Final = timedelta(days=30)
AGAIN: Final = timedelta(days=3)
# Passed by on so many days within these days: the manager's.
PASSED_BY: Final = 2
PASSED_WITHIN: Final = timedelta(days=14)

# What reached her, or she us: a guide's hand, not a click.
_TOUCHES: Final = ("push", "call", "visit", "draft_sent", "welcome", "bot_answer", "registration")

_CANDIDATES: Final = """
CREATE TEMP TABLE lifecycle_today AS
WITH stood AS (
  SELECT m.id, m.owner_id, g.store_id, m.entity_id, m.joined_at, s.stage, s.frequency, s.p_alive,
    s.value_minor, %(on)s::date - s.last_on AS quiet, y_rule.dormant_after,
    %(on)s::date - (m.joined_at AT TIME ZONE %(zone)s)::date AS joined_days,
    (soon.ends_at AT TIME ZONE %(zone)s)::date - %(on)s::date AS coupon_days
  FROM members_member m
  JOIN stores_guide g ON g.id = m.owner_id AND g.left_on IS NULL
    AND g.store_id = ANY(%(stores)s)
  LEFT JOIN members_memberstage s ON s.member_id = m.id
  LEFT JOIN members_yardstick y ON y.id = s.yardstick_id
  LEFT JOIN members_stagerule y_rule ON y_rule.id = y.rule_id
  LEFT JOIN (SELECT member_id, min(expires_at) AS ends_at FROM members_coupon
    WHERE used_at IS NULL AND expires_at > %(at)s AND expires_at < %(at)s + interval '8 days'
    GROUP BY 1) soon ON soon.member_id = m.id
  WHERE m.state = 'active'
), reasoned AS (
  SELECT *, CASE
      WHEN frequency > 1 AND quiet BETWEEN dormant_after - 21 AND dormant_after THEN 80
      WHEN coupon_days IS NOT NULL THEN 70
      WHEN frequency >= 3 AND p_alive BETWEEN 0.2 AND 0.6 AND stage IN ('growing', 'mature') THEN 65
      WHEN frequency = 1 AND quiet BETWEEN 14 AND 60 THEN 60
      WHEN COALESCE(frequency, 0) = 0 AND stage = 'new' AND joined_days BETWEEN 3 AND 14 THEN 40
    END AS weight
  FROM stood
), ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY owner_id ORDER BY weight DESC, COALESCE(value_minor, 0) DESC, id) AS place
  FROM reasoned r
  WHERE weight IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM stores_touch t WHERE t.member_no = r.id
      AND t.at > %(untouched)s AND t.kind = ANY(%(kinds)s))
    AND NOT EXISTS (SELECT 1 FROM members_todaypick p WHERE p.member_id = r.id
      AND ((p.outcome = 'never') OR (p.outcome = 'not_needed' AND p.on > %(peace)s)
        OR (p.outcome = 'missed' AND p.on > %(again)s)))
)
SELECT id, owner_id, store_id, place, entity_id, stage, frequency, quiet, dormant_after,
  coupon_days, p_alive, joined_days,
  (SELECT count(*) FROM members_todaypick p WHERE p.member_id = ranked.id
    AND p.guide_id = ranked.owner_id AND p.outcome = '' AND p.on < %(on)s
    AND p.on >= %(passed)s) AS ignored
FROM ranked WHERE place <= %(looked_at)s
"""
_REFUSED: Final = """
DELETE FROM lifecycle_today t WHERE t.entity_id = %s
  AND NOT EXISTS (SELECT 1 FROM ({permitted}) p (id) WHERE p.id = t.id)
"""
_OF_STORE: Final = """
SELECT id, owner_id, stage, frequency, quiet, dormant_after, coupon_days, p_alive, joined_days,
  ignored
FROM lifecycle_today WHERE store_id = %s ORDER BY owner_id, place
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member who might be greeted, with what the reasons are made of."""

    member: int
    guide: int
    why: Why
    ignored: int


def pick_for_today(
    on: date, *, at: datetime | None = None, stores: Collection[int] | None = None
) -> int:
    """The lists of every store, or of these; how many cards. Lists made before stay."""
    with scope_of(PICKER):
        waiting = Store.objects.filter(closed_on=None).exclude(
            pk__in=TodayPick.objects.filter(on=on).values("guide__store")
        )
        keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    chosen = keys if stores is None else [key for key in keys if key in stores]
    if not chosen:
        return 0
    try:
        _gather(chosen, on, at=at or timezone.now(), by=PICKER)
        return sum(_pick(store, on, by=PICKER) for store in chosen)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS lifecycle_today")


@action
def _gather(stores: Sequence[int], on: date, *, at: datetime, by: Actor) -> None:
    """Fill the session's table with whom guides of these stores may greet, the best first."""
    values: Mapping[str, Any] = {
        "stores": stores,
        "on": on,
        "at": at,
        "zone": timezone.get_default_timezone_name(),
        "untouched": at - UNTOUCHED_FOR,
        "kinds": list(_TOUCHES),
        "peace": on - PEACE,
        "again": on - AGAIN,
        "passed": on - PASSED_WITHIN,
        "looked_at": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("DROP TABLE IF EXISTS lifecycle_today")
        cursor.execute(_CANDIDATES, values)
        cursor.execute("CREATE INDEX ON lifecycle_today (store_id)")
        cursor.execute("ANALYZE lifecycle_today")
        cursor.execute("SELECT DISTINCT entity_id FROM lifecycle_today")
        for (entity,) in cursor.fetchall():
            # Among the candidates alone: of few stores they are few, of all they are many.
            some = Member.objects.filter(pk__in=RawSQL("SELECT id FROM lifecycle_today", []))
            sql, params = (
                permitted(some, Purpose.DIRECT_MARKETING, Channel.WECOM, at=at, entity=entity)
                .values("pk")
                .query.sql_with_params()
            )
            cursor.execute(_REFUSED.format(permitted=sql), [entity, *params])


@action
def _pick(store_id: int, on: date, *, by: Actor) -> int:
    """The lists of one store's guides, from what was gathered; picked before meanwhile: none."""
    with connection.cursor() as cursor:
        # Two pickers of one store take turns; the second finds it done.
        cursor.execute("SELECT 1 FROM stores_store WHERE id = %s FOR UPDATE", [store_id])
    if TodayPick.objects.filter(on=on, guide__store=store_id).exists():
        return 0
    picks: list[TodayPick] = []
    taken: dict[int, int] = defaultdict(int)
    for one in _candidates(store_id):
        passed_on = one.ignored >= PASSED_BY
        if not passed_on and taken[one.guide] >= MOST:
            continue
        taken[one.guide] += not passed_on
        picks.append(
            TodayPick(
                guide_id=one.guide,
                member_id=one.member,
                on=on,
                rank=taken[one.guide],
                reasons=[{"code": code, "text": text} for code, text in reasons_to_greet(one.why)],
                ignored=one.ignored,
                for_manager=passed_on,
            )
        )
    TodayPick.objects.bulk_create(picks, batch_size=1000)
    return len(picks)


def _candidates(store_id: int) -> list[Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_STORE, [store_id])
        return [Candidate(row[0], row[1], Why(*row[2:9]), row[9]) for row in cursor.fetchall()]


def shown_reasons(pick: TodayPick) -> str:
    """Why she is on the list, in one line."""
    return "；".join(reason["text"] for reason in pick.reasons)
