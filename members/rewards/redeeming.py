"""A coupon is taken at a till exactly once, and comes back when its receipt does."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import MemberState
from members.rewards.errors import CouponExpired, CouponUsed, NoSuchCoupon, SpendTooLittle
from members.rewards.models import Coupon, CouponUse
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Store


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The use, and whether it was written now or told again."""

    use: CouponUse
    is_new: bool


@action
def redeem_coupon(
    number: str,
    *,
    source: str,
    receipt_no: str,
    store: Store,
    spent_minor: int | None = None,
    by: Actor,
) -> Redeemed:
    """Take a coupon with a receipt. The same receipt again is answered as the first time.

    Refuses a number that leads to no coupon of the store's entity (NoSuchCoupon), one that another
    receipt has used (CouponUsed), an expired one, and a receipt below its minimum.
    """
    coupon = _coupon(number, store)
    now = timezone.now()
    known = _standing_use(coupon)
    if known is not None:
        return _told_again(known, source, receipt_no)
    if coupon.expires_at <= now:
        raise CouponExpired
    if spent_minor is not None and spent_minor < coupon.kind.minimum_spend:
        raise SpendTooLittle
    # The row itself decides between two tills: whoever changes it first has it.
    taken = Coupon.objects.filter(pk=coupon.pk, used_at=None).update(used_at=now)
    if not taken:
        rival = _standing_use(coupon)
        if rival is None:
            raise CouponUsed
        return _told_again(rival, source, receipt_no)
    use = CouponUse.objects.create(
        coupon=coupon, source=source, receipt_no=receipt_no, store=store, at=now, actor=str(by)
    )
    _tell(use, coupon, store)
    return Redeemed(use, is_new=True)


@action
def return_coupons(source: str, receipt_no: str, *, by: Actor, number: str = "") -> int:
    """Give back the coupons of a receipt that came back whole, or the one named; how many.

    They are what they were before: an expired one stays expired. Repeating changes nothing.
    """
    uses = CouponUse.objects.filter(source=source, receipt_no=receipt_no, reversed_at=None)
    if number:
        uses = uses.filter(coupon__number=number)
    done = 0
    for use in uses.select_related("coupon__member").order_by("pk"):
        now = timezone.now()
        if not CouponUse.objects.filter(pk=use.pk, reversed_at=None).update(reversed_at=now):
            continue
        Coupon.objects.filter(pk=use.coupon_id).update(used_at=None)
        emit(
            "coupon_returned",
            subject=f"member:{shown_id(use.coupon.member.public_id)}",
            member=use.coupon.member_id,
            coupon=use.coupon_id,
        )
        done += 1
    return done


def _coupon(number: str, store: Store) -> Coupon:
    """The coupon of a member of the store's entity. Missing and foreign answer alike."""
    coupon = (
        Coupon.objects.select_related("kind", "member")
        .filter(number=number.strip(), kind__entity=store.entity_id)
        .first()
    )
    if coupon is None or coupon.member.state != MemberState.ACTIVE:
        raise NoSuchCoupon
    return coupon


def _standing_use(coupon: Coupon) -> CouponUse | None:
    use = CouponUse.objects.filter(coupon=coupon, reversed_at=None).first()
    if use is not None:
        # Whoever answers with it stands outside the scope in which it could be fetched.
        use.coupon = coupon
    return use


def _told_again(use: CouponUse, source: str, receipt_no: str) -> Redeemed:
    if (use.source, use.receipt_no) != (source, receipt_no):
        raise CouponUsed
    return Redeemed(use, is_new=False)


def _tell(use: CouponUse, coupon: Coupon, store: Store) -> None:
    record_touch(
        TouchKind.COUPON_USED,
        once=f"coupon_used:{shown_id(use.public_id)}",
        at=use.at,
        member_no=coupon.member_id,
        guide_no=coupon.member.owner_id,
        store_no=store.pk,
        source=shown_id(coupon.kind.public_id),
    )
    emit(
        "coupon_used",
        subject=f"member:{shown_id(coupon.member.public_id)}",
        member=coupon.member_id,
        coupon=coupon.pk,
        store=store.pk,
    )
