"""What is kept around phones: the budget of codes and its alarms, changes, texts that came in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Member


class CodeBudget(models.Model):
    """How many one-time codes left in an hour, all phones together: the row is the counter."""

    hour = models.DateTimeField("小时", unique=True)
    sent = models.PositiveIntegerField("已发", default=0)

    privacy: ClassVar = declare(keep=keep_days(180, "hour"), internal="id hour sent")

    class Meta:
        verbose_name = verbose_name_plural = "验证码用量"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.sent}"


class AlarmKind(models.TextChoices):
    RATIO = "ratio", "发得多、验证得少"
    BUDGET = "budget", "一小时的用量已用完"


class CodeAlarm(models.Model):
    """That one-time codes were asked for as no customers do; one of a kind for each hour."""

    kind = models.CharField("情况", max_length=6, choices=AlarmKind.choices)
    hour = models.DateTimeField("小时")
    sent = models.PositiveIntegerField("已发")
    proven = models.PositiveIntegerField("已验证")
    raised_at = models.DateTimeField("发现时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(180, "raised_at"), internal="id kind hour sent proven raised_at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "验证码告警"
        constraints = (
            models.UniqueConstraint(fields=["kind", "hour"], name="one_alarm_of_a_kind_per_hour"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.hour:%Y-%m-%d %H}"


class ChangeState(models.TextChoices):
    ASKED = "asked", "待验证新号码"
    WAITING = "waiting", "等待中"
    DONE = "done", "已更换"
    REFUSED = "refused", "未通过"
    TAKEN_BACK = "taken", "本人取消"


class PhoneChange(models.Model):
    """A member's wish for another phone number, and what was proven of the two."""

    public_id = PublicIdField()
    member = models.ForeignKey(Member, models.CASCADE, related_name="phone_changes")
    phone = SealedTextField("新手机号")
    state = models.CharField(
        "进度", max_length=7, choices=ChangeState.choices, default=ChangeState.ASKED
    )
    asked_at = models.DateTimeField("提出时间", default=timezone.now)
    new_proven_at = models.DateTimeField("新号码已验证", null=True, blank=True)
    old_proven_at = models.DateTimeField("原号码已验证", null=True, blank=True)
    # Without the old phone a person at HQ decides, not before this.
    waits_until = models.DateTimeField("等待至", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.CharField("由谁结束", max_length=120, blank=True)
    reason = models.CharField("未通过的原因", max_length=200, blank=True)

    privacy: ClassVar = declare(
        keep=(with_owner("member"), keep_years(3, "ended_at")),
        internal="id public_id state asked_at new_proven_at old_proven_at waits_until ended_at"
        " ended_by reason",
        personal="member",
        personal_high="phone",
    )

    class Meta:
        verbose_name = verbose_name_plural = "更换手机号"
        constraints = (
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state__in=["asked", "waiting"]),
                name="one_change_of_phone_at_a_time",
            ),
        )
        indexes = (
            # What waits for HQ, oldest first.
            models.Index(
                fields=["waits_until"], name="phone_changes_waiting", condition=Q(state="waiting")
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} {timezone.localtime(self.asked_at):%Y-%m-%d}"


class TextReply(models.Model):
    """A text that somebody sent back to our number, once: what it said and whom it was of is not
    kept, only that it was read.
    """

    message_id = models.CharField("短信编号", max_length=80, unique=True)
    is_refusal = models.BooleanField("是退订")
    members = models.PositiveSmallIntegerField("涉及会员数", default=0)
    at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(180, "at"), internal="id message_id is_refusal members at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "短信回复"

    def __str__(self) -> str:
        return f"{self.message_id}"
