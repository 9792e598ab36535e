"""Celery's door to hand-overs: ask WeCom how far transfers are."""

from __future__ import annotations

from celery import shared_task

from members.handover import looking


@shared_task(name="members.tasks.look_at_transfers")
def look_at_transfers() -> None:
    looking.look_at_due()
