"""Jobs by the clock over articles."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bot.knowledge import actions
from kit.actor import Actor


@shared_task
def expire_articles() -> None:
    actions.expire_articles(on=timezone.localdate(), by=Actor.system("last day passed"))
