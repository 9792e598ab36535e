"""What this room moves when two members are one: which line of a file became her."""

from __future__ import annotations

from members.identity.merging import moving_rows
from members.imports.models import ImportedMember

MOVER = moving_rows((ImportedMember, "member"))
