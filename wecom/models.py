"""The tables of this floor, imported from its rooms for Django to find them."""

from wecom.directory.models import (
    CorpContactWay,
    CorpTag,
    CorpTagGroup,
    Department,
    Difference,
    Staff,
    Sweep,
)
from wecom.health.models import Health
from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxPause, OutboxRow

__all__ = [
    "CorpContactWay",
    "CorpTag",
    "CorpTagGroup",
    "Department",
    "Difference",
    "Health",
    "InboxMessage",
    "OutboxPause",
    "OutboxRow",
    "Staff",
    "Sweep",
]
