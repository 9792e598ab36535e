"""Celery's doors of this floor, imported from its rooms for the worker to find them."""

from groups.chats.tasks import sync_groups

__all__ = ["sync_groups"]
