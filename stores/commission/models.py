"""Targets, plans, and months that are settled: what stands in a settlement never changes.

A settlement repeats numbers of the credits, since those may be judged anew. What changes after a
month was settled is an adjustment in the next.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years
from kit.fields import PublicIdField, shown_id
from kit.money import shown
from stores.commission.rules import Part
from stores.org.models import Guide, LegalEntity, Store


class CommissionPlan(models.Model):
    """How credit becomes commission from a month on. Never changed: another one follows it."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60)
    # Read by rules.py: {"by": "amount", "whole": false, "rungs": [{"from": 0, "per_mille": 10}]}
    terms = models.JSONField("方案", default=dict)
    effective_from = models.DateField("从哪个月起", help_text="填该月 1 日")
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
        keep=keep_always("工资凭证，没有客户信息"),
        internal="id public_id name terms effective_from proposed_by approved_at approved_by",
    )

    class Meta:
        verbose_name = verbose_name_plural = "提成方案"

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """What a store, or one of its guides, is to sell in a month."""

    public_id = PublicIdField()
    month = models.DateField("月份", help_text="填该月 1 日")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    guide = models.ForeignKey(
        Guide, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="导购"
    )
    amount = models.PositiveBigIntegerField("目标（分）")
    set_by = models.CharField("由谁定", max_length=120, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(5, "month"), internal="id public_id month store guide amount set_by"
    )

    class Meta:
        verbose_name = verbose_name_plural = "销售目标"
        constraints = (
            models.UniqueConstraint(
                fields=["month", "store"],
                condition=Q(guide=None),
                name="one_target_per_store_and_month",
                violation_error_message="这家门店这个月已有目标。",
            ),
            models.UniqueConstraint(
                fields=["month", "guide"],
                condition=~Q(guide=None),
                name="one_target_per_guide_and_month",
                violation_error_message="这位导购这个月已有目标。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount}"


class Settlement(models.Model):
    """A month of a legal entity, settled for good."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    month = models.DateField("月份")
    plan = models.ForeignKey(
        CommissionPlan, models.PROTECT, related_name="+", verbose_name="提成方案"
    )
    settled_at = models.DateTimeField("结算时间", default=timezone.now)
    settled_by = models.CharField("由谁结算", max_length=120)
    # Store by store: the last one whose lines are in, how many are, and how many there were.
    after = models.BigIntegerField(default=0)
    stores_in = models.PositiveIntegerField("已算门店", default=0)
    stores = models.PositiveIntegerField("门店", default=0)
    # Filled once its lines are there; the database refuses any change from then on.
    lines = models.PositiveIntegerField("订单行", null=True)
    base = models.BigIntegerField("计提金额（分）", null=True)
    commission = models.BigIntegerField("提成（分）", null=True)

    privacy: ClassVar = declare(
        keep=keep_always("工资凭证，没有客户信息"),
        internal="id public_id entity month plan settled_at settled_by after stores_in stores lines"
        " base commission",
    )

    class Meta:
        verbose_name = verbose_name_plural = "提成结算"
        constraints = (
            models.UniqueConstraint(
                fields=["entity", "month"], name="one_settlement_per_entity_and_month"
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def percent(self) -> int:
        """How far it has come, by stores; 100 once it stands."""
        if self.commission is not None:
            return 100
        return min(99, 100 * self.stores_in // self.stores) if self.stores else 0


class SettledLine(models.Model):
    """What a settlement counted of one credited line: all of it, or what it changed since."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="settled_lines")
    purchase_line = models.BigIntegerField()
    receipt_no = models.CharField("小票号", max_length=80)
    line = models.PositiveIntegerField("行")
    guide_no = models.BigIntegerField("导购序号")
    store_no = models.BigIntegerField("门店序号")
    amount = models.BigIntegerField("金额（分）")
    sold_at = models.DateTimeField("销售时间")
    # Sold in an earlier month, which was settled already: a change that came to be known since.
    is_adjustment = models.BooleanField("补差")

    privacy: ClassVar = declare(
        keep=keep_always("工资凭证，没有客户信息"),
        internal="id settlement purchase_line receipt_no line guide_no store_no amount sold_at"
        " is_adjustment",
    )

    class Meta:
        verbose_name = verbose_name_plural = "结算明细"
        constraints = (
            models.UniqueConstraint(
                fields=["settlement", "purchase_line", "guide_no", "store_no"],
                name="one_settled_line_per_credit",
            ),
        )
        indexes = (
            # What was settled of a credit before?
            models.Index(fields=["purchase_line", "guide_no"], name="settled_lines_of_credit"),
            # A guide's lines of a month.
            models.Index(
                fields=["guide_no", "settlement", "sold_at"], name="settled_lines_of_guide"
            ),
        )

    def __str__(self) -> str:
        return f"{self.receipt_no}/{self.line} → {self.guide_no}"


class SettledStore(models.Model):
    """How far a store is settled, whichever company settled it.

    What was sold before `since` was paid by whatever was there before us; what changes before
    `noted_until` leaves a note.
    """

    store = models.OneToOneField(
        Store, models.PROTECT, primary_key=True, related_name="settled", verbose_name="门店"
    )
    since = models.DateTimeField("从何时起")
    until = models.DateTimeField("结算到")
    noted_until = models.DateTimeField("变动记到")

    privacy: ClassVar = declare(
        keep=keep_always("工资凭证，没有客户信息"), internal="store since until noted_until"
    )

    class Meta:
        verbose_name = verbose_name_plural = "门店结算到哪里"

    def __str__(self) -> str:
        return f"{self.store_id} {self.until:%Y-%m-%d}"


class LateCredit(models.Model):
    """That a credit of a month in settlement was written, changed or taken away since; written by
    triggers together with it, taken by the store's next settlement.

    Not unique: two who judge the same line must not wait for each other.
    """

    store_no = models.BigIntegerField("门店序号")
    guide_no = models.BigIntegerField("导购序号")
    purchase_line = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "at"), internal="id store_no guide_no purchase_line at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "待补差的归属"
        indexes = (
            # What the next settlement of a store looks at again.
            models.Index(fields=["store_no"], name="late_credits_of_store"),
            # What may change a guide's running month.
            models.Index(fields=["guide_no"], name="late_credits_of_guide"),
        )

    def __str__(self) -> str:
        return f"{self.purchase_line} → {self.guide_no}"


class Commission(models.Model):
    """A guide's commission of a settled month, with everything that explains it."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="commissions")
    guide_no = models.BigIntegerField("导购序号")
    store_no = models.BigIntegerField("门店序号")
    sales = models.BigIntegerField("本月归属（分）")
    adjustments = models.BigIntegerField("补差（分）")
    brought = models.BigIntegerField("上月结转（分）")
    target = models.BigIntegerField("目标（分）", null=True)
    base = models.BigIntegerField("计提金额（分）")
    amount = models.BigIntegerField("提成（分）")
    carried = models.BigIntegerField("结转下月（分）")
    # Each stretch: how much, at which rate, what it earned.
    parts = models.JSONField("怎样算的", default=list)

    privacy: ClassVar = declare(
        keep=keep_always("工资凭证，没有客户信息"),
        internal="id settlement guide_no store_no sales adjustments brought target base amount"
        " carried parts",
    )

    class Meta:
        verbose_name = verbose_name_plural = "提成"
        constraints = (
            models.UniqueConstraint(
                fields=["settlement", "guide_no"], name="one_commission_per_guide_and_month"
            ),
        )
        indexes = (
            # A guide's payslips, newest first.
            models.Index(fields=["guide_no", "-settlement"], name="commissions_of_guide_newest"),
        )

    def __str__(self) -> str:
        return f"{self.settlement} · {shown(self.amount)}"

    @property
    def of(self) -> str:
        """The settlement's public name, for addresses."""
        return shown_id(self.settlement.public_id)

    @property
    def shown_parts(self) -> list[Part]:
        return [Part(**part) for part in self.parts]
