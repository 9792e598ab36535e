"""The table of intents towards WeCom, from the decision to its known end."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days
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
    CONTACT_WAY_CHANGE = "contact_way_change", "修改联系我二维码"
    CONTACT_WAY_DELETE = "contact_way_delete", "删除联系我二维码"
    JOIN_WAY = "join_way", "入群二维码"
    JOIN_WAY_CHANGE = "join_way_change", "修改入群二维码"
    CUSTOMER_TRANSFER = "customer_transfer", "客户继承"
    GROUP_TRANSFER = "group_transfer", "客户群继承"
    TAG_MARK = "tag_mark", "打标签"
    CORP_TAG = "corp_tag", "新建企业标签"
    CORP_TAG_CHANGE = "corp_tag_change", "修改企业标签"
    CORP_TAG_DELETE = "corp_tag_delete", "删除企业标签"
    REMARK = "remark", "修改备注"
    MOMENT = "moment", "朋友圈任务"
    MOMENT_CANCEL = "moment_cancel", "停止朋友圈任务"
    GROUP_WELCOME = "group_welcome", "入群欢迎语素材"


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
        keep=keep_days(180, "ended_at", by="wecom.tasks.forget_old_wishes"),
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
            # What of a kind is due, most urgent first: no kind hides behind the masses of another,
            # none of an application behind one that is paused.
            models.Index(
                fields=["kind", "app", "priority", "next_try_at"],
                name="outbox_due_of_kind_and_app",
                condition=Q(state="planned"),
            ),
            # Whose last moment passed while its kind was paused.
            models.Index(
                fields=["expires_at"],
                name="outbox_by_last_moment",
                condition=Q(state="planned", expires_at__isnull=False),
            ),
            # What was begun and has no known end.
            models.Index(fields=["ask_at"], name="outbox_to_ask", condition=Q(state="sending")),
            # What a person has to look at; few rows, counted at every scrape.
            models.Index(
                fields=["kind", "state"],
                name="outbox_to_look_at",
                condition=Q(state__in=["failed", "unknown", "missed"]),
            ),
            # Which mass send of WeCom's list is already somebody's?
            models.Index(
                models.F("answer__msgid"),
                name="outbox_of_msgid",
                condition=Q(kind="mass_send", state="sent"),
            ),
            # What has ended, oldest first.
            models.Index(
                fields=["ended_at"],
                name="outbox_by_end",
                condition=Q(ended_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.once}"


class OutboxPause(models.Model):
    """HQ's word that an application sends nothing of a kind for now; no kind means nothing at all.

    The row is the pause: it is there or it is not.
    """

    app = models.CharField("应用", max_length=40)
    kind = models.CharField("类型", max_length=20, blank=True, choices=Kind.choices)
    since = models.DateTimeField("暂停时间", default=timezone.now)
    by = models.CharField("操作人", max_length=120)
    reason = models.CharField("原因", max_length=200)

    privacy: ClassVar = declare(
        keep=keep_always("恢复发送即删除，没有客户信息"), internal="id app kind since by reason"
    )

    class Meta:
        verbose_name = verbose_name_plural = "暂停发送"
        constraints = (
            models.UniqueConstraint(fields=["app", "kind"], name="one_pause_per_app_and_kind"),
        )

    def __str__(self) -> str:
        return f"{self.app} {self.kind or '*'}"
