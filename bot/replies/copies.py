"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from bot.replies.models import Draft
from bot.understanding.steps import heard_of
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """What she was answered."""
    hers = Draft.objects.filter(heard__in=heard_of(member))
    return [part(hers, also="text state made_at sent_at")]
