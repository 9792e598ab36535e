"""Whom a guide greets today and what came of it, and the plays of each stage."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days
from kit.fields import PublicIdField
from members.identity.models import Member
from stores.org.models import Account, Guide


class Outcome(models.TextChoices):
    """What came of it; one tap each."""

    REACHED = "reached", "联系上了"
    MISSED = "missed", "没联系上"
    NOT_NEEDED = "not_needed", "不需要"
    NEVER = "never", "别再联系她"


class TodayPick(models.Model):
    """One card of one guide's list of one day: whom to greet, why, what came of it."""

    public_id = PublicIdField()
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name="会员")
    on = models.DateField("日期")
    rank = models.PositiveSmallIntegerField("次序")
    # [{"code": "birthday", "text": "本月生日"}, …], the weightiest first.
    reasons = models.JSONField("为什么", default=list)
    # On how many days before she was shown and nothing was done.
    ignored = models.PositiveSmallIntegerField("之前没处理的天数", default=0)
    # Passed by twice: her manager sees it too.
    for_manager = models.BooleanField("已转店长", default=False)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, blank=True)
    decided_at = models.DateTimeField("处理时间", null=True)
    decided_by = models.ForeignKey(Guide, models.PROTECT, null=True, related_name="+")

    privacy: ClassVar = declare(
        keep=keep_days(90, "on"),
        internal="id public_id guide on rank ignored for_manager decided_at decided_by",
        personal="member reasons outcome",
    )

    class Meta:
        verbose_name = verbose_name_plural = "今日名单"
        constraints = (
            models.UniqueConstraint(fields=["guide", "on", "member"], name="one_card_per_day"),
        )
        indexes = (
            # What was shown of her lately, and what came of it.
            models.Index(fields=["member", "-on"], name="picks_of_member_newest"),
            # Written day by day: the night finds what is over without the rest.
            BrinIndex(fields=["on"], name="picks_by_day"),
            # What a manager is to look after on a day.
            models.Index(
                fields=["on"],
                name="picks_for_managers",
                condition=Q(for_manager=True, outcome=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.on:%m-%d} {self.guide_id} → {self.member_id}"


class PlayKind(models.TextChoices):
    WELCOME = "welcome", "欢迎"
    SECOND = "second", "促二购"
    WAKE_UP = "wake_up", "唤醒"
    WIN_BACK = "win_back", "召回"


class Play(models.Model):
    """What is done with members of a stage: whom it means, who is kept out, what ends it."""

    public_id = PublicIdField()
    kind = models.CharField("玩法", max_length=8, choices=PlayKind.choices)
    name = models.CharField("名称", max_length=40, unique=True)
    # Stage values; those who came into one of them within so many days are meant.
    stages = models.JSONField("阶段", default=list)
    entered_within_days = models.PositiveSmallIntegerField("进入阶段不超过（天）", default=30)
    holdout_percent = models.PositiveSmallIntegerField(
        "对照组（%）", default=10, validators=[MaxValueValidator(50)]
    )
    # What ends it for one member: values of `rules.STOPS`.
    stops = models.JSONField("何时停止", default=list)
    runs_for_days = models.PositiveSmallIntegerField("最长（天）", default=21)
    talk = models.CharField("给导购的话", max_length=300, blank=True)
    is_active = models.BooleanField("启用", default=False)
    version = models.PositiveIntegerField("版本", default=1)
    changed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField("修改时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("总部自己的计划，没有客户信息"),
        internal="id public_id kind name stages entered_within_days holdout_percent stops"
        " runs_for_days talk is_active version changed_by changed_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "阶段玩法"
        ordering = ("kind", "name")
        constraints = (
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50), name="most_members_take_part"
            ),
        )

    def __str__(self) -> str:
        return self.name
