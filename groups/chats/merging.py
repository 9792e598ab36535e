"""What this room moves when two members are one: her stays in groups."""

from __future__ import annotations

from groups.chats.models import GroupMember
from members.identity.merging import moving_rows

MOVER = moving_rows((GroupMember, "member"))
