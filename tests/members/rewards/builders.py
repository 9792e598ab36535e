"""One row in every table of merging and rewards, all of them Chen's."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.doubles import note_traits, suggest_pair
from members.identity.models import Member, MergeReason
from members.identity.uniting import merge_members
from members.rewards.adjusting import ask_adjustment, set_points_rule, set_tier_rule
from members.rewards.models import (
    CouponKind,
    CouponUse,
    OutsideBalance,
    OutsideDifference,
    OutsideMaster,
    PointsProposal,
    PointsRule,
    TierRule,
)
from members.rewards.points import add_points
from members.rewards.tiers import judge_one
from stores.org.models import LegalEntity
from tests.cast import Cast, a_member
from tests.members.builders import TESTER


def a_points_rule(entity: LegalEntity, **fields: int) -> PointsRule:
    """One point for a yuan, gold one and a half, usable after fifteen days, valid two years."""
    return set_points_rule(
        entity.pk,
        rates={"basic": 100, "gold": 150},
        pending_days=fields.get("pending_days", 15),
        valid_days=fields.get("valid_days", 730),
        alone_up_to=fields.get("alone_up_to", 500),
        by=TESTER,
    )


def a_tier_rule(entity: LegalEntity) -> TierRule:
    """Silver from 1 000 yuan, gold from 5 000, within twelve months; told thirty days before."""
    return set_tier_rule(
        entity.pk,
        thresholds={"silver": 100_000, "gold": 500_000},
        months=12,
        warning_days=30,
        by=TESTER,
    )


@action
def give_points(member: Member, points: int, once: str, *, by: Actor = TESTER) -> None:
    add_points(member, points, once=once, why="test")


def an_outside_master(entity: LegalEntity, **fields: bool) -> OutsideMaster:
    return OutsideMaster.objects.create(entity=entity, source="erp", name="老 ERP", **fields)


def rewarded(cast: Cast) -> None:
    """Rows everywhere; the coupon is Chen's newest."""
    a_points_rule(cast.entity)
    a_tier_rule(cast.entity)
    twin = a_member("", owner=cast.lin, store=cast.guomao)
    like = a_member("陈静", owner=cast.lin, store=cast.guomao)
    merge_members(cast.chen.pk, twin.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    suggest_pair(cast.chen.pk, like.pk, evidence={"name_store"}, by=TESTER)
    note_traits(cast.chen.pk, by=TESTER)
    give_points(cast.chen, 10, "a", by=TESTER)
    ask_adjustment(cast.chen.pk, points=5, reason="补发", by=TESTER)
    judge_one(cast.chen.pk, by=TESTER)
    kind = CouponKind.objects.create(entity=cast.entity, name="满减")
    now = timezone.now()
    coupon = cast.chen.coupons.create(
        kind=kind, number="900", once="used", expires_at=now + timedelta(days=9), used_at=now
    )
    CouponUse.objects.create(
        coupon=coupon, source="till", receipt_no="R1", store=cast.guomao, actor="test"
    )
    an_outside_master(cast.entity)
    OutsideBalance.objects.create(member=cast.chen, source="erp", sequence=1, points=1)
    PointsProposal.objects.create(
        entity=cast.entity, member=cast.chen, points=1, source="line:x", once="x"
    )
    OutsideDifference.objects.create(entity=cast.entity, member=cast.chen, what="points")
