"""An outside CRM or ERP that stays master of points or tiers: what it told, what we tell it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years, with_owner
from kit.fields import PublicIdField
from members.identity.models import Member, Tier
from stores.org.models import LegalEntity


class OutsideMaster(models.Model):
    """Which outside system decides about an entity's points, its tiers, or both."""

    public_id = PublicIdField()
    entity = models.OneToOneField(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    # The source of the machine keys by which it speaks to us.
    source = models.SlugField("来源代号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    owns_points = models.BooleanField("积分以外部为准", default=True)
    owns_tiers = models.BooleanField("等级以外部为准", default=True)
    since = models.DateTimeField("自", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("谁说了算，是设置不是个人信息"),
        internal="id public_id entity source name owns_points owns_tiers since",
    )

    class Meta:
        verbose_name = verbose_name_plural = "外部系统"

    def __str__(self) -> str:
        return self.name


class OutsideBalance(models.Model):
    """The newest that an outside master told of a member; a smaller sequence changes nothing."""

    member = models.OneToOneField(
        Member, models.CASCADE, related_name="outside_balance", verbose_name="会员"
    )
    source = models.SlugField("来源代号", max_length=40)
    sequence = models.BigIntegerField("序号")
    points = models.BigIntegerField("积分", null=True)
    tier = models.CharField("等级", max_length=8, choices=Tier.choices, blank=True)
    told_at = models.DateTimeField("收到时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member"),
        internal="id source sequence told_at",
        personal="member points tier",
    )

    class Meta:
        verbose_name = verbose_name_plural = "外部余额"
        constraints = (
            models.CheckConstraint(
                condition=Q(points__gte=0) | Q(points=None), name="no_negative_outside_points"
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} #{self.sequence}"


class PointsProposal(models.Model):
    """What our side earned her while an outside system is master of points. Its key is the cursor:
    rows of an entity are written one after another, so that a reader never misses one.
    """

    public_id = PublicIdField()
    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+")
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="points_proposals", verbose_name="会员"
    )
    points = models.BigIntegerField("积分")
    source = models.CharField("来源", max_length=160)
    once = models.CharField(max_length=160)
    at = models.DateTimeField("时间", default=timezone.now)
    fetched_at = models.DateTimeField("取走时间", null=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"),
        internal="id public_id entity source once at fetched_at",
        personal="member points",
    )

    class Meta:
        verbose_name = verbose_name_plural = "上报外部的积分"
        constraints = (
            models.UniqueConstraint(fields=["member", "once"], name="one_proposal_per_occasion"),
        )
        indexes = (
            # What came after the cursor?
            models.Index(fields=["entity", "id"], name="proposals_after_cursor"),
        )

    def __str__(self) -> str:
        return f"{self.points:+d}"


class OutsideDifference(models.Model):
    """Where the outside master and we do not agree about a member; open until a look finds none."""

    class What(models.TextChoices):
        POINTS = "points", "积分不同"
        TIER = "tier", "等级不同"
        NEVER_TOLD = "never_told", "外部从未报过"
        NOT_FETCHED = "not_fetched", "我们的积分没有被取走"

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name="会员")
    what = models.CharField("差异", max_length=12, choices=What.choices)
    ours = models.CharField("我们", max_length=40, blank=True)
    theirs = models.CharField("外部", max_length=40, blank=True)
    found_at = models.DateTimeField("发现时间", default=timezone.now)
    ended_at = models.DateTimeField("消失时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(1, "found_at"),
        internal="id public_id entity what found_at ended_at",
        personal="member ours theirs",
    )

    class Meta:
        verbose_name = verbose_name_plural = "与外部的差异"
        constraints = (
            models.UniqueConstraint(
                fields=["member", "what"],
                condition=Q(ended_at=None),
                name="one_open_difference_per_member",
            ),
        )

    def __str__(self) -> str:
        return f"{self.what} {self.member_id}"
