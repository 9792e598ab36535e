"""Stage rule, yardsticks, and where each member stands by them. Not: who is greeted today.

A yardstick is everything that a score is measured with: the published rule, the cut points of RFM
and the fitted model. A row of `MemberStage` is a pure function of the ledger, a yardstick and a
day, so it can be thrown away and counted again.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days, with_owner
from kit.fields import PublicIdField
from members.identity.models import Member
from members.lifecycle.explaining import reasons_for
from stores.org.models import Account


class Stage(models.TextChoices):
    """From stranger to regular and away again."""

    NEW = "new", "导入期"
    GROWING = "growing", "成长期"
    MATURE = "mature", "成熟期"
    DORMANT = "dormant", "休眠期"
    LAPSED = "lapsed", "流失期"


class StageRule(models.Model):
    """HQ's thresholds, versioned: drafted, looked at with a preview, published, never changed."""

    public_id = PublicIdField()
    version = models.PositiveIntegerField("版本", unique=True)
    growing_purchases = models.PositiveSmallIntegerField("成长期：至少购买几次", default=2)
    mature_purchases = models.PositiveSmallIntegerField("成熟期：至少购买几次", default=4)
    # Minor units; nothing means that money alone makes nobody mature.
    mature_spend = models.PositiveBigIntegerField("或累计消费（分）", null=True, blank=True)
    dormant_after = models.PositiveSmallIntegerField("休眠期：多少天没有购买", default=120)
    lapsed_after = models.PositiveSmallIntegerField("流失期：多少天没有购买", default=365)
    note = models.CharField("为什么这样改", max_length=200, blank=True)
    made_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("起草时间", default=timezone.now)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("总部自己的阈值，没有客户信息"),
        internal="id public_id version growing_purchases mature_purchases mature_spend"
        " dormant_after lapsed_after note made_by made_at published_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "阶段规则"
        ordering = ("-version",)
        constraints = (
            models.CheckConstraint(
                condition=Q(growing_purchases__gte=2)
                & Q(mature_purchases__gt=F("growing_purchases")),
                name="stages_grow_with_purchases",
                violation_error_message="成长期至少 2 次，成熟期要比成长期多。",
            ),
            models.CheckConstraint(
                condition=Q(dormant_after__gte=1) & Q(lapsed_after__gt=F("dormant_after")),
                name="lapsed_comes_after_dormant",
                violation_error_message="流失期的天数要比休眠期长。",
            ),
        )

    def __str__(self) -> str:
        return f"阶段规则第 {self.version} 版"


class Yardstick(models.Model):
    """What scores are measured with: a rule, cut points of RFM, a fitted model, as of a day."""

    rule = models.ForeignKey(StageRule, models.PROTECT, related_name="+")
    measured_on = models.DateField("测定日期")
    # {"r": [4 cut points in days], "f": […], "m": [… in minor units]}; empty with too few members.
    cuts = models.JSONField(default=dict)
    # {"r", "alpha", "a", "b", "p", "q", "gamma", "customers", "log_likelihood", …} or empty.
    model = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("计算用的参数，没有客户信息"),
        internal="id rule measured_on cuts model made_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "测定"

    def __str__(self) -> str:
        return f"{self.measured_on:%Y-%m-%d} 的测定"


