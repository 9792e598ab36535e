"""HQ gives or takes points and says why; above the rule's limit a second person decides."""

from __future__ import annotations

from django.db.models import Max
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Member
from members.identity.steps import present_member
from members.rewards.errors import AlreadyDecided, OutsideDecides, RuleUnfit, WantsAnother
from members.rewards.models_of_outside import OutsideMaster
from members.rewards.models_of_points import (
    EntryKind,
    PointsAdjustment,
    PointsRule,
    TierRule,
)
from members.rewards.points import add_points, spend_points
from members.rewards.queries import rule_at
from members.rewards.rules import faults_of_rates, faults_of_thresholds


@action
def ask_adjustment(member_id: int, *, points: int, reason: str, by: Actor) -> PointsAdjustment:
    """Adjust at once what one person may; else write it down for a second person.

    Refuses without a reason, and while an outside system is master of the entity's points.
    """
    member = present_member(member_id)
    if not reason.strip() or points == 0:
        raise RuleUnfit("写明原因和不为 0 的积分。")
    if OutsideMaster.objects.filter(entity=member.entity_id, owns_points=True).exists():
        raise OutsideDecides
    rule = rule_at(member.entity_id, timezone.now())
    alone = rule.alone_up_to if rule is not None else 0
    row = PointsAdjustment.objects.create(
        member=member,
        points=points,
        reason=reason.strip()[:200],
        wants_second=abs(points) > alone,
        asked_by=str(by),
    )
    if not row.wants_second:
        _carry_out(row, member, by)
    return row


@action
def decide_adjustment(adjustment_id: int, *, approve: bool, by: Actor) -> PointsAdjustment:
    """The second person's word. The same word again changes nothing.

    Refuses whoever asked for it (WantsAnother), and another word later (AlreadyDecided).
    """
    row = PointsAdjustment.objects.select_for_update(of=("self",)).get(pk=adjustment_id)
    if row.decided_at is not None:
        if row.is_approved != approve:
            raise AlreadyDecided
        return row
    if approve and row.asked_by == str(by):
        raise WantsAnother
    if approve:
        _carry_out(row, present_member(row.member_id), by)
        return row
    row.is_approved, row.decided_by, row.decided_at = False, str(by), timezone.now()
    row.save(update_fields=["is_approved", "decided_by", "decided_at"])
    return row


def _carry_out(row: PointsAdjustment, member: Member, by: Actor) -> None:
    once = f"adjustment:{shown_id(row.public_id)}"
    if row.points > 0:
        add_points(member, row.points, once=once, why=once, kind=EntryKind.ADJUST)
    else:
        spend_points(member, -row.points, once=once, why=once, kind=EntryKind.ADJUST)
    row.is_approved, row.decided_by, row.decided_at = True, str(by), timezone.now()
    row.save(update_fields=["is_approved", "decided_by", "decided_at"])


@action
def set_points_rule(
    entity_id: int,
    *,
    rates: dict[str, int],
    pending_days: int,
    valid_days: int,
    alone_up_to: int,
    by: Actor,
) -> PointsRule:
    """A new version of an entity's rule, from now on; what was counted stays. Refuses nonsense."""
    fault = faults_of_rates(rates)
    if fault:
        raise RuleUnfit(fault)
    rules = PointsRule.objects.filter(entity=entity_id)
    newest = rules.aggregate(newest=Max("version"))["newest"] or 0
    return PointsRule.objects.create(
        entity_id=entity_id,
        version=newest + 1,
        rates=rates,
        pending_days=pending_days,
        valid_days=valid_days,
        alone_up_to=alone_up_to,
        actor=str(by),
    )


@action
def set_tier_rule(
    entity_id: int,
    *,
    thresholds: dict[str, int],
    months: int,
    warning_days: int,
    by: Actor,
) -> TierRule:
    """A new version of an entity's tier rule, from now on. Refuses thresholds that do not rise."""
    fault = faults_of_thresholds(thresholds)
    if fault:
        raise RuleUnfit(fault)
    rules = TierRule.objects.filter(entity=entity_id)
    newest = rules.aggregate(newest=Max("version"))["newest"] or 0
    return TierRule.objects.create(
        entity_id=entity_id,
        version=newest + 1,
        thresholds=thresholds,
        months=months,
        warning_days=warning_days,
        actor=str(by),
    )
