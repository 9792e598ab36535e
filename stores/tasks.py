"""Celery's doors of this floor, imported from its rooms for the worker to find them."""

from stores.ledger.tasks import open_months
from stores.org.tasks import end_hand_overs

__all__ = ["end_hand_overs", "open_months"]
