"""What a member holds."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from members.identity.models import Member
from members.rewards.models import Coupon


def coupons_to_use(member: Member, at: datetime) -> QuerySet[Coupon]:
    """Her coupons that a till would take now, soonest to expire first."""
    return (
        Coupon.objects.filter(member=member, used_at=None, expires_at__gt=at)
        .select_related("kind")
        .order_by("expires_at", "pk")
    )
