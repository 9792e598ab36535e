"""The admin screens of this floor, imported from its rooms for Django to find them."""

from wecom.inbox.admin import DomainEventAdmin, HandlingAdmin, InboxMessageAdmin
from wecom.outbox.admin import OutboxRowAdmin

__all__ = ["DomainEventAdmin", "HandlingAdmin", "InboxMessageAdmin", "OutboxRowAdmin"]