class MemberStage(models.Model):
    """Where one member stands. Only of members who permit profiling; gone when they refuse."""

    # Without a constraint: at 15 million rows a night PostgreSQL would lock every member for it. A
    # row is written only beside her member's, and ends with her (`steps.forget_member`).
    member = models.OneToOneField(
        Member,
        models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="stage",
        verbose_name="会员",
    )
    stage = models.CharField("阶段", max_length=8, choices=Stage.choices)
    # Where she stood before; empty when she was never seen to move.
    before = models.CharField("之前", max_length=8, choices=Stage.choices, blank=True)
    since = models.DateField("自")
    # Days on which she bought something and did not bring all of it back.
    frequency = models.PositiveIntegerField("购买次数", default=0)
    first_on = models.DateField("首次购买", null=True)
    last_on = models.DateField("最近购买", null=True)
    joined_on = models.DateField("入会")
    monetary_minor = models.BigIntegerField("累计消费（分）", default=0)
    # Spent on the days after the first: what the Gamma-Gamma model is told.
    repeat_minor = models.BigIntegerField(default=0)
    rfm = models.CharField("RFM", max_length=3, blank=True)
    p_alive = models.FloatField("仍活跃的可能", null=True)
    expected_purchases = models.FloatField("预计一年内购买次数", null=True)
    value_minor = models.BigIntegerField("预计一年内消费（分）", null=True)
    computed_on = models.DateField("计算日期")
    # When time alone changes something: the next stage, or a forecast grown old.
    look_again_on = models.DateField()
    yardstick = models.ForeignKey(
        Yardstick, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )

    privacy: ClassVar = declare(
        keep=with_owner("member", words="关闭个性化推荐后当晚删除"),
        internal="look_again_on yardstick",
        personal="member stage before since frequency first_on last_on joined_on monetary_minor"
        " repeat_minor rfm p_alive expected_purchases value_minor computed_on",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员阶段"
        indexes = (
            # What the night looks at again because of time alone.
            models.Index(fields=["look_again_on"], name="stages_to_look_at_again"),
            # Who moved lately; only those who ever moved.
            models.Index(fields=["since"], name="stages_moved", condition=~Q(before="")),
            # Super users, the most valuable first.
            models.Index(
                fields=["-value_minor"], name="super_users_by_value", condition=Q(rfm="555")
            ),
            # Who used to come and may not come back, the most valuable first.
            models.Index(
                fields=["-value_minor"],
                name="churn_risks_by_value",
                condition=Q(p_alive__gte=0.1, p_alive__lt=0.5, frequency__gte=3),
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.stage}"

    @property
    def recency_days(self) -> int | None:
        """Days since she last bought, today; None when she never did."""
        if self.last_on is None:
            return None
        return (timezone.localdate() - self.last_on).days

    @property
    def because(self) -> list[str]:
        """Why she stands where she stands, in words for a guide; by the rule she was measured with.

        Reads the rule unless `yardstick__rule` was selected along.
        """
        return reasons_for(self, self.yardstick.rule)


class LifecycleRun(models.Model):
    """One reckoning: what it looked at, how far it came. A run that died is carried on."""

    class Kind(models.TextChoices):
        EVERYBODY = "everybody", "全部重算"
        CHANGES = "changes", "只算有变化的"

    kind = models.CharField("范围", max_length=10, choices=Kind.choices)
    on = models.DateField("以哪天为准")
    yardstick = models.ForeignKey(Yardstick, models.PROTECT, related_name="+")
    # Highest numbers of purchase lines and late claims that stood when it began.
    lines_mark = models.BigIntegerField(default=0)
    claims_mark = models.BigIntegerField(default=0)
    # Members up to this number are done.
    position = models.BigIntegerField(default=0)
    scored = models.PositiveBigIntegerField("计算人数", default=0)
    moved = models.PositiveBigIntegerField("阶段变化", default=0)
    removed = models.PositiveBigIntegerField("不再计算", default=0)
    # What stood at its end: members by stage, by R and F, and this week's moves.
    summary = models.JSONField("结果", default=dict)
    started_at = models.DateTimeField("开始", default=timezone.now)
    finished_at = models.DateTimeField("结束", null=True)

    privacy: ClassVar = declare(
        keep=keep_days(365, "finished_at"),
        internal="id kind on yardstick lines_mark claims_mark position scored moved removed"
        " summary started_at finished_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "阶段计算"
        constraints = (
            models.UniqueConstraint(
                fields=["kind"], condition=Q(finished_at=None), name="one_open_run_per_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on:%Y-%m-%d}"
