"""The ledger's doors for Celery: months are opened before anything is sold in them; files that HQ
uploaded are carried on with.
"""

from __future__ import annotations

from typing import Final

from celery import shared_task
from django.utils import timezone

from stores.ledger.months import open_months_from
from stores.ledger.working import carry_on_all, empty_old

# The sweep calls again, and finds its place by reading over what was taken in: not too often.
_SECONDS: Final = 60.0


@shared_task
def open_months() -> None:
    open_months_from(timezone.now().date())


@shared_task(soft_time_limit=900, time_limit=960)
def carry_on_purchase_files() -> None:
    carry_on_all(seconds=_SECONDS)


@shared_task
def empty_old_purchase_files() -> None:
    empty_old()
