"""Kinds of coupons, the coupons members hold, and where they were taken. Points, tiers and the
outside master have files of their own.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years, with_owner
from kit.fields import PublicIdField
from members.identity.models import Member
from members.rewards.models_of_outside import (
    OutsideBalance,
    OutsideDifference,
    OutsideMaster,
    PointsProposal,
)
from members.rewards.models_of_points import (
    EntryKind,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsRule,
    TierRule,
    TierStanding,
)
from stores.org.models import LegalEntity, Store

__all__ = [
    "Coupon",
    "CouponKind",
    "CouponUse",
    "EntryKind",
    "OutsideBalance",
    "OutsideDifference",
    "OutsideMaster",
    "PointsAccount",
    "PointsAdjustment",
    "PointsEntry",
    "PointsProposal",
    "PointsRule",
    "TierRule",
    "TierStanding",
]


class CouponKind(models.Model):
    """A sort of coupon HQ has made; one of an entity's kinds may be the welcome gift."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    name = models.CharField("名称", max_length=40)
    terms = models.CharField("使用说明", max_length=120, blank=True)
    # Minor units; a gift in kind is worth 0 and says what it is in its name.
    amount = models.PositiveIntegerField("面额（分）", default=0)
    minimum_spend = models.PositiveIntegerField("最低消费（分）", default=0)
    valid_days = models.PositiveSmallIntegerField("有效天数", default=30)
    is_welcome_gift = models.BooleanField("入会礼", default=False)
    is_active = models.BooleanField("启用", default=True)

    privacy: ClassVar = declare(
        keep=keep_always("券种，没有个人信息"),
        internal="id public_id entity is_active is_welcome_gift",
        public="name terms amount minimum_spend valid_days",
    )

    class Meta:
        verbose_name = verbose_name_plural = "券种"
        constraints = (
            models.UniqueConstraint(
                fields=["entity"],
                condition=Q(is_welcome_gift=True, is_active=True),
                name="one_welcome_gift_per_entity",
                violation_error_message="这个主体已有启用中的入会礼，请先停用它。",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Coupon(models.Model):
    """A coupon in a member's hand. `once` names what it was given for, so that it is given once."""

    public_id = PublicIdField()
    kind = models.ForeignKey(
        CouponKind, models.PROTECT, related_name="coupons", verbose_name="券种"
    )
    member = models.ForeignKey(Member, models.CASCADE, related_name="coupons", verbose_name="会员")
    number = models.CharField("券号", max_length=16, unique=True)
    once = models.CharField("发放依据", max_length=80)
    issued_at = models.DateTimeField("发放时间", default=timezone.now)
    expires_at = models.DateTimeField("到期时间")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(5, "expires_at", words="本人删除资料后券号也删去"),
        internal="id public_id kind once issued_at expires_at used_at",
        personal="member number",
    )

    class Meta:
        verbose_name = verbose_name_plural = "优惠券"
        constraints = (
            models.UniqueConstraint(fields=["member", "once"], name="one_coupon_per_occasion"),
        )
        indexes = (
            # Her coupons, soonest to expire first.
            models.Index(fields=["member", "expires_at"], name="coupons_of_member_by_expiry"),
            # Given in the order of time: the night finds what is over without the rest.
            BrinIndex(fields=["expires_at"], name="coupons_by_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.kind_id} {self.number}"


class CouponUse(models.Model):
    """That a coupon was taken at a till with a receipt; given back when the receipt is returned."""

    public_id = PublicIdField()
    coupon = models.ForeignKey(Coupon, models.CASCADE, related_name="uses", verbose_name="优惠券")
    # Of the machine's key, as in its purchases: a till's repetition is told by it.
    source = models.CharField("来源", max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    at = models.DateTimeField("使用时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)
    reversed_at = models.DateTimeField("退回时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("coupon"),
        internal="id public_id source receipt_no store at actor reversed_at",
        personal="coupon",
    )

    class Meta:
        verbose_name = verbose_name_plural = "用券记录"
        constraints = (
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(reversed_at=None), name="one_use_per_coupon"
            ),
        )
        indexes = (
            # Which coupons does a returned receipt give back?
            models.Index(fields=["source", "receipt_no"], name="coupon_uses_of_receipt"),
        )

    def __str__(self) -> str:
        return f"{self.coupon_id} @ {self.receipt_no}"
