"""Sweeps over escalations."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bot.escalations import actions
from kit.actor import Actor


@shared_task
def reroute_overdue() -> None:
    actions.reroute_overdue(at=timezone.now(), by=Actor.system("deadline passed"))
