"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from bot.understanding.steps import heard_of
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """What she said where the assistant listens."""
    return [part(heard_of(member), also="heard_on said_at decision")]
