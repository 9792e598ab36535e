"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from django.db.models import Q

from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> list[Part]:
    """From whom to whom she passed."""
    hers = Q(member=member) | Q(contact__member=member)
    return [
        part(CustomerTransfer.objects.filter(hers), also="from_guide to_guide made_at ended_at"),
        part(CustomerChoice.objects.filter(hers), also="goes_along"),
    ]
