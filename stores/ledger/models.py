"""Facts that nobody changes: touches, purchase lines, ownership, merged numbers.

The ledger names a member and a guide by number, without a foreign key: it never knows who the
person is, so it outlives her right to be forgotten. Touches and purchase lines are partitioned by
month (see the migration); uniqueness that spans partitions stands in small key tables.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from kit.classified import declare, keep_years


class TouchKind(models.TextChoices):
    """The closed list of ways in which a member is reached; `docs/touches.md` explains each."""

    SCAN = "scan", "扫码"
    REGISTRATION = "registration", "注册会员"
    FRIEND = "friend", "加企微"
    WELCOME = "welcome", "欢迎语"
    GROUP_JOIN = "group_join", "入群"
    GROUP_LEAVE = "group_leave", "退群"
    PUSH = "push", "群发送达"
    LINK_OPEN = "link_open", "打开链接"
    CALL = "call", "电话"
    VISIT = "visit", "到店"
    BOT_ANSWER = "bot_answer", "小助手回答"
    DRAFT_SENT = "draft_sent", "导购回复"
    COUPON_USED = "coupon_used", "用券"
    REFERRAL = "referral", "老带新"


class Touch(models.Model):
    """A member was touched: by whom, where, how, when. `source`: what it came from, a public id."""

    member_no = models.BigIntegerField("会员序号", null=True)
    guide_no = models.BigIntegerField("导购序号", null=True)
    store_no = models.BigIntegerField("门店序号", null=True)
    kind = models.CharField("方式", max_length=16, choices=TouchKind.choices)
    source = models.CharField("来源", max_length=80, blank=True)
    at = models.DateTimeField("时间")
    recorded_at = models.DateTimeField("入账时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "at", words="本人删除资料后只剩序号"),
        internal="id guide_no store_no kind source at recorded_at",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "互动记录"
        indexes = (
            # Her timeline, newest first.
            models.Index(fields=["member_no", "-at"], name="touches_of_member_newest"),
            # A guide's funnel in a period.
            models.Index(fields=["guide_no", "kind", "at"], name="touches_of_guide_in_time"),
            # A store's funnel in a period.
            models.Index(fields=["store_no", "kind", "at"], name="touches_of_store_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class TouchKey(models.Model):
    """That a touch with this key was recorded: the guard against counting it twice."""

    once = models.CharField(max_length=160, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(keep=keep_years(5, "at"), internal="once at")

    class Meta:
        # Written in the order of time: the night finds what is over without the rest.
        indexes = (BrinIndex(fields=["at"], name="touch_keys_by_age"),)

    def __str__(self) -> str:
        return self.once


class PurchaseLine(models.Model):
    """One line of a receipt, or of its refund (negative amount and quantity). Minor units."""

    source = models.CharField("来源", max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    line = models.PositiveIntegerField("行")
    sku = models.CharField("货号", max_length=60)
    quantity = models.IntegerField("数量")
    amount = models.BigIntegerField("金额（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    # "receipt_no/line" of the sale that this line takes back, of the same source.
    refund_of = models.CharField("退货对应", max_length=100, blank=True)
    member_no = models.BigIntegerField("会员序号", null=True)
    store_no = models.BigIntegerField("门店序号")
    served_by_no = models.BigIntegerField("服务导购序号", null=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    sold_at = models.DateTimeField("销售时间")
    recorded_at = models.DateTimeField("入账时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "sold_at", words="本人删除资料后只剩序号"),
        internal="id source receipt_no line sku quantity amount currency refund_of store_no"
        " served_by_no sold_at recorded_at",
        personal="member_no",
        personal_high="latitude longitude",
    )

    class Meta:
        verbose_name = verbose_name_plural = "订单明细"
        indexes = (
            # What she bought, newest first.
            models.Index(fields=["member_no", "-sold_at"], name="purchases_of_member_newest"),
            # A store's sales in a period.
            models.Index(fields=["store_no", "sold_at"], name="purchases_of_store_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.receipt_no}/{self.line}"


class ReceiptKey(models.Model):
    """That a source's line is in the ledger; the digest tells a repetition from a clash."""

    source = models.CharField(max_length=40)
    receipt_no = models.CharField(max_length=80)
    line = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    purchase_line = models.BigIntegerField()
    # With the time a look-up by number reads one month instead of all of them.
    sold_at = models.DateTimeField()
    refund_of = models.CharField(max_length=100, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(5, "sold_at"),
        internal="id source receipt_no line digest purchase_line sold_at refund_of",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "receipt_no", "line"], name="one_purchase_per_receipt_line"
            ),
        )
        indexes = (
            # The refunds of a sale, also those that came before it.
            models.Index(
                fields=["source", "refund_of"],
                name="refunds_of_receipt_line",
                condition=~Q(refund_of=""),
            ),
            # Written in the order of time: the night finds what is over without the rest.
            BrinIndex(fields=["sold_at"], name="receipt_keys_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.source}/{self.receipt_no}/{self.line}"


class ReceiptMember(models.Model):
    """That a receipt recorded without a member turned out to be hers: the card came afterwards."""

    source = models.CharField("来源", max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    member_no = models.BigIntegerField("会员序号")
    store_no = models.BigIntegerField("门店序号")
    at = models.DateTimeField("时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_years(5, "at", words="本人删除资料后只剩序号"),
        internal="id source receipt_no store_no at actor",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "补登会员的小票"
        constraints = (
            models.UniqueConstraint(
                fields=["source", "receipt_no"], name="one_late_member_per_receipt"
            ),
        )
        indexes = (
            # Her receipts that were recorded without her.
            models.Index(fields=["member_no"], name="late_receipts_of_member"),
        )

    def __str__(self) -> str:
        return f"{self.source}/{self.receipt_no} → {self.member_no}"


class Ownership(models.Model):
    """That a member belonged to a guide, since and until when, and why."""

    member_no = models.BigIntegerField("会员序号")
    guide_no = models.BigIntegerField("导购序号")
    store_no = models.BigIntegerField("门店序号")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至", null=True)
    reason = models.CharField("原因", max_length=40)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_years(5, "until", words="本人删除资料后只剩序号"),
        internal="id guide_no store_no since until reason actor",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "专属导购记录"
        constraints = (
            ExclusionConstraint(
                name="one_owner_per_member",
                expressions=[
                    ("member_no", RangeOperators.EQUAL),
                    (
                        Func(
                            F("since"),
                            F("until"),
                            function="TSTZRANGE",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        )
        indexes = (
            # A guide's members now.
            models.Index(
                fields=["guide_no"], name="owned_now_by_guide", condition=Q(until__isnull=True)
            ),
            # What has ended, oldest first.
            models.Index(
                fields=["until"], name="ownerships_by_end", condition=Q(until__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_no} → {self.guide_no}"


class MergedMember(models.Model):
    """That one member number turned out to be another; undone by a date, never by deleting."""

    member_no = models.BigIntegerField()
    into_no = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    privacy: ClassVar = declare(
        keep=keep_years(5, "undone_at", words="合并有效期间一直保存"),
        internal="id at undone_at",
        personal="member_no into_no",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["member_no"],
                condition=Q(undone_at__isnull=True),
                name="merged_into_one_member",
            ),
        )
        indexes = (
            # Which numbers mean her too? Asked by every page about her, and by row-level security.
            models.Index(
                fields=["into_no"],
                name="numbers_merged_into_member",
                condition=Q(undone_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_no} → {self.into_no}"
