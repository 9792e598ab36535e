"""Cards on a guide's Today: pushes that wait for her tap in WeCom."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.urls import reverse

from groups.pushes.models import Push, PushTask
from groups.pushes.queries import tasks_to_confirm
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide
from stores.tablet.cards import Card

# From here on it cannot wait.
_SOON = timedelta(hours=1)


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """One card per push, however many confirmations it takes. Inside `scope_of(actor)`."""
    del actor  # the scope around us is hers already
    by_push: dict[Push, list[PushTask]] = defaultdict(list)
    for task in tasks_to_confirm(guide):
        by_push[task.push].append(task)
    return [_card(push, tasks, at) for push, tasks in by_push.items()]


def _card(push: Push, tasks: list[PushTask], at: datetime) -> Card:
    ends_at = min(task.expires_at for task in tasks)
    href = (
        reverse("tablet-task", args=[shown_id(tasks[0].public_id)])
        if len(tasks) == 1
        else reverse("tablet-tasks")
    )
    return Card(
        key=f"push:{shown_id(push.public_id)}",
        urgency="now" if ends_at - at <= _SOON else "today",
        title=f"{push.name}等你确认",
        why=f"{said_counts(tasks)} · 共 {len(tasks)} 次确认",
        href=href,
        act="到企业微信确认",
        due_at=ends_at,
        face="群",
        count=len(tasks),
    )


def said_counts(tasks: list[PushTask]) -> str:
    """金卡 38 位、银卡 61 位; groups are counted as groups."""
    unit = "个群" if tasks[0].push.chat_type == "group" else "位"
    parts = []
    for task in tasks:
        word = task.variant.tier_word if task.variant.tier else "会员"
        parts.append(f"{task.size} {unit}" if unit == "个群" else f"{word} {task.size} {unit}")
    return "、".join(parts)
