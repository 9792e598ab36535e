"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from members.identity.models import Member
from members.imports.models import ImportedMember
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """When a file brought her, or changed something of her, and what."""
    return [part(ImportedMember.objects.filter(member=member), also="at is_new changed")]
