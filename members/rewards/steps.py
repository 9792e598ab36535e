"""What actions share: giving a coupon for an occasion, once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member
from members.rewards.models import (
    Coupon,
    CouponKind,
    EntryKind,
    OutsideBalance,
    OutsideDifference,
    PointsAccount,
    PointsAdjustment,
    PointsProposal,
    TierStanding,
)
from members.rewards.points import add_points, spend_points, write_entry
from members.rewards.rules import Change

__all__ = [
    "add_points",
    "forget_member",
    "give_coupon",
    "give_welcome_gift",
    "spend_points",
]

WELCOME = "welcome"


def give_coupon(member: Member, kind: CouponKind, *, once: str, at: datetime) -> Coupon | None:
    """Give a coupon for an occasion; None when it was given for it before. A step."""
    must_be_in_action()
    coupon = Coupon(
        kind=kind,
        member=member,
        number=f"{secrets.randbelow(10**12):012d}",
        once=once,
        issued_at=at,
        expires_at=at + timedelta(days=kind.valid_days),
    )
    Coupon.objects.bulk_create([coupon], ignore_conflicts=True)
    given = Coupon.objects.filter(public_id=coupon.public_id).first()
    if given is not None:
        emit(
            "coupon_given",
            subject=f"member:{shown_id(member.public_id)}",
            member=member.pk,
            coupon=given.pk,
            occasion=once,
        )
    return given


def give_welcome_gift(member: Member, *, at: datetime) -> Coupon | None:
    """The entity's welcome gift; None when there is none, or she has had it. A step."""
    kind = CouponKind.objects.filter(
        entity=member.entity_id, is_welcome_gift=True, is_active=True
    ).first()
    return None if kind is None else give_coupon(member, kind, once=WELCOME, at=at)


def forget_member(member: Member, at: datetime) -> None:
    """What she did not use goes, her points are void; a used coupon stays under no number of hers.
    A step.
    """
    must_be_in_action()
    Coupon.objects.filter(member=member, used_at=None).delete()
    for coupon in Coupon.objects.filter(member=member).exclude(number__startswith="X"):
        coupon.number, coupon.once = f"X{coupon.pk:x}", f"erased:{coupon.pk}"
        coupon.save(update_fields=["number", "once"])
    TierStanding.objects.filter(member=member).delete()
    OutsideBalance.objects.filter(member=member).delete()
    OutsideDifference.objects.filter(member=member).delete()
    PointsProposal.objects.filter(member=member).delete()
    for row in PointsAdjustment.objects.filter(member=member):
        row.reason = None
        row.save(update_fields=["reason"])
    account = PointsAccount.objects.select_for_update(of=("self",)).filter(member=member).first()
    if account is not None and (account.balance or account.pending or account.owed):
        void = Change(-account.balance, -account.pending, -account.owed)
        write_entry(account, EntryKind.EXPIRE, void, once="erased", at=at)
