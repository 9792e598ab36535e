"""The ledger's doors for Celery: months are opened before anything is sold in them."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from stores.ledger.months import open_months_from


@shared_task
def open_months() -> None:
    open_months_from(timezone.now().date())
