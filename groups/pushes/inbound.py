"""Reactions: what the outbox came to, and permissions taken back. Vetoes right before sending."""

from __future__ import annotations

import structlog
from django.utils import timezone

from groups.pushes import submission, withdrawal
from groups.pushes.looking import end_of_cancelled, look
from groups.pushes.models import PushTask
from groups.pushes.queries import look_of, open_looks, reason_to_hold
from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from kit.fields import read_id
from members.consent.models import Purpose
from wecom.gateway import WecomError
from wecom.outbox.models import OutboxRow

log = structlog.get_logger(__name__)

US = Actor.system("pushes")
# Cancelled before, by us or in the console: as good as cancelled now.
_CANCELLED_BEFORE = 41093
# Withdrawing one of these may take her out of pushes.
_CONCERNED = {
    Purpose.DIRECT_MARKETING, Purpose.SHARE_ENTITY, Purpose.MEMBERSHIP, Purpose.PROFILING,
}  # fmt: skip


def may_still_send(row: OutboxRow) -> str:
    """Ask everybody's permission again at the moment of sending; the reason against, or nothing."""
    if not row.once.startswith("push:"):
        return ""
    with scope_of(US):
        task = (
            PushTask.objects.select_related("push", "guide__store")
            .filter(public_id=read_id(row.once.removeprefix("push:")))
            .first()
        )
        return "任务不存在" if task is None else reason_to_hold(task, at=timezone.now())


def task_submitted(event: DomainEvent) -> None:
    """WeCom took the task: it stands in the guide's client now."""
    answer = event.payload["answer"]
    if not answer.get("msgid"):
        # HQ's word on a doubtful task: it went out, but its number and results stay unknown.
        return
    submission.open_task(
        event.payload["once"],
        msgid=answer["msgid"],
        unreachable=answer.get("unreachable") or (),
        by=US,
    )


def task_failed(event: DomainEvent) -> None:
    """WeCom refused the task for good."""
    submission.give_up_task(event.payload["once"], error=event.payload.get("error", ""), by=US)


def task_held(event: DomainEvent) -> None:
    """The task was vetoed or came too late: again without who must not get it, when allowed."""
    submission.take_back_unsent(event.payload["once"], by=US)


def task_doubtful(event: DomainEvent) -> None:
    """Nobody knows whether WeCom took the task."""
    submission.doubt_task(event.payload["once"], by=US)


def task_cancelled(event: DomainEvent) -> None:
    """WeCom stopped what was unsent: learn what was sent before, then end and make again."""
    once = event.payload["once"]
    with scope_of(US):
        task = _by_cancel(once)
        asked = look_of(task) if task is not None else None
    if asked is None:
        return
    share, results = end_of_cancelled(asked)
    confirmed_at = (share.confirmed_at or timezone.now()) if share is not None else None
    withdrawal.finish_cancel(once, confirmed_at=confirmed_at, results=results, by=US)


def task_not_cancelled(event: DomainEvent) -> None:
    """WeCom did not take the cancelling; that it was cancelled before is no trouble."""
    if event.payload.get("code") == _CANCELLED_BEFORE:
        task_cancelled(event)
        return
    withdrawal.note_uncancelled(
        event.payload["once"], error=str(event.payload.get("error", "")), by=US
    )


def consent_withdrawn(event: DomainEvent) -> None:
    """She took a permission back: no open task holds her any more."""
    if event.payload["purpose"] in _CONCERNED:
        _take_out(int(event.payload["member"]))


def members_merged(event: DomainEvent) -> None:
    """Two members are one: the gone number is written to no more, and she gets nothing twice."""
    for number in (event.payload["gone"], event.payload["kept"]):
        _take_out(int(number))


def _take_out(member_no: int) -> None:
    """Out of every live task, if she may not get it.

    WeCom is asked first whether guides confirmed meanwhile, since some of its versions do not tell
    after cancelling. When it cannot be asked, her withdrawal does not wait for it.
    """
    with scope_of(US):
        asked = open_looks(members__contains=[member_no])
    for one in asked:
        try:
            look(one)
        except WecomError as error:
            log.warning("look_failed", task=one.key, code=error.code)
    withdrawal.take_member_out(member_no, by=US)


def guide_handed_over(event: DomainEvent) -> None:
    """It is decided who takes over from a guide who left: what waited for her tap is pulled back.

    Who moves or is on leave goes on confirming.
    """
    if event.payload["reason"] == "left":
        withdrawal.pull_back_of_guide(int(event.payload["guide"]), by=US)


def _by_cancel(once: str) -> PushTask | None:
    if not once.startswith("push-cancel:"):
        return None
    return (
        PushTask.objects.select_related("guide")
        .filter(public_id=read_id(once.removeprefix("push-cancel:")))
        .first()
    )
