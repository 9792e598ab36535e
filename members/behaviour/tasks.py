"""Behaviour's doors for Celery: months are opened before anything happens in them."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from members.behaviour.months import open_months_from


@shared_task(name="members.tasks.open_months_of_behaviour")
def open_months_of_behaviour() -> None:
    open_months_from(timezone.now().date())
