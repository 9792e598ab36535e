"""What this room moves when two members are one: her transfers, and words about her."""

from __future__ import annotations

from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.merging import moving_rows

MOVER = moving_rows((CustomerTransfer, "member"), (CustomerChoice, "member"))
