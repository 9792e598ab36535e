"""A company's business passed to another one: its coupons are the receiver's to honour."""

from __future__ import annotations

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.rewards.models import CouponKind, OutsideDifference


@action
def take_over_coupons(source_id: int, target_id: int, *, by: Actor) -> int:
    """Coupons in people's hands stay good at the shops that passed on; how many kinds.

    The receiver's welcome gift stays the only one. What did not agree with the old company's
    outside system is over: the receiver's is compared tonight. Repeating changes nothing.
    """
    OutsideDifference.objects.filter(entity=source_id, ended_at=None).update(
        ended_at=timezone.now()
    )
    return CouponKind.objects.filter(entity=source_id).update(
        entity=target_id, is_welcome_gift=False
    )
