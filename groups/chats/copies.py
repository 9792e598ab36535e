"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from django.db.models import Q

from groups.chats.models import GroupMember
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """Her stays in groups."""
    hers = Q(member=member) | Q(contact__member=member)
    return [part(GroupMember.objects.filter(hers), also="group joined_at left_at")]
