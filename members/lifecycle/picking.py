"""Whom each guide greets today: at most fifteen, each for a reason, nobody touched within a week.

Set-based, store by store; permission is asked of the consent room, at the end, for who is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.consent.models import Channel, Purpose
from members.consent.queries import reasons_not
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
WITH stood AS (
  SELECT m.id, m.owner_id, m.entity_id, m.joined_at, s.stage, s.frequency, s.p_alive, s.value_minor,
    %(on)s::date - s.last_on AS quiet, %(on)s::date - m.joined_at::date AS joined_days,
    y_rule.dormant_after,
    (SELECT (min(c.expires_at) AT TIME ZONE %(zone)s)::date - %(on)s::date FROM members_coupon c
     WHERE c.member_id = m.id AND c.used_at IS NULL AND c.expires_at > %(at)s
       AND c.expires_at < %(at)s + interval '8 days') AS coupon_days
  FROM members_member m
  JOIN stores_guide g ON g.id = m.owner_id AND g.left_on IS NULL AND g.store_id = %(store)s
  LEFT JOIN members_memberstage s ON s.member_id = m.id
  LEFT JOIN members_yardstick y ON y.id = s.yardstick_id
  LEFT JOIN members_stagerule y_rule ON y_rule.id = y.rule_id
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
SELECT id, owner_id, entity_id, stage, frequency, quiet, dormant_after, coupon_days, p_alive,
  joined_days,
  (SELECT count(*) FROM members_todaypick p WHERE p.member_id = ranked.id
    AND p.guide_id = ranked.owner_id AND p.outcome = '' AND p.on < %(on)s
    AND p.on >= %(passed)s) AS ignored
FROM ranked WHERE place <= %(looked_at)s ORDER BY owner_id, place
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member who might be greeted, with what the reasons are made of."""

    member: int
    guide: int
    entity: int
    why: Why
    ignored: int


def pick_for_today(on: date, *, at: datetime | None = None) -> int:
    """The lists of every store; how many cards. Lists made before stand as they are."""
    stores = Store.objects.filter(closed_on=None).order_by("pk").values_list("pk", flat=True)
    return sum(pick_for_store(store, on, at=at, by=PICKER) for store in stores)


@action
def pick_for_store(store_id: int, on: date, *, at: datetime | None = None, by: Actor) -> int:
    """The lists of one store's guides for a day; how many cards. Picked before: none."""
    now = at or timezone.now()
    with connection.cursor() as cursor:
        # Two pickers of one store take turns; the second finds it done.
        cursor.execute("SELECT 1 FROM stores_store WHERE id = %s FOR UPDATE", [store_id])
    if TodayPick.objects.filter(on=on, guide__store=store_id).exists():
        return 0
    found = _candidates(store_id, on, now)
    refused = _refusals(found, now)
    picks: list[TodayPick] = []
    taken: dict[int, int] = defaultdict(int)
    for one in found:
        passed_on = one.ignored >= PASSED_BY
        if one.member in refused or (not passed_on and taken[one.guide] >= MOST):
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


def _candidates(store_id: int, on: date, now: datetime) -> list[Candidate]:
    values: Mapping[str, Any] = {
        "store": store_id,
        "on": on,
        "at": now,
        "zone": timezone.get_default_timezone_name(),
        "untouched": now - UNTOUCHED_FOR,
        "kinds": list(_TOUCHES),
        "peace": on - PEACE,
        "again": on - AGAIN,
        "passed": on - PASSED_WITHIN,
        "looked_at": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        return [
            Candidate(row[0], row[1], row[2], Why(*row[3:10]), row[10]) for row in cursor.fetchall()
        ]


def _refusals(found: Sequence[Candidate], now: datetime) -> set[int]:
    """Whom the consent room does not allow to be written to by a guide."""
    refused: set[int] = set()
    by_entity: dict[int, list[int]] = defaultdict(list)
    for one in found:
        by_entity[one.entity].append(one.member)
    for entity, members in by_entity.items():
        refused |= reasons_not(
            members, Purpose.DIRECT_MARKETING, Channel.WECOM, at=now, entity=entity
        ).keys()
    return refused


def shown_reasons(pick: TodayPick) -> str:
    """Why she is on the list, in one line."""
    return "；".join(reason["text"] for reason in pick.reasons)
