"""Doors of the inbox for Celery. The sweep finds what a lost nudge left lying."""

from __future__ import annotations

from celery import shared_task

from kit.actor import Actor
from wecom.inbox.actions import forget_old, read_waiting

_READER = Actor.system("reads WeCom's callbacks")
# One task reads at most so many batches; the sweep brings the next.
_BATCHES = 40


@shared_task(name="wecom.tasks.read_inbox")
def read_inbox() -> None:
    for _ in range(_BATCHES):
        if not read_waiting(by=_READER):
            return


@shared_task(name="wecom.tasks.forget_old_callbacks")
def forget_old_callbacks() -> None:
    forget_old(by=Actor.system("callbacks are kept 30 days"))
