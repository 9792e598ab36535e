"""Celery's doors of this floor, imported from its rooms for the worker to find them."""

from stores.ledger.tasks import open_months

__all__ = ["open_months"]
