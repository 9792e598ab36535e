"""What HQ does with a push: plan it, launch it, remind of it, stop it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from groups.chats.models import Group
from groups.content.models import Material
from groups.content.rules import text_fault
from groups.pushes import eligibility, errors, steps
from groups.pushes.models import (
    LIVE,
    ChatType,
    Push,
    PushState,
    PushTask,
    StopReason,
    TaskState,
)
from kit.actions import action
from kit.actor import Actor
from kit.events import emit, nudge
from kit.fields import shown_id
from members.audience.rules import is_personal
from members.privacy.models_of_duty import Activity
from members.privacy.pia import assessed_entities
from stores.org.models import Guide
from wecom.outbox.steps import put

# Guides named in a stored plan; a chain has tens of thousands, a page shows the busiest.
_GUIDES_SHOWN = 300
# What HQ saw before launching must not be old news.
_PLAN_LIVES = timedelta(hours=12)


@action
def plan_push(push_id: int, *, by: Actor) -> Push:
    """Count who gets which variant, who falls out and why, and each guide's confirmations.

    Nothing is sent; planning again replaces the counts. Refuses a launched push, a material that
    is not approved, and a choice by people's behaviour that no company has assessed.
    """
    push = _locked(push_id)
    now = timezone.now()
    _must_be_fit(push, now)
    _must_be_assessed(push, now)
    push.plan = _plan(push, _counted(push, at=now))
    push.state, push.planned_at = PushState.PLANNED, now
    push.audience_version = None if push.audience is None else push.audience.version
    push.save(update_fields=["plan", "state", "planned_at", "audience_version"])
    return push


@action
def launch_push(push_id: int, *, by: Actor) -> Push:
    """Write one task per guide and variant, with permission asked anew at this moment.

    A launched push is returned unchanged. Refuses what was not planned, what has nobody left or no
    moment outside quiet hours, an audience changed since, and what wants an assessment. Submitting
    follows row by row; each asks for permission again.
    """
    push = _locked(push_id, launched_is_fine=True)
    if push.state == PushState.LAUNCHED:
        return push
    if push.state != PushState.PLANNED:
        raise errors.NotPlanned
    now = timezone.now()
    if push.planned_at is None or now - push.planned_at > _PLAN_LIVES:
        raise errors.PlanOutdated
    if push.audience is not None and push.audience.version != push.audience_version:
        raise errors.AudienceChanged
    _must_be_fit(push, now)
    _must_be_assessed(push, now)
    windows = eligibility.windows(push, at=now)
    if not windows:
        raise errors.NoMomentLeft
    made = (
        steps.write_tasks_to_members(push, windows, at=now)
        if push.chat_type == ChatType.SINGLE
        else steps.write_tasks_to_groups(push, windows)
    )
    if not made:
        raise errors.NobodyLeft
    push.state, push.launched_at = PushState.LAUNCHED, now
    push.save(update_fields=["state", "launched_at"])
    emit("push_launched", subject=f"push:{shown_id(push.public_id)}", push=push.pk)
    # Tasks are the intent: a lost nudge waits for the next sweep.
    transaction.on_commit(
        lambda: nudge("groups.pushes.tasks.submit_push_tasks", [push.pk]), robust=True
    )
    return push


@action
def redraft_push(push_id: int, *, by: Actor) -> Push:
    """What was planned holds no more, since the push was edited. Refuses a launched one."""
    push = _locked(push_id)
    push.state, push.plan, push.planned_at = PushState.DRAFT, {}, None
    push.save(update_fields=["state", "plan", "planned_at"])
    return push


@action
def stop_push(push_id: int, *, by: Actor) -> int:
    """Pull back every task that no guide has confirmed; how many. Confirmed ones stay."""
    push = Push.objects.select_for_update().get(pk=push_id)
    tasks = PushTask.objects.select_for_update().filter(push=push, state__in=LIVE)
    stopped = sum(steps.pull_back(task, StopReason.STOPPED) for task in tasks)
    if push.state not in {PushState.CANCELLED, PushState.CLOSED}:
        push.state, push.ended_at = PushState.CANCELLED, timezone.now()
        push.save(update_fields=["state", "ended_at"])
    return stopped


@action
def remind_guides(push_id: int, *, by: Actor) -> int:
    """Have WeCom remind those who have not confirmed, once a day; how many reminders are wanted."""
    today = timezone.localdate()
    tasks = PushTask.objects.filter(push=push_id, state=TaskState.OPEN, stopping_for="")
    for task in tasks:
        shown = shown_id(task.public_id)
        put(
            "mass_send_remind",
            {"msgid": task.msgid},
            once=f"push-remind:{shown}:{today:%Y%m%d}",
            subject=f"pushtask:{shown}",
            priority=7,
            expires_at=task.expires_at,
        )
    return len(tasks)


@action
def close_ended_pushes(*, by: Actor) -> int:
    """Close launched pushes of which every task has come to its end; how many."""
    return (
        Push.objects.filter(state=PushState.LAUNCHED)
        .exclude(tasks__closed_at=None)
        .update(state=PushState.CLOSED, ended_at=timezone.now())
    )


def _locked(push_id: int, *, launched_is_fine: bool = False) -> Push:
    push = (
        Push.objects.select_for_update(of=("self",))
        .select_related("material", "audience")
        .get(pk=push_id)
    )
    ended = push.state not in {PushState.DRAFT, PushState.PLANNED}
    if ended and not (launched_is_fine and push.state == PushState.LAUNCHED):
        raise errors.AlreadyLaunched
    return push


def _must_be_fit(push: Push, at: datetime) -> None:
    if not Material.objects.usable(at).filter(pk=push.material_id).exists():
        raise errors.MaterialUnfit
    variants = list(push.material.variants.all())
    if not variants:
        raise errors.MaterialUnfit("素材里还没有文案。")
    for variant in variants:
        fault = text_fault(variant.text)
        if fault:
            raise errors.MaterialUnfit(f"“{variant}”：{fault}")


def _must_be_assessed(push: Push, at: datetime) -> None:
    """No company has signed for judging people: then nobody is chosen by what she did (PIPL 55)."""
    if push.audience is None or not is_personal(push.audience.rule):
        return
    if not assessed_entities(Activity.PROFILING, at):
        raise errors.NotAssessed


def _counted(push: Push, *, at: datetime) -> eligibility.Counted:
    if push.chat_type == ChatType.SINGLE:
        return eligibility.counted(eligibility.verdicts(push, at=at), at=at)
    variant = eligibility.variant_for_groups(push)
    owners = Counter(Group.objects.active().values_list("owner_id", flat=True))
    return eligibility.Counted(
        [(guide, variant, count) for guide, count in owners.items()], Counter()
    )


def _plan(push: Push, counted: eligibility.Counted) -> dict[str, Any]:
    """Counts for the plan page. No person stands in it."""
    recipients = sum(count for _, _, count in counted.tasks)
    words = {variant.pk: variant.tier_word for variant in push.material.variants.all()}
    per_variant: Counter[int] = Counter()
    per_guide: Counter[int] = Counter()
    for guide, variant, count in counted.tasks:
        per_variant[variant] += count
        per_guide[guide] += count
    tasks = Counter(guide for guide, _, _ in counted.tasks)
    busiest = [guide for guide, _ in per_guide.most_common(_GUIDES_SHOWN)]
    named = Guide.objects.select_related("store").in_bulk(busiest)
    return {
        "audience": recipients + counted.excluded.total(),
        "recipients": recipients,
        "confirmations": len(counted.tasks),
        "guides": len(per_guide),
        "variants": [
            {"variant": pk, "word": words[pk], "count": count}
            for pk, count in per_variant.most_common()
        ],
        "excluded": [
            {"reason": reason, "text": eligibility.REASONS[reason], "count": count}
            for reason, count in counted.excluded.most_common()
        ],
        "per_guide": [
            {
                "name": named[pk].name,
                "store": named[pk].store.name,
                "recipients": per_guide[pk],
                "confirmations": tasks[pk],
            }
            for pk in busiest
        ],
    }
