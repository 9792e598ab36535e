"""The tasks of this floor, imported from its rooms for Celery to find them."""

from wecom.inbox.tasks import forget_old_callbacks, read_inbox
from wecom.outbox.tasks import deliver, empty_old_wishes, recover_outbox, sweep_outbox

__all__ = [
    "deliver",
    "empty_old_wishes",
    "forget_old_callbacks",
    "read_inbox",
    "recover_outbox",
    "sweep_outbox",
]
