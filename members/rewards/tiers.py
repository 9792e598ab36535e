"""Tiers by what was spent: raised at once, lowered after a warning, always with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member, MemberState
from members.identity.steps import present_member
from members.rewards.models_of_outside import OutsideMaster
from members.rewards.models_of_points import TierRule, TierStanding
from members.rewards.queries import tier_rule_at
from members.rewards.rules import TIERS, judge_tier, tier_of

_AT_ONCE = 500
_DAYS_A_MONTH = 365 / 12

# What members spent in the entity's stores since a day, refunds taken off, merged numbers followed.
_SPENT = """
WITH RECURSIVE person(no, today) AS (
  SELECT id, id FROM members_member WHERE {which}
  UNION ALL
  SELECT m.member_no, p.today FROM stores_mergedmember m
    JOIN person p ON m.into_no = p.no WHERE m.undone_at IS NULL
), lines AS (
  SELECT l.member_no AS no, l.amount, l.store_no FROM stores_purchaseline l
    WHERE l.sold_at >= %(since)s AND l.member_no IN (SELECT no FROM person)
  UNION ALL
  SELECT r.member_no, l.amount, l.store_no FROM stores_receiptmember r
    JOIN stores_purchaseline l ON l.source = r.source AND l.receipt_no = r.receipt_no
      AND l.member_no IS NULL AND l.sold_at >= %(since)s
    WHERE r.member_no IN (SELECT no FROM person)
)
SELECT p.today, COALESCE(sum(l.amount), 0)
FROM person p
LEFT JOIN lines l ON l.no = p.no
  AND l.store_no IN (SELECT id FROM stores_store WHERE entity_id = %(entity)s)
GROUP BY p.today
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a night did."""

    looked_at: int
    raised: int
    warned: int
    lowered: int


def spent_since(member_ids: Sequence[int], entity_id: int, since: datetime) -> dict[int, int]:
    """Minor units each of these members spent in the entity's stores; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SPENT.format(which="id = ANY(%(ids)s)"),
            {"ids": list(member_ids), "since": since, "entity": entity_id},
        )
        return {number: int(spent) for number, spent in cursor.fetchall()}


@action
def judge_one(member_no: int, *, by: Actor) -> TierStanding | None:
    """Look at one member after a purchase; None where no rule or an outside master decides."""
    member = present_member(member_no)
    rule = _rule_of(member.entity_id, timezone.now())
    if rule is None or member.state != MemberState.ACTIVE:
        return None
    now = timezone.now()
    spent = spent_since([member.pk], member.entity_id, _since(rule, now))
    return _judge(member, spent.get(member.pk, 0), rule, now)


@action
def judge_many(entity_id: int, member_ids: Sequence[int], *, at: datetime, by: Actor) -> Judged:
    """The same for a portion of an entity's members. Repeating on the same day changes nothing."""
    rule = _rule_of(entity_id, at)
    if rule is None:
        return Judged(0, 0, 0, 0)
    spent = spent_since(member_ids, entity_id, _since(rule, at))
    members = (
        Member.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=member_ids, entity=entity_id, state=MemberState.ACTIVE)
        .order_by("pk")
    )
    counts = {"raised": 0, "warned": 0, "lowered": 0}
    looked_at = 0
    for member in members:
        before = member.tier
        standing = _judge(member, spent.get(member.pk, 0), rule, at)
        looked_at += 1
        if standing.tier != before:
            is_higher = TIERS.index(standing.tier) > TIERS.index(before)
            counts["raised" if is_higher else "lowered"] += 1
        elif standing.warned_at == at:
            counts["warned"] += 1
    return Judged(looked_at, **counts)


def members_to_judge(entity_id: int, *, after: int = 0) -> list[int]:
    """Keys of members whose tier may change: above the lowest, or who bought lately; a portion."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.id FROM members_member m
            WHERE m.entity_id = %s AND m.state = 'active' AND m.id > %s AND (m.tier <> 'basic'
              OR EXISTS (SELECT 1 FROM members_tierstanding s WHERE s.member_id = m.id)
              OR EXISTS (SELECT 1 FROM stores_purchaseline l WHERE l.member_no = m.id
                         AND l.sold_at >= %s))
            ORDER BY m.id LIMIT %s
            """,
            [entity_id, after, timezone.now() - timedelta(days=2), _AT_ONCE],
        )
        return [number for (number,) in cursor.fetchall()]


def _rule_of(entity_id: int, at: datetime) -> TierRule | None:
    if OutsideMaster.objects.filter(entity=entity_id, owns_tiers=True).exists():
        return None
    return tier_rule_at(entity_id, at)


def _since(rule: TierRule, at: datetime) -> datetime:
    return at - timedelta(days=round(rule.months * _DAYS_A_MONTH))


def _judge(member: Member, spent: int, rule: TierRule, at: datetime) -> TierStanding:
    standing = TierStanding.objects.filter(member=member).first() or TierStanding(
        member=member, tier=member.tier, since=at
    )
    verdict = judge_tier(
        now=member.tier,
        earned=tier_of(spent, rule.thresholds),
        today=timezone.localdate(at),
        falls_on=standing.falls_on,
        warning_days=rule.warning_days,
    )
    standing.spent_minor, standing.rule = spent, rule
    standing.falls_on, standing.falls_to = verdict.falls_on, verdict.falls_to
    standing.warned_at = at if verdict.warn else standing.warned_at if verdict.falls_on else None
    if verdict.warn and verdict.falls_on is not None:
        _tell_warning(member, verdict.falls_on, verdict.falls_to)
    if verdict.tier != member.tier:
        _change_tier(member, verdict.tier)
        standing.since = at
    standing.tier = verdict.tier
    standing.save()
    return standing


def _change_tier(member: Member, tier: str) -> None:
    before, member.tier = member.tier, tier
    member.version += 1
    member.save(update_fields=["tier", "version"])
    emit(
        "tier_changed",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        before=before,
        after=tier,
    )


def _tell_warning(member: Member, falls_on: date, falls_to: str) -> None:
    emit(
        "tier_falls_soon",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        falls_on=falls_on.isoformat(),
        falls_to=falls_to,
    )
