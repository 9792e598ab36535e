"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from members.identity.models import Member
from members.privacy.copies import Part, part
from members.rewards.models import Coupon


def of_member(member: Member) -> list[Part]:
    """Her coupons."""
    return [
        part(Coupon.objects.filter(member=member), also="kind issued_at expires_at used_at"),
    ]
