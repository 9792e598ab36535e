"""The tasks of this floor, imported from its rooms for Celery to find them."""

from members.handover.tasks import look_at_transfers
from members.registration.tasks import forget_expired_visits

__all__ = ["forget_expired_visits", "look_at_transfers"]
