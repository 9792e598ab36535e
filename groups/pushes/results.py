"""What came of open tasks, asked of WeCom again and again until everything is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from groups.pushes import steps
from groups.pushes.models import Delivery, DeliveryState, PushTask, TaskState
from groups.pushes.rules import RESULTS_LIVE, pause_before_look
from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.fields import shown_id
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from wecom.gateway import MassSendResult

_FINAL = {DeliveryState.SENT, DeliveryState.NOT_FRIEND, DeliveryState.OVER_QUOTA}
# Not known to have had an end, as far as anybody has told.
_OPEN = {DeliveryState.UNSENT, DeliveryState.UNKNOWN}
_MOST_LOOKS = 30_000


@dataclass(frozen=True, slots=True)
class Look:
    """One task to ask WeCom about."""

    key: int
    msgid: str
    userid: str


@action
def take_looks(*, by: Actor, limit: int = 50) -> list[Look]:
    """Tasks whose results are due; each is put off by its growing pause, so nobody asks twice."""
    now = timezone.now()
    tasks = list(
        PushTask.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("guide")
        .filter(next_look_at__lte=now)
        .order_by("next_look_at")[:limit]
    )
    for task in tasks:
        task.looks = min(task.looks + 1, _MOST_LOOKS)
        is_confirmed = task.state == TaskState.CONFIRMED
        task.next_look_at = now + pause_before_look(task.looks, is_confirmed=is_confirmed)
        task.save(update_fields=["looks", "next_look_at"])
    return [Look(task.pk, task.msgid, str(task.guide.wecom_userid)) for task in tasks]


@action
def look_soon(task_id: int, *, by: Actor) -> bool:
    """The guide says that she confirmed: ask WeCom at once instead of after the pause."""
    return bool(
        PushTask.objects.filter(
            pk=task_id,
            state__in=[TaskState.OPEN, TaskState.CONFIRMED],
            closed_at=None,
            next_look_at__gt=timezone.now() + timedelta(seconds=1),
        ).update(next_look_at=timezone.now(), looks=0)
    )


@action
def note_confirmed(task_id: int, *, confirmed_at: datetime | None, by: Actor) -> bool:
    """The guide confirmed in her client; False when that was known. Looks begin anew, quickly."""
    task = _locked(task_id)
    if task.state != TaskState.OPEN:
        return False
    now = timezone.now()
    task.state, task.confirmed_at = TaskState.CONFIRMED, confirmed_at or now
    task.looks, task.next_look_at = 0, now + pause_before_look(0)
    task.save(update_fields=["state", "confirmed_at", "looks", "next_look_at"])
    steps.spare_the_same(task, at=now)
    steps.tell_guide(task)
    return True


@action
def record_results(task_id: int, results: Sequence[MassSendResult], *, by: Actor) -> int:
    """Write what came of some recipients; how many are newly sent. The same results again: none."""
    return write_results(_locked(task_id), results, at=timezone.now())


@action
def close_if_known(task_id: int, *, by: Actor) -> bool:
    """Close a confirmed task when all ends are known; half a year later the rest is unknown."""
    task = _locked(task_id)
    if task.state != TaskState.CONFIRMED or task.closed_at is not None:
        return False
    known = Delivery.objects.filter(task=task).exclude(state__in=_OPEN).count()
    now = timezone.now()
    late = task.confirmed_at is not None and now - task.confirmed_at > RESULTS_LIVE
    if known < task.size and not late:
        return False
    if known < task.size:
        _note_unknown(task, at=now)
    steps.end_task(task, TaskState.CONFIRMED)
    steps.tell_guide(task)
    return True


@action
def note_forgotten(task_id: int, *, by: Actor) -> bool:
    """WeCom does not know the task any more: what it has not told stays unknown. False when closed.

    What the guide confirmed stays confirmed; a task that waited for her ends as unknown.
    """
    task = _locked(task_id)
    if task.closed_at is not None or task.state not in {TaskState.OPEN, TaskState.CONFIRMED}:
        return False
    _note_unknown(task, at=timezone.now())
    was_confirmed = task.state == TaskState.CONFIRMED
    state = TaskState.CONFIRMED if was_confirmed else TaskState.UNKNOWN
    steps.end_task(task, state, error="企业微信已查不到这个任务，其余结果不明")
    steps.tell_guide(task)
    return True


def _note_unknown(task: PushTask, *, at: datetime) -> None:
    """Everybody of whom nothing final is known."""
    members: list[int | None] = list(task.members) or [None] * len(task.recipients)
    rows = [
        Delivery(
            push_id=task.push_id,
            task=task,
            member_no=member,
            recipient=recipient,
            state=DeliveryState.UNKNOWN,
            at=at,
        )
        for member, recipient in zip(members, task.recipients, strict=True)
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    Delivery.objects.filter(task=task, state=DeliveryState.UNSENT).update(
        state=DeliveryState.UNKNOWN, at=at
    )


@action
def note_cancelled_elsewhere(task_id: int, *, by: Actor) -> bool:
    """Somebody stopped the task in WeCom's own console: it ends, and is not made again."""
    task = _locked(task_id)
    if task.state != TaskState.OPEN or task.stopping_for:
        return False
    steps.end_task(task, TaskState.CANCELLED, error="在企业微信里被停止")
    steps.tell_guide(task)
    return True


def write_results(task: PushTask, results: Iterable[MassSendResult], *, at: datetime) -> int:
    """Upsert deliveries and write a touch for everybody newly reached; how many. A step.

    What is known to be final is not changed by a later answer. The caller holds the task's lock.
    """
    must_be_in_action()
    numbers = dict(zip(task.recipients, task.members, strict=False))
    held = dict(
        Delivery.objects.filter(
            push=task.push_id, recipient__in=[line.recipient for line in results]
        ).values_list("recipient", "state")
    )
    fresh = [
        Delivery(
            push_id=task.push_id,
            task=task,
            member_no=numbers.get(line.recipient),
            recipient=line.recipient,
            state=DeliveryState(line.state),
            at=line.sent_at or at,
        )
        for line in results
        if line.recipient in set(task.recipients)
        and held.get(line.recipient) not in _FINAL
        and held.get(line.recipient) != line.state
    ]
    Delivery.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["push", "recipient"],
        update_fields=["task", "state", "at"],
    )
    sent = [row for row in fresh if row.state == DeliveryState.SENT]
    for row in sent:
        _touch(task, row)
    return len(sent)


def _touch(task: PushTask, row: Delivery) -> None:
    if row.member_no is None:
        return
    source = shown_id(task.push.public_id)
    record_touch(
        TouchKind.PUSH,
        once=f"push:{source}:{row.member_no}",
        at=row.at,
        member_no=row.member_no,
        guide_no=task.guide_id,
        store_no=task.guide.store_id,
        source=source,
    )


def _locked(task_id: int) -> PushTask:
    return (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push")
        .get(pk=task_id)
    )
