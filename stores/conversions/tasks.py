"""Doors of this room for Celery: rules on trial go on while there are sales to compare."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from stores.conversions.trying import carry_on_trials


@shared_task
def carry_on_rule_trials() -> None:
    carry_on_trials(timezone.now())
