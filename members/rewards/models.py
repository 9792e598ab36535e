"""Kinds of coupons and the coupons members hold. Not: where a coupon is spent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years
from kit.fields import PublicIdField
from members.identity.models import Member
from stores.org.models import LegalEntity


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
        )

    def __str__(self) -> str:
        return f"{self.kind_id} {self.number}"
