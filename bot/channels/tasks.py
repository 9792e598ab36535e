"""Jobs by the clock over what was heard."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bot.channels import actions
from kit.actor import Actor


@shared_task
def forget_heard() -> None:
    actions.forget_heard(at=timezone.now(), by=Actor.system("kept 30 days"))
