"""Reads of pushes and tasks for screens, doors and vetoes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from groups.pushes import eligibility, steps
from groups.pushes.models import (
    Delivery,
    DeliveryState,
    LinkClick,
    Push,
    PushState,
    PushTask,
    TaskState,
)
from groups.pushes.results import Look
from members.identity.models import Member
from stores.org.models import Guide

# What stands on the iPad as waiting for her tap in WeCom.
TO_CONFIRM = Q(state=TaskState.OPEN, stopping_for="")


def look_of(task: PushTask) -> Look:
    """What is needed to ask WeCom about a task."""
    return Look(task.pk, task.msgid, str(task.guide.wecom_userid))


def open_looks(**where: Any) -> list[Look]:
    """Open tasks that meet a condition, to be asked about before something is decided."""
    found = PushTask.objects.filter(state=TaskState.OPEN, **where).select_related("guide")
    return [look_of(task) for task in found.order_by("pk")[:200]]


def reason_to_hold(task: PushTask, *, at: datetime) -> str:
    """Why a task must not go out at this moment, or nothing. Asked right before it is sent."""
    if task.state != TaskState.SUBMITTING or task.stopping_for:
        return "任务已撤回"
    if task.push.state == PushState.CANCELLED:
        return "群发已停止"
    if eligibility.quiet_hours().covers(timezone.localtime(at, task.zone).time()):
        return "免打扰时段"
    refused = steps.refused_among(task, at=at)
    return f"{len(refused)} 位会员不再允许" if refused else ""


def tasks_to_confirm(guide: Guide) -> QuerySet[PushTask]:
    """What waits for this guide's confirmation, soonest end first."""
    return (
        PushTask.objects.filter(TO_CONFIRM, guide=guide)
        .select_related("push__material", "variant")
        .defer("members", "recipients")
        .order_by("expires_at", "pk")
    )


def recent_tasks(guide: Guide, *, at: datetime) -> QuerySet[PushTask]:
    """Her tasks of the last two weeks that do not wait any more, newest first."""
    return (
        PushTask.objects.filter(guide=guide, created_at__gte=at - timedelta(days=14))
        .exclude(TO_CONFIRM)
        .filter(made_again=None)
        .select_related("push__material", "variant")
        .defer("members", "recipients")
        .annotate(
            reached=Count("deliveries", filter=Q(deliveries__state=DeliveryState.SENT)),
        )
        .order_by("-created_at")
    )


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of a task on the iPad."""

    member: Member | None
    state: str


def recipients_of(task: PushTask, *, limit: int = 200) -> list[Recipient]:
    """Who is to get the task's text, with what is known; members out of her scope stay unnamed."""
    keys = task.members[:limit]
    members = Member.objects.in_bulk(keys)
    states = dict(
        Delivery.objects.filter(push=task.push_id, member_no__in=keys).values_list(
            "member_no", "state"
        )
    )
    return [
        Recipient(members.get(key), _word(states[key]) if key in states else "") for key in keys
    ]


def counts_of(task: PushTask) -> dict[str, int]:
    """How many deliveries of a task stand in each state."""
    return dict(
        Delivery.objects.filter(task=task)
        .values_list("state")
        .annotate(count=Count("pk"))
        .order_by()
    )


def withdrawn_from(task: PushTask) -> int:
    """How many of the guide's members fell out of this push after its launch."""
    return Delivery.objects.filter(
        push=task.push_id, task__guide=task.guide_id, state=DeliveryState.CANCELLED
    ).count()


def progress_of(push: Push) -> dict[str, Any]:
    """How far a launched push is, for HQ."""
    tasks = PushTask.objects.filter(push=push)
    by_state = dict(tasks.values_list("state").annotate(count=Count("pk")).order_by())
    delivered = dict(
        Delivery.objects.filter(push=push)
        .values_list("state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    live = tasks.exclude(state__in=[TaskState.CANCELLED, TaskState.EXPIRED, TaskState.FAILED])
    return {
        "tasks": [(_task_word(state), count) for state, count in by_state.items()],
        "confirmed": by_state.get(TaskState.CONFIRMED, 0),
        "open": by_state.get(TaskState.OPEN, 0),
        "live": sum(by_state.get(state, 0) for state in _COUNTED),
        "wanted": live.aggregate(sum=Sum("size"))["sum"] or 0,
        "deliveries": [(_word(state), count) for state, count in delivered.items()],
        "sent": delivered.get(DeliveryState.SENT, 0),
        "clicks": LinkClick.objects.filter(link__push=push).count(),
    }


_COUNTED: Iterable[str] = (
    TaskState.WAITING,
    TaskState.SUBMITTING,
    TaskState.OPEN,
    TaskState.CONFIRMED,
    TaskState.UNKNOWN,
)


def tasks_by_guide(push: Push, limit: int = 300) -> QuerySet[PushTask]:
    """The push's tasks for HQ's table: those that wait first."""
    return (
        PushTask.objects.filter(push=push)
        .select_related("guide__store", "variant")
        .defer("members", "recipients")
        .annotate(reached=Count("deliveries", filter=Q(deliveries__state=DeliveryState.SENT)))
        .order_by("-state", "guide__employee_no", "pk")[:limit]
    )


def _word(state: str) -> str:
    return str(DeliveryState(state).label)


def _task_word(state: str) -> str:
    return str(TaskState(state).label)
