"""Deciding in this room: outcomes of today's list, rules and plays of HQ, stopping for one."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from members.consent.models import Method, Purpose
from members.consent.steps import Circumstances, record_decisions
from members.identity.models import Member, MemberState
from members.lifecycle.errors import AlreadyPublished, NotToday, OlderRule
from members.lifecycle.models import StageRule
from members.lifecycle.models_of_today import Outcome, Play, TodayPick
from members.lifecycle.rules import STOPS
from members.lifecycle.steps import stop_profiling
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Account, Guide


@action
def record_outcome(pick_id: int, outcome: str, *, guide: Guide, by: Actor) -> TodayPick:
    """What came of a card of today, in one tap; another tap the same day corrects it.

    Reached is a touch in the ledger, once. "Never" withdraws her permission for one-to-one messages
    at once, with the guide as witness; that one is not taken back by another tap. Refuses a card of
    another day.
    """
    pick = TodayPick.objects.select_for_update().select_related("member").get(pk=pick_id)
    now = timezone.now()
    if pick.on != timezone.localdate(now):
        raise NotToday
    wanted = Outcome(outcome)
    if pick.outcome in {wanted.value, Outcome.NEVER.value}:
        return pick
    pick.outcome, pick.decided_at, pick.decided_by = wanted, now, guide
    pick.save(update_fields=["outcome", "decided_at", "decided_by"])
    if wanted == Outcome.REACHED:
        record_touch(
            TouchKind.CALL,
            once=f"pick:{shown_id(pick.public_id)}",
            at=now,
            member_no=pick.member_id,
            guide_no=guide.pk,
            store_no=guide.store_id,
            source=shown_id(pick.public_id),
        )
    if wanted == Outcome.NEVER:
        _never_again(pick, guide)
    announce(f"guide.{shown_id(guide.public_id)}", kind="today", subject=shown_id(pick.public_id))
    return pick


@action
def stop_computing(member_id: int, *, forget_stage: bool, by: Actor) -> bool:
    """She is off today's lists at once; with `forget_stage` nothing computed of her is left."""
    if forget_stage:
        return stop_profiling(member_id)
    gone, _ = TodayPick.objects.filter(member=member_id, outcome="").delete()
    return gone > 0


@action
def draft_rule(values: dict[str, Any], *, account: Account | None, by: Actor) -> StageRule:
    """A new version of the thresholds, not yet in force."""
    newest = StageRule.objects.select_for_update().order_by("-version").first()
    version = 1 if newest is None else newest.version + 1
    rule = StageRule(version=version, made_by=account, **values)
    rule.full_clean(exclude=["made_by"])
    rule.save()
    return rule


@action
def publish_rule(rule_id: int, *, by: Actor) -> StageRule:
    """From the next reckoning on this version holds, for everybody. Published before: refused.

    Emits `stage_rule_published`. Refuses a version older than the one in force.
    """
    rule = StageRule.objects.select_for_update().get(pk=rule_id)
    if rule.published_at is not None:
        raise AlreadyPublished
    newest = StageRule.objects.exclude(published_at=None).aggregate(n=Max("version"))["n"] or 0
    if newest > rule.version:
        raise OlderRule
    rule.published_at = timezone.now()
    rule.save(update_fields=["published_at"])
    emit("stage_rule_published", subject="stage-rule", version=rule.version)
    return rule


@action
def save_play(play: Play, *, account: Account | None, by: Actor) -> Play:
    """Make a play or change one; a change is a new version. Unknown stops are left out."""
    play.stops = [stop for stop in play.stops if stop in STOPS]
    play.changed_by, play.changed_at = account, timezone.now()
    if play.pk is not None:
        play.version += 1
    play.full_clean(exclude=["changed_by"])
    play.save()
    emit("play_changed", subject=f"play:{shown_id(play.public_id)}", version=play.version)
    return play


def _never_again(pick: TodayPick, guide: Guide) -> None:
    member = Member.objects.select_for_update().get(pk=pick.member_id)
    if member.state != MemberState.ACTIVE:
        return
    record_decisions(
        member,
        {Purpose.DIRECT_MARKETING: False},
        Circumstances(
            method=Method.GUIDE,
            at=timezone.now(),
            guide=guide,
            store=guide.store,
            source=f"today:{shown_id(pick.public_id)}",
        ),
    )
