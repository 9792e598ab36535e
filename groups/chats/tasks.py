"""Celery's doors of this room: look at groups that shall change their owner."""

from __future__ import annotations

from celery import shared_task

from groups.chats.handover import look_at_groups
from kit.actor import Actor

US = Actor.system("owners of groups")


@shared_task
def look_at_group_transfers() -> None:
    """Groups that should have another owner by now are looked at once more."""
    look_at_groups(by=US)
