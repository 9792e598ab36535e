"""Celery's doors of this floor, imported from its rooms for the worker to find them."""

from groups.chats.tasks import look_at_group_transfers
from groups.pushes.tasks import end_what_is_over, look_at_results, submit_push_tasks

__all__ = [
    "end_what_is_over",
    "look_at_group_transfers",
    "look_at_results",
    "submit_push_tasks",
]
