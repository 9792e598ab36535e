"""Mass sends against WeCom: an open task is asked about until its end is known.

Usually `tasks.look_at_results` does so by growing pauses; a sweep finds what fell out of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from groups.pushes.looking import look
from groups.pushes.models import Delivery, PushTask, TaskState
from groups.pushes.results import Look
from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from wecom.directory.portions import Found, Outcome, Portion, Rest, Tally
from wecom.gateway import Retry, WecomError

US: Final = Actor.system("follows mass sends")
_AT_ONCE: Final = 10
# Nobody has looked although it was time: the row fell out of the usual looks.
_NEGLECTED: Final = timedelta(minutes=30)


def follow_tasks(portion: Portion) -> Outcome:
    """The comparer of mass sends: all open tasks at night, the neglected ones every hour."""
    if not isinstance(portion.facts, Rest):
        return Outcome()
    with scope_of(US):
        tasks = _open_tasks(
            int(portion.facts.after or 0), None if portion.is_full else portion.asked_at
        )
    tally = Tally(compared=len(tasks))
    for task in tasks:
        _follow(task, tally)
    if len(tasks) == _AT_ONCE:
        return tally.outcome(after=str(tasks[-1].pk))
    tally.left += _doubtful()
    return tally.outcome()


def _open_tasks(after: int, asked_at: datetime | None) -> list[PushTask]:
    found = PushTask.objects.filter(
        pk__gt=after, state__in=[TaskState.OPEN, TaskState.CONFIRMED], closed_at=None
    ).exclude(msgid="")
    if asked_at is not None:
        late = Q(next_look_at=None) | Q(next_look_at__lt=asked_at - _NEGLECTED)
        found = found.filter(late)
    return list(found.select_related("guide").order_by("pk")[:_AT_ONCE])


def _follow(task: PushTask, tally: Tally) -> None:
    before = _standing(task.pk)
    subject = f"pushtask:{shown_id(task.public_id)}"
    try:
        look(Look(task.pk, task.msgid, str(task.guide.wecom_userid)))
    except WecomError as error:
        if error.retry is not Retry.NEVER:
            raise
        tally.left.append(Found(subject, "无法查询群发结果", error.advice))
        return
    after = _standing(task.pk)
    if after != before:
        detail = f"{TaskState(after[0]).label}，{after[2]} 位有结果"
        tally.repaired.append(Found(subject, "群发结果补录", detail))


def _standing(task_id: int) -> tuple[str, bool, int]:
    with scope_of(US):
        state, closed_at = PushTask.objects.values_list("state", "closed_at").get(pk=task_id)
        return state, closed_at is not None, Delivery.objects.filter(task=task_id).count()


def _doubtful() -> list[Found]:
    """Tasks of which nobody knows whether WeCom took them: HQ looks into the outbox."""
    long_ago = timezone.now() - timedelta(days=30)
    with scope_of(US):
        rows = list(
            PushTask.objects.filter(
                state=TaskState.UNKNOWN, closed_at=None, created_at__gte=long_ago
            ).order_by("pk")[:200]
        )
    return [Found(f"pushtask:{shown_id(row.public_id)}", "群发是否送达不明") for row in rows]
