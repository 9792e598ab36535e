"""The tables of this floor, imported from its rooms for Django to find them."""

from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxPause, OutboxRow

__all__ = ["InboxMessage", "OutboxPause", "OutboxRow"]
