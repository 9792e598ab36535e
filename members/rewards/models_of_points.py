"""Points and tiers: an account that is the sum of its ledger, and the versioned rules behind both.

The database itself adds each entry to its account and refuses any other change of a balance.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Member, Tier
from stores.org.models import LegalEntity


class PointsRule(models.Model):
    """How points are earned in an entity from `since` on. A change is a new version."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    version = models.PositiveIntegerField("版本")
    # {tier: points for 100 yuan}: whole numbers, so that a sum is the same on every machine.
    rates = models.JSONField("每 100 元积分")
    pending_days = models.PositiveSmallIntegerField("退货期（天）", default=15)
    valid_days = models.PositiveSmallIntegerField("有效期（天）", default=730)
    # HQ's adjustments above this want a second person.
    alone_up_to = models.PositiveIntegerField("单人可调上限", default=500)
    since = models.DateTimeField("自", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_always("积分规则的每一版都要能解释当时的积分"),
        public="rates pending_days valid_days since version",
        internal="id public_id entity alone_up_to actor",
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分规则"
        constraints = (
            models.UniqueConstraint(
                fields=["entity", "version"], name="one_points_rule_per_version"
            ),
        )

    def __str__(self) -> str:
        return f"积分规则第 {self.version} 版"


class PointsAccount(models.Model):
    """What a member has: to spend, waiting for the return window, owed after a return.

    Always the sum of its entries: a trigger adds each one, another refuses any other change.
    """

    member = models.OneToOneField(
        Member, models.PROTECT, related_name="points", verbose_name="会员"
    )
    balance = models.BigIntegerField("可用积分", default=0)
    pending = models.BigIntegerField("待生效积分", default=0)
    # Taken back by a return after they were spent: the next points pay for it first.
    owed = models.BigIntegerField("待抵扣积分", default=0)
    opened_at = models.DateTimeField("开户时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member"), internal="id opened_at", personal="member balance pending owed"
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分账户"
        constraints = (
            models.CheckConstraint(condition=Q(balance__gte=0), name="no_negative_points"),
            models.CheckConstraint(condition=Q(pending__gte=0), name="no_negative_pending_points"),
            models.CheckConstraint(condition=Q(owed__gte=0), name="no_negative_owed_points"),
        )
        indexes = (
            # Where do points wait for their return window?
            models.Index(fields=["id"], name="accounts_with_pending", condition=Q(pending__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.balance}"


class EntryKind(models.TextChoices):
    """The closed list of why points move."""

    EARN = "earn", "获得"
    SPEND = "spend", "使用"
    HOLD = "hold", "消费待生效"
    RELEASE = "release", "生效"
    EXPIRE = "expire", "过期"
    REVERSE = "reverse", "退货扣回"
    ADJUST = "adjust", "总部调整"
    MERGE = "merge", "合并会员"


class PointsEntry(models.Model):
    """One movement of points. Append-only; `once` keeps it from being written twice."""

    public_id = PublicIdField()
    account = models.ForeignKey(
        PointsAccount, models.PROTECT, related_name="entries", verbose_name="账户"
    )
    kind = models.CharField("类型", max_length=8, choices=EntryKind.choices)
    points = models.BigIntegerField("可用", default=0)
    pending = models.BigIntegerField("待生效", default=0)
    owed = models.BigIntegerField("待抵扣", default=0)
    once = models.CharField(max_length=160)
    # "line:source/receipt/line", "coupon:…", "adjustment:…": what it came from.
    source = models.CharField("来源", max_length=160, blank=True)
    rule = models.ForeignKey(
        PointsRule, models.PROTECT, null=True, related_name="+", verbose_name="规则"
    )
    due_on = models.DateField("生效日期", null=True)
    expires_on = models.DateField("到期日期", null=True)
    at = models.DateTimeField("时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=with_owner("account", words="积分流水只增不改，随会员保存"),
        internal="id public_id kind once source rule due_on expires_on at actor",
        personal="account points pending owed",
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分流水"
        constraints = (
            models.UniqueConstraint(fields=["account", "once"], name="one_entry_per_occasion"),
            models.CheckConstraint(
                condition=~Q(points=0) | ~Q(pending=0) | ~Q(owed=0), name="an_entry_moves_something"
            ),
        )
        indexes = (
            # Her movements, newest first.
            models.Index(fields=["account", "-at", "-id"], name="entries_of_account_newest"),
            # What a receipt line has earned her so far.
            models.Index(fields=["source"], name="entries_of_source", condition=~Q(source="")),
            # What becomes usable today?
            models.Index(
                fields=["due_on"], name="points_due_to_release", condition=Q(due_on__isnull=False)
            ),
            # What expires today?
            models.Index(
                fields=["expires_on"],
                name="points_due_to_expire",
                condition=Q(expires_on__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class PointsAdjustment(models.Model):
    """HQ gives or takes points, and says why; a larger one waits for a second person."""

    public_id = PublicIdField()
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="points_adjustments", verbose_name="会员"
    )
    points = models.IntegerField("积分（负数为扣减）")
    reason = SealedTextField("原因", null=True)
    wants_second = models.BooleanField("需要复核")
    asked_by = models.CharField("提出人", max_length=120)
    asked_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_by = models.CharField("复核人", max_length=120, blank=True)
    decided_at = models.DateTimeField("复核时间", null=True, blank=True)
    is_approved = models.BooleanField("通过", null=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "asked_at"),
        internal="id public_id points wants_second asked_by asked_at decided_by decided_at"
        " is_approved",
        personal="member reason",
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分调整"
        constraints = (
            models.CheckConstraint(condition=~Q(points=0), name="an_adjustment_moves_something"),
            models.CheckConstraint(
                condition=Q(wants_second=False)
                | ~Q(is_approved=True)
                | ~Q(decided_by=F("asked_by")),
                name="a_large_adjustment_has_two_people",
            ),
        )
        indexes = (
            models.Index(
                fields=["asked_at"], name="adjustments_waiting", condition=Q(decided_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.points:+d}"


class TierRule(models.Model):
    """From how much spent within some months a tier is earned. A change is a new version."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    version = models.PositiveIntegerField("版本")
    # {tier: minor units}, without the lowest.
    thresholds = models.JSONField("门槛（分）")
    months = models.PositiveSmallIntegerField("统计月数", default=12)
    # She is told this long before she falls.
    warning_days = models.PositiveSmallIntegerField("降级前提醒（天）", default=30)
    since = models.DateTimeField("自", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_always("等级规则的每一版都要能解释当时的等级"),
        public="thresholds months warning_days since version",
        internal="id public_id entity actor",
    )

    class Meta:
        verbose_name = verbose_name_plural = "等级规则"
        constraints = (
            models.UniqueConstraint(fields=["entity", "version"], name="one_tier_rule_per_version"),
        )

    def __str__(self) -> str:
        return f"等级规则第 {self.version} 版"


class TierStanding(models.Model):
    """Why she has her tier: what she spent, by which rule, and when she would fall."""

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="tier_standing"
    )
    tier = models.CharField("等级", max_length=8, choices=Tier.choices)
    since = models.DateTimeField("自", default=timezone.now)
    spent_minor = models.BigIntegerField("周期内消费（分）", default=0)
    rule = models.ForeignKey(TierRule, models.PROTECT, null=True, related_name="+")
    warned_at = models.DateTimeField("提醒时间", null=True)
    falls_on = models.DateField("降级日期", null=True)
    falls_to = models.CharField("降到", max_length=8, choices=Tier.choices, blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("member"),
        internal="tier since rule warned_at falls_on falls_to",
        personal="member spent_minor",
    )

    class Meta:
        verbose_name = verbose_name_plural = "等级依据"
        indexes = (
            models.Index(
                fields=["falls_on"], name="tiers_about_to_fall", condition=Q(falls_on__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.tier}"
