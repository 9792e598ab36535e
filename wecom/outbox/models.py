"""The table of intents towards WeCom, from the decision to its known end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare
from kit.fields import PublicIdField


class Kind(models.TextChoices):
    """What can be asked of WeCom; how each is sent and asked after stands in carriers.py."""

    WELCOME = "welcome", "欢迎语"
    MASS_SEND = "mass_send", "群发任务"
    MASS_SEND_CANCEL = "mass_send_cancel", "停止群发"
    MASS_SEND_REMIND = "mass_send_remind", "提醒群发"
    APP_MESSAGE = "app_message", "应用消息"
    KF_MESSAGE = "kf_message", "客服消息"
    CONTACT_WAY = "contact_way", "联系我二维码"


# Without these a row could never be carried; `put` refuses it.
NEEDS: dict[str, tuple[str, ...]] = {
    Kind.WELCOME: ("welcome_code",),
    Kind.MASS_SEND: ("sender", "text"),
    Kind.MASS_SEND_CANCEL: ("msgid",),
    Kind.MASS_SEND_REMIND: ("msgid",),
    Kind.APP_MESSAGE: ("userids", "text"),
    Kind.KF_MESSAGE: ("open_kfid", "external_userid", "text"),
    Kind.CONTACT_WAY: ("userid", "state"),
}


def recipients_of(payload: Mapping[str, Any]) -> list[str]:
    """External ids of a single send, chat ids of a group send."""
    return list(payload.get("recipients") or payload.get("chat_ids") or ())


class OutboxState(models.TextChoices):
    PLANNED = "planned", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已完成"
    FAILED = "failed", "失败"
    MISSED = "missed", "已错过时限"
    UNKNOWN = "unknown", "结果不明"
    VETOED = "vetoed", "发送前被拦下"
    CANCELLED = "cancelled", "已取消"


class OutboxRow(models.Model):
    """One effect outside, wanted once. `claim` names the attempt that may mark it."""

    public_id = PublicIdField()
    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    app = models.CharField("应用", max_length=40, default="main")
    payload = models.JSONField("内容")
    once = models.CharField("幂等键", max_length=160, unique=True)
    subject = models.CharField("对象", max_length=120, blank=True)
    # 1 is most urgent. Up to URGENT the row travels by the urgent queue.
    priority = models.PositiveSmallIntegerField("优先级", default=5)
    state = models.CharField(
        "状态", max_length=9, choices=OutboxState.choices, default=OutboxState.PLANNED
    )
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    due_at = models.DateTimeField("计划时间", default=timezone.now)
    expires_at = models.DateTimeField("最晚时间", null=True)
    next_try_at = models.DateTimeField("下次尝试", default=timezone.now)
    nudged_at = models.DateTimeField("上次提醒", null=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    claim = models.UUIDField("占用号", null=True)
    claimed_at = models.DateTimeField("占用时间", null=True)
    ask_at = models.DateTimeField("何时向企微查证", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    answer = models.JSONField("回执", default=dict)
    error = models.TextField("错误", blank=True)
    error_code = models.IntegerField("错误码", null=True)

    privacy: ClassVar = declare(
        keep="180 days",
        internal="id public_id kind app once subject priority state created_at due_at expires_at"
        " next_try_at nudged_at attempts claim claimed_at ask_at ended_at error error_code",
        personal="payload answer",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微发件箱"
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(claim__isnull=False, claimed_at__isnull=False),
                name="who_is_sending_is_known",
            ),
        )
        indexes = (
            # What is due, most urgent first.
            models.Index(
                fields=["priority", "next_try_at"],
                name="outbox_due",
                condition=Q(state="planned"),
            ),
            # What was begun and has no known end.
            models.Index(fields=["ask_at"], name="outbox_to_ask", condition=Q(state="sending")),
            # Which mass send of WeCom's list is already somebody's?
            models.Index(
                models.F("answer__msgid"),
                name="outbox_of_msgid",
                condition=Q(kind="mass_send", state="sent"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.once}"
