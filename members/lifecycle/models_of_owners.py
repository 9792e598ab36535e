"""Members without an owner, assigned by a rule: planned, looked at, run, taken back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_days, with_owner
from kit.fields import PublicIdField
from members.identity.models import Member
from stores.org.models import Account, Guide


class AssignmentPlan(models.Model):
    """One assignment: its rule as data, when it was previewed, run, taken back."""

    public_id = PublicIdField()
    # Which ways are tried in which order, how many a guide takes at most, which stores.
    rule = models.JSONField("规则", default=dict)
    found = models.PositiveIntegerField("待分配", default=0)
    placed = models.PositiveIntegerField("分到导购", default=0)
    made_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("预览时间", default=timezone.now)
    ran_at = models.DateTimeField("执行时间", null=True)
    undone_at = models.DateTimeField("撤销时间", null=True)

    privacy: ClassVar = declare(
        keep=keep_days(365, "made_at"),
        internal="id public_id rule found placed made_by made_at ran_at undone_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "按规则分配"
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at):%Y-%m-%d %H:%M} 的分配"


class AssignmentLine(models.Model):
    """Who is to become whose, and why; `done_at` when it came true, `taken_back_at` when undone."""

    plan = models.ForeignKey(AssignmentPlan, models.CASCADE, related_name="lines")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name="会员")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    because = models.CharField("依据", max_length=20)
    done_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    privacy: ClassVar = declare(
        keep=with_owner("plan"),
        internal="id plan guide because done_at taken_back_at",
        personal="member",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "member"], name="one_line_per_plan_and_member"),
        )

    def __str__(self) -> str:
        return f"{self.member_id} → {self.guide_id}"
