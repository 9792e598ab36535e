"""What the demo brand's members hold: the rules of points and tiers, some points, one double."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.doubles import look_for_doubles
from members.identity.models import Member, MemberState
from members.identity.steps import give_owner
from members.rewards.adjusting import set_points_rule, set_tier_rule
from members.rewards.models import PointsAccount, PointsRule
from members.rewards.points import add_points
from stores.org.models import LegalEntity

_RATES: Final = {"basic": 100, "silver": 110, "gold": 120, "diamond": 150}
_THRESHOLDS: Final = {"silver": 100_000, "gold": 400_000, "diamond": 1_000_000}
_SOME: Final = 40
# A card of the same guide, store and name, whose phone nobody proved.
_CARD: Final = "0000900001"


def hold(*, by: Actor) -> None:
    """Rules for every entity, points for some members, and a card that looks like another's."""
    for entity in LegalEntity.objects.all():
        if PointsRule.objects.filter(entity=entity).exists():
            continue
        set_points_rule(
            entity.pk, rates=_RATES, pending_days=15, valid_days=730, alone_up_to=500, by=by
        )
        set_tier_rule(entity.pk, thresholds=_THRESHOLDS, months=12, warning_days=30, by=by)
    if not PointsAccount.objects.exists():
        _give_points(by=by)
    double = _make_double(by=by)
    if double is not None:
        look_for_doubles(double[0], by=by)
        look_for_doubles(double[1], by=by)


@action
def _give_points(*, by: Actor) -> None:
    """What they had when the brand began with us; from then on purchases earn."""
    today = timezone.localdate()
    owned = Member.objects.filter(state=MemberState.ACTIVE).exclude(owner=None).order_by("pk")
    for member in owned[:_SOME]:
        add_points(
            member,
            120 + member.pk % 17 * 35,
            once="opening",
            why="opening",
            expires_on=today + timedelta(days=365),
        )


@action
def _make_double(*, by: Actor) -> tuple[int, int] | None:
    if Member.objects.filter(card_no=_CARD).exists():
        return None
    named = Member.objects.filter(state=MemberState.ACTIVE, name__isnull=False)
    first = named.exclude(owner=None).select_related("entity", "home_store", "owner").first()
    if first is None:
        return None
    second = Member.objects.create(
        entity=first.entity,
        state=MemberState.ACTIVE,
        name=first.name,
        home_store=first.home_store,
        card_no=_CARD,
        joined_at=timezone.now() - timedelta(days=3),
    )
    if first.owner is not None:
        give_owner(second, first.owner, at=second.joined_at, reason="registration")
    return first.pk, second.pk
