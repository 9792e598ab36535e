"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from groups.pushes.models import Delivery
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """What was sent to her, and what came of it."""
    return [part(Delivery.objects.filter(member_no=member.pk), also="push state at")]
