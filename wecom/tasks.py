"""The tasks of this floor, imported from its rooms for Celery to find them."""

from wecom.directory.tasks import (
    begin_due_sweeps,
    carry_on_sweep,
    carry_on_sweeps,
    forget_old_mirrors,
    forget_old_sweeps,
)
from wecom.inbox.tasks import forget_old_callbacks, read_inbox
from wecom.outbox.tasks import deliver, forget_old_wishes, recover_outbox, sweep_outbox

__all__ = [
    "begin_due_sweeps",
    "carry_on_sweep",
    "carry_on_sweeps",
    "deliver",
    "forget_old_callbacks",
    "forget_old_mirrors",
    "forget_old_sweeps",
    "forget_old_wishes",
    "read_inbox",
    "recover_outbox",
    "sweep_outbox",
]
