"""Asks WeCom what came of a task and hands the answers to actions. Safe to repeat."""

from __future__ import annotations

from groups.pushes import results
from groups.pushes.results import Look
from kit.actor import Actor
from wecom.gateway import (
    BeingDispatched,
    Cancelled,
    MassSendResult,
    MassSendTask,
    WecomError,
    gateway_of,
)

US = Actor.system("results of pushes")
# The msgid is none that WeCom knows (document 90313): it was deleted there, or kept no longer.
_FORGOTTEN = 41047
# Results recorded in one action: a long list must not hold a lock for long.
_AT_ONCE = 200


def look(task: Look) -> None:
    """Learn whether the guide confirmed and what came of each recipient, as far as WeCom tells.

    Right after the creation WeCom is still dispatching (41063): the next look comes anyway.
    """
    try:
        asked = share_of(task)
        if asked is None or not asked.is_confirmed:
            return
        found = gateway_of().mass_send_results(task.msgid, task.userid)
    except BeingDispatched:
        return
    except Cancelled:
        results.note_cancelled_elsewhere(task.key, by=US)
        return
    except WecomError as error:
        if error.code != _FORGOTTEN:
            raise
        results.note_forgotten(task.key, by=US)
        return
    results.note_confirmed(task.key, confirmed_at=asked.confirmed_at, by=US)
    for start in range(0, len(found), _AT_ONCE):
        results.record_results(task.key, found[start : start + _AT_ONCE], by=US)
    results.close_if_known(task.key, by=US)


def end_of_cancelled(task: Look) -> tuple[MassSendTask | None, list[MassSendResult]]:
    """After cancelling: did the guide confirm before, and what was sent?

    Where WeCom no longer answers for a cancelled task (41093), what the look before cancelling saw
    stands: nobody had confirmed.
    """
    try:
        asked = share_of(task)
        if asked is None or not asked.is_confirmed:
            return None, []
        return asked, gateway_of().mass_send_results(task.msgid, task.userid)
    except Cancelled:
        return None, []


def share_of(task: Look) -> MassSendTask | None:
    """The guide's share of a mass send; it has one, since each task names its sender."""
    for share in gateway_of().mass_send_tasks(task.msgid):
        if share.userid == task.userid:
            return share
    return None
