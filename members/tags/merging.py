"""What this room moves when two members are one: tags, and words against a tag."""

from __future__ import annotations

from members.identity.merging import moving_rows
from members.tags.models import MemberTag, TagTakenOff

MOVER = moving_rows((MemberTag, "member"), (TagTakenOff, "member"))
