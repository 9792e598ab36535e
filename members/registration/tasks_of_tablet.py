"""Celery's door to what iPads began and nobody finished."""

from __future__ import annotations

from celery import shared_task

from kit.actor import Actor
from members.registration.invitations import forget_pending


@shared_task(name="members.tasks.forget_pending_members")
def forget_pending_members() -> None:
    forget_pending(by=Actor.system("retention of begun registrations"))
