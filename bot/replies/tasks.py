"""Sweeps over drafts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bot.replies import actions
from kit.actor import Actor


@shared_task
def expire_drafts() -> None:
    actions.expire_drafts(at=timezone.now(), by=Actor.system("talk has moved on"))
