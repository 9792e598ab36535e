"""The tasks of this floor, imported from its rooms for Celery to find them."""

from members.handover.tasks import look_at_transfers
from members.privacy.tasks import (
    carry_out_requests,
    count_heads,
    end_memberships,
    follow_trails,
    keep_erasure_log,
    retain,
)
from members.registration.tasks import forget_expired_visits

__all__ = [
    "carry_out_requests",
    "count_heads",
    "end_memberships",
    "follow_trails",
    "forget_expired_visits",
    "keep_erasure_log",
    "look_at_transfers",
    "retain",
]
