"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from members.identity.models import Member
from members.privacy.copies import Part, part
from members.registration.models import OneTimeCode, Registration
from members.registration.models_of_phones import PhoneChange
from members.registration.models_of_tablet import Invitation
from members.registration.models_of_tills import CardCode


def of_member(member: Member) -> list[Part]:
    """Her visits, and the codes that went to her phone."""
    visits = Registration.objects.filter(member=member)
    return [
        part(visits, also="store decisions agreed_at opened_at finished_at"),
        part(OneTimeCode.objects.filter(registration__in=visits), also="made_at used_at"),
        part(OneTimeCode.objects.filter(member=member), also="proof made_at used_at"),
        part(PhoneChange.objects.filter(member=member), also="state asked_at ended_at"),
        part(CardCode.objects.filter(member=member), also="shown_at used_at"),
        part(Invitation.objects.filter(registration__in=visits), also="store begun_at done_at"),
    ]
