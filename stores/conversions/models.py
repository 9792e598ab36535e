"""Credits: judgements derived from facts, each with the touches that earned it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years, with_owner
from kit.fields import PublicIdField


class CreditRule(models.Model):
    """How purchases are credited from a moment on. Never changed: a new version is a new row."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60)
    # Read by rules.py: {"kind": "last_touch", "window_days": 30, "server_share": 0, …}
    terms = models.JSONField("条件", default=dict)
    effective_from = models.DateTimeField("生效时间")
    # Whoever proposes does not approve.
    proposed_by = models.CharField("提出者", max_length=120, blank=True)
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="批准者",
    )

    privacy: ClassVar = declare(
        keep=keep_always("结算依据，没有客户信息"),
        internal="id public_id name terms effective_from proposed_by approved_at approved_by",
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩归属规则"

    def __str__(self) -> str:
        return self.name


class RuleTrial(models.Model):
    """A proposed rule computed beside those in force, over sales that were made already."""

    public_id = PublicIdField()
    rule = models.ForeignKey(CreditRule, models.CASCADE, related_name="trials", verbose_name="规则")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    begun_at = models.DateTimeField("开始时间", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    # The last purchase line that was compared: a trial that stops goes on from here.
    after = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    lines = models.PositiveIntegerField("订单行", default=0)
    changed = models.PositiveIntegerField("有变化的订单行", default=0)
    # The lines that would move most money, with each guide's share now and then.
    examples = models.JSONField("变化最大的订单", default=list)

    privacy: ClassVar = declare(
        keep=keep_years(2, "begun_at"),
        internal="id public_id rule since until begun_at finished_at after last lines changed"
        " examples",
    )

    class Meta:
        verbose_name = verbose_name_plural = "规则试算"
        constraints = (
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(finished_at=None),
                name="one_trial_of_a_rule_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule_id} {timezone.localtime(self.begun_at):%Y-%m-%d}"

    @property
    def percent(self) -> int:
        """How far it has come, by the numbers of the lines: a close guess."""
        if self.finished_at is not None:
            return 100
        return min(99, 100 * self.after // self.last) if self.last else 0


class TrialShare(models.Model):
    """What a guide has of a store's sales now, and would have under the rule on trial."""

    trial = models.ForeignKey(RuleTrial, models.CASCADE, related_name="shares")
    guide_no = models.BigIntegerField("导购序号")
    store_no = models.BigIntegerField("门店序号")
    now = models.BigIntegerField("现在（分）", default=0)
    then = models.BigIntegerField("试算（分）", default=0)

    privacy: ClassVar = declare(
        keep=with_owner("trial"), internal="id trial guide_no store_no now then"
    )

    class Meta:
        verbose_name = verbose_name_plural = "试算结果"
        constraints = (
            models.UniqueConstraint(
                fields=["trial", "store_no", "guide_no"], name="one_trial_share_per_guide_and_store"
            ),
        )

    def __str__(self) -> str:
        return f"{self.guide_no}: {self.now} → {self.then}"


class Credit(models.Model):
    """A guide's share of one purchase line, by one rule. Derived: may be thrown away and redone."""

    purchase_line = models.BigIntegerField()
    source = models.CharField(max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    line = models.PositiveIntegerField("行")
    # What the line says, repeated: a guide reads her credits without meeting others' purchases.
    sku = models.CharField("货号", max_length=60)
    quantity = models.IntegerField("数量")
    line_amount = models.BigIntegerField("整行金额（分）")
    refund_of = models.CharField("退货对应", max_length=100, blank=True)
    member_no = models.BigIntegerField("会员序号", null=True)
    guide_no = models.BigIntegerField("导购序号")
    store_no = models.BigIntegerField("门店序号")
    amount = models.BigIntegerField("金额（分）")
    # What refunds left of a sale's credit; 0 on the refunds themselves.
    kept = models.BigIntegerField("退货后（分）")
    # Was the store open when it was sold? A refund repeats its sale's answer.
    was_open = models.BooleanField("营业时间内", null=True)
    currency = models.CharField(max_length=3, default="CNY")
    sold_at = models.DateTimeField("销售时间")
    rule = models.ForeignKey(CreditRule, models.PROTECT, related_name="credits")
    reason = models.CharField("理由", max_length=40)
    touches = ArrayField(models.BigIntegerField(), default=list)
    judged_at = models.DateTimeField("判定时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "sold_at", words="本人删除资料后只剩序号"),
        internal="id purchase_line source receipt_no line sku quantity line_amount refund_of"
        " guide_no store_no amount kept was_open currency sold_at rule reason touches judged_at",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩归属"
        constraints = (
            models.UniqueConstraint(
                fields=["purchase_line", "guide_no", "rule"], name="one_credit_per_guide_and_line"
            ),
        )
        indexes = (
            # A guide's sales in a period.
            models.Index(fields=["guide_no", "sold_at"], name="credits_of_guide_in_time"),
            # A store's sales in a period.
            models.Index(fields=["store_no", "sold_at"], name="credits_of_store_in_time"),
            # Did she buy before?
            models.Index(fields=["member_no", "sold_at"], name="credits_of_member_in_time"),
            # The credits of a receipt, to judge it again.
            models.Index(fields=["source", "receipt_no"], name="credits_of_receipt"),
            # Judged in the order of time: the night finds what is over without the rest.
            BrinIndex(fields=["sold_at"], name="credits_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.receipt_no}/{self.line}"
