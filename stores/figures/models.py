"""Sums by day, kept from the facts and thrown away at will; what waits to be counted; the proofs.

Nobody's name stands here. A sum is a function of the ledger, the credits, and the store's hours
and place; `counting.py` says which.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days, keep_years, with_owner
from stores.figures.measures import EVERYTHING, SHARED

_NOBODY = "合计数字，没有客户信息"


class Counted(models.Model):
    """What every table of sums has; the meaning of each column stands in `measures.py`."""

    store_no = models.BigIntegerField("门店序号")
    day = models.DateField("日期")
    scans = models.IntegerField("扫码", default=0)
    new_members = models.IntegerField("新增会员", default=0)
    friends = models.IntegerField("加企微", default=0)
    welcomes = models.IntegerField("欢迎语", default=0)
    group_joins = models.IntegerField("入群", default=0)
    group_leaves = models.IntegerField("退群", default=0)
    pushes = models.IntegerField("群发送达", default=0)
    link_opens = models.IntegerField("打开链接", default=0)
    calls = models.IntegerField("电话", default=0)
    visits = models.IntegerField("到店", default=0)
    bot_answers = models.IntegerField("小助手回答", default=0)
    drafts_sent = models.IntegerField("导购回复", default=0)
    coupons_used = models.IntegerField("用券", default=0)
    referrals = models.IntegerField("老带新", default=0)
    sales = models.BigIntegerField("归属销售（分）", default=0)
    refunds = models.BigIntegerField("退货（分）", default=0)
    kept = models.BigIntegerField("退货后留下（分）", default=0)
    receipts = models.IntegerField("归属订单", default=0)
    buyers = models.IntegerField("下单会员人次", default=0)
    first_buyers = models.IntegerField("首购会员", default=0)
    second_buyers = models.IntegerField("首次复购会员", default=0)
    came_back = models.IntegerField("复购会员人次", default=0)
    closed_sales = models.BigIntegerField("闭店后归属销售（分）", default=0)
    timed_sales = models.BigIntegerField("知道是否营业的归属销售（分）", default=0)

    class Meta:
        abstract = True


class StoreDay(Counted):
    """One day of a store: its touches, its credits, and all its sales."""

    all_sales = models.BigIntegerField("全部销售（分）", default=0)
    all_refunds = models.BigIntegerField("全部退货（分）", default=0)
    all_receipts = models.IntegerField("全部订单", default=0)
    member_sales = models.BigIntegerField("会员销售（分）", default=0)
    member_receipts = models.IntegerField("会员订单", default=0)
    sold = models.BigIntegerField("卖出（分，退货前）", default=0)
    timed_sold = models.BigIntegerField("知道是否营业的卖出（分）", default=0)
    closed_sold = models.BigIntegerField("闭店后卖出（分）", default=0)
    placed_sold = models.BigIntegerField("知道位置的卖出（分）", default=0)
    outside_sold = models.BigIntegerField("商圈外卖出（分）", default=0)

    privacy: ClassVar = declare(
        keep=keep_always(_NOBODY), internal=f"id store_no day {' '.join(EVERYTHING)}"
    )

    class Meta:
        verbose_name = "业绩看板"
        verbose_name_plural = "业绩看板"
        constraints = (
            models.UniqueConstraint(fields=["store_no", "day"], name="one_sum_per_store_and_day"),
        )
        indexes = (
            # All stores in a period.
            models.Index(fields=["day"], name="store_sums_of_day"),
        )

    def __str__(self) -> str:
        return f"{self.store_no} {self.day}"


class GuideDay(Counted):
    """One day of a guide in a store: what she was there, and what was credited to her."""

    guide_no = models.BigIntegerField("导购序号")

    privacy: ClassVar = declare(
        keep=keep_always(_NOBODY), internal=f"id store_no guide_no day {' '.join(SHARED)}"
    )

    class Meta:
        verbose_name = verbose_name_plural = "导购日业绩"
        constraints = (
            models.UniqueConstraint(
                fields=["store_no", "day", "guide_no"], name="one_sum_per_guide_store_and_day"
            ),
        )
        indexes = (
            # A guide's days in a period.
            models.Index(fields=["guide_no", "day"], name="guide_sums_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.guide_no} {self.day}"


class SourceKind(models.TextChoices):
    CODE = "code", "渠道码"
    PUSH = "push", "群发"


class SourceDay(Counted):
    """One day of a channel code or a push in a store.

    Of a code: its scans and registrations, and what the members who came by it did from then on.
    Of a push: its deliveries and openings, and the credits that rest on one of them. A credit may
    rest on several pushes: sums over pushes are no total.
    """

    kind = models.CharField("来自", max_length=4, choices=SourceKind.choices)
    source = models.CharField("来源", max_length=80)

    privacy: ClassVar = declare(
        keep=keep_always(_NOBODY), internal=f"id store_no day kind source {' '.join(SHARED)}"
    )

    class Meta:
        verbose_name = verbose_name_plural = "渠道与群发业绩"
        constraints = (
            models.UniqueConstraint(
                fields=["store_no", "day", "kind", "source"], name="one_sum_per_source_and_day"
            ),
        )
        indexes = (
            # A code or a push in a period.
            models.Index(fields=["kind", "source", "day"], name="source_sums_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.source} {self.day}"


class Origin(models.Model):
    """The channel code by which a member first came: what she does later is counted for it too."""

    member_no = models.BigIntegerField("会员序号", unique=True)
    store_no = models.BigIntegerField("门店序号", null=True)
    guide_no = models.BigIntegerField("导购序号", null=True)
    source = models.CharField("渠道码", max_length=80)
    at = models.DateTimeField("注册时间")

    privacy: ClassVar = declare(
        keep=keep_years(5, "at", words="本人删除资料后只剩序号"),
        internal="id store_no guide_no source at",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员来自"
        # Written in the order of time: the night finds what is over without the rest.
        indexes = (BrinIndex(fields=["at"], name="origins_by_age"),)

    def __str__(self) -> str:
        return f"{self.member_no} ← {self.source}"


class CohortMonth(models.Model):
    """What the members who came in one month were credited with in another; counted by the proof.

    A member's month and store are those of her registration. The third side, time, is the months
    between the two.
    """

    store_no = models.BigIntegerField("门店序号")
    cohort = models.DateField("入会月份")
    month = models.DateField("消费月份")
    buyers = models.IntegerField("下单会员", default=0)
    sales = models.BigIntegerField("归属销售（分）", default=0)

    privacy: ClassVar = declare(
        keep=keep_always(_NOBODY), internal="id store_no cohort month buyers sales"
    )

    class Meta:
        verbose_name = verbose_name_plural = "各批会员的价值"
        constraints = (
            models.UniqueConstraint(
                fields=["store_no", "cohort", "month"], name="one_sum_per_cohort_and_month"
            ),
        )
        indexes = (
            # All cohorts of a month, to count them again.
            models.Index(fields=["month", "store_no"], name="cohorts_of_month"),
        )

    def __str__(self) -> str:
        return f"{self.store_no} {self.cohort:%Y-%m} {self.month:%Y-%m}"


class MarkedFacts(models.TextChoices):
    """Which facts of a day moved: the sums of the others stay as they are."""

    EVERYTHING = "all", "全部"
    TOUCHES = "touches", "互动"
    CREDITS = "credits", "业绩归属"
    LINES = "lines", "订单"


class FigureMark(models.Model):
    """That the sums do not hold some facts yet; written by triggers together with the fact.

    With `numbers`: these touches are to be added to the sums, wherever their day is now; or these
    credits were written, and may have taken "the first" from others. Without: the day is counted
    again. Not unique: two who write facts of one day must not wait for each other.
    """

    store_no = models.BigIntegerField()
    # Of touches with numbers the day by UTC, of everything else by the store's clock.
    day = models.DateField()
    facts = models.CharField(
        max_length=7, choices=MarkedFacts.choices, default=MarkedFacts.EVERYTHING
    )
    numbers = ArrayField(models.BigIntegerField(), null=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(30, "at"), internal="id store_no day facts numbers at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "待重算的日子"

    def __str__(self) -> str:
        return f"{self.store_no} {self.day} {self.facts}"


class FigureProof(models.Model):
    """One recount of everything: how far it came, and what it found otherwise than the facts."""

    begun_at = models.DateTimeField("开始时间", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True)
    # Months from the first to the last; the next one to count, and the store after which to go on.
    first = models.DateField("最早的月份")
    last = models.DateField("最晚的月份")
    month = models.DateField()
    after = models.BigIntegerField(default=0)
    days = models.PositiveIntegerField("核对的门店日", default=0)
    differences = models.PositiveIntegerField("有出入", default=0)

    privacy: ClassVar = declare(
        keep=keep_years(2, "begun_at"),
        internal="id begun_at finished_at first last month after days differences",
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩核对"
        constraints = (
            models.UniqueConstraint(
                fields=["month"], condition=Q(finished_at=None), name="one_proof_of_a_month_at_once"
            ),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.begun_at):%Y-%m-%d} 的核对"


class FigureDifference(models.Model):
    """A sum that was not what the facts say, as it stood and as it was counted; mended since."""

    proof = models.ForeignKey(FigureProof, models.CASCADE, related_name="found")
    table = models.CharField("哪类业绩", max_length=10)
    store_no = models.BigIntegerField("门店序号")
    day = models.DateField("日期")
    # A guide's number, or kind and source; empty for the store itself.
    part = models.CharField("其中", max_length=100, blank=True)
    stood = models.JSONField("原来", default=dict)
    counted = models.JSONField("重算", default=dict)

    privacy: ClassVar = declare(
        keep=with_owner("proof"), internal="id proof table store_no day part stood counted"
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩出入"
        ordering = ("day", "store_no", "pk")

    def __str__(self) -> str:
        return f"{self.table} {self.store_no} {self.day}"
