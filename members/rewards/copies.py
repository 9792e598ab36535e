"""What this room keeps of a person, for her own copy."""

from __future__ import annotations

from members.identity.models import Member
from members.privacy.copies import Part, part
from members.rewards.models import (
    Coupon,
    CouponUse,
    OutsideBalance,
    OutsideDifference,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsProposal,
    TierStanding,
)


def of_member(member: Member) -> list[Part]:
    """Her coupons and where they were used, her points, her tier, what was told outside."""
    return [
        part(Coupon.objects.filter(member=member), also="kind issued_at expires_at used_at"),
        part(CouponUse.objects.filter(coupon__member=member), also="receipt_no store at"),
        part(PointsAccount.objects.filter(member=member)),
        part(PointsEntry.objects.filter(account__member=member), also="kind source at expires_on"),
        part(PointsAdjustment.objects.filter(member=member), also="points asked_at is_approved"),
        part(TierStanding.objects.filter(member=member), also="tier since falls_on falls_to"),
        part(OutsideBalance.objects.filter(member=member), also="source told_at"),
        part(PointsProposal.objects.filter(member=member), also="source at fetched_at"),
        part(OutsideDifference.objects.filter(member=member), also="what found_at"),
    ]
