"""When somebody takes her permission back: no open task holds her any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from groups.pushes import steps
from groups.pushes.models import LIVE, PushTask, StopReason, TaskState
from groups.pushes.results import write_results
from kit.actions import action
from kit.actor import Actor
from kit.fields import read_id
from wecom.gateway import MassSendResult

_PREFIX = "push-cancel:"


@action
def take_member_out(member_no: int, *, by: Actor) -> int:
    """Take a member who may not be written to out of every live task; how many tasks held her.

    So is somebody who has the push by a number that was merged into hers. Who gave her permission
    again meanwhile stays in.
    """
    now = timezone.now()
    tasks = (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push__material")
        .filter(state__in=LIVE, members__contains=[member_no])
        .order_by("pk")
    )
    return sum(steps.take_out(task, member_no, at=now) for task in tasks)


@action
def pull_back_of_guide(guide_id: int, *, by: Actor) -> int:
    """Pull back every live task of a guide who left: nobody is there to confirm it; how many."""
    tasks = (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push__material")
        .filter(guide=guide_id, state__in=LIVE)
        .order_by("pk")
    )
    return sum(steps.pull_back(task, StopReason.LEFT) for task in tasks)


@action
def finish_cancel(
    once: str,
    *,
    confirmed_at: datetime | None,
    results: Sequence[MassSendResult],
    by: Actor,
) -> PushTask | None:
    """WeCom has cancelled what was not sent: end the task, and make it again for the rest, once.

    When the guide was quicker (`confirmed_at`), the task stays confirmed and nobody is written to
    again. Returns the new task.
    """
    task = locked_by_cancel(once)
    if task is None or task.state != TaskState.OPEN:
        return None
    now = timezone.now()
    write_results(task, results, at=now)
    if confirmed_at is not None:
        task.state, task.confirmed_at, task.next_look_at = TaskState.CONFIRMED, confirmed_at, now
        task.save(update_fields=["state", "confirmed_at", "next_look_at"])
        steps.spare_the_same(task, at=now)
        steps.tell_guide(task)
        return None
    again = steps.make_again(task, at=now)
    ran_out = again is None and task.stopping_for == StopReason.QUIET
    steps.end_task(task, TaskState.EXPIRED if ran_out else TaskState.CANCELLED)
    steps.tell_guide(task)
    return again


@action
def note_uncancelled(once: str, *, error: str, by: Actor) -> None:
    """WeCom did not take the cancelling: HQ sees it on the task, which stays open."""
    task = locked_by_cancel(once)
    if task is not None and task.state == TaskState.OPEN:
        task.error = f"撤回没有成功：{error}"[:300]
        task.save(update_fields=["error"])


@action
def pull_back_expired(*, by: Actor, limit: int = 200) -> int:
    """Pull back open tasks whose time is over (quiet hours begin); how many."""
    now = timezone.now()
    tasks = (
        PushTask.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("guide__store", "push__material")
        .filter(state=TaskState.OPEN, stopping_for="", expires_at__lte=now)
        .order_by("pk")[:limit]
    )
    return sum(steps.pull_back(task, StopReason.QUIET) for task in tasks)


def locked_by_cancel(once: str) -> PushTask | None:
    """The task behind an outbox key of a cancelling, locked; None for keys of others."""
    if not once.startswith(_PREFIX):
        return None
    return (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push__material")
        .get(public_id=read_id(once.removeprefix(_PREFIX)))
    )
