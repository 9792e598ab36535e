"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from members.identity.models import Member
from members.privacy.copies import Part, part
from members.registration.models import OneTimeCode, Registration


def of_member(member: Member) -> list[Part]:
    """Her visits, and the codes that went to her phone."""
    visits = Registration.objects.filter(member=member)
    return [
        part(visits, also="store decisions agreed_at opened_at finished_at"),
        part(OneTimeCode.objects.filter(registration__in=visits), also="made_at used_at"),
    ]
