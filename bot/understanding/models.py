"""What was heard, and what the bot decided about it. Kept thirty days."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from bot.knowledge.models import Article
from groups.chats.models import Group
from kit.classified import declare, keep_days
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Contact
from stores.org.models import Guide, Store

KEPT_DAYS = 30


class HeardOn(models.TextChoices):
    ARCHIVE = "archive", "会话存档"
    KF = "kf", "微信客服"


class Decided(models.TextChoices):
    ANSWER = "answer", "小助手回答"
    DRAFT = "draft", "写好待发"
    ESCALATE = "escalate", "转人工"
    SILENCE = "silence", "不插话"


class HeardMessage(models.Model):
    """One message in a place the bot hears. Its text is sealed, and missing where she withdrew.

    `store` and `guide` decide who meets the row: the group's owner, or who serves her.
    """

    public_id = PublicIdField()
    heard_on = models.CharField("来源", max_length=8, choices=HeardOn.choices)
    msgid = models.CharField("消息 ID", max_length=128, unique=True)
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="客户群"
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="企微客户"
    )
    open_kfid = models.CharField("客服账号", max_length=64, blank=True)
    sender = models.CharField("发言人", max_length=64)
    is_staff = models.BooleanField("员工", default=False)
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="门店"
    )
    guide = models.ForeignKey(
        Guide, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="导购"
    )
    text = SealedTextField("原话", null=True)
    is_text_withheld = models.BooleanField("未获同意，原话不存", default=False)
    decision = models.CharField("处理", max_length=8, choices=Decided.choices)
    reason = models.CharField("原因", max_length=12, blank=True)
    article = models.ForeignKey(
        Article, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="知识条目"
    )
    probability = models.FloatField("把握", null=True, blank=True)
    said_at = models.DateTimeField("说话时间")
    heard_at = models.DateTimeField("听到时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(30, "heard_at", by="bot.channels.tasks.forget_heard"),
        internal="id public_id heard_on msgid group open_kfid is_staff store guide is_text_withheld"
        " decision reason article probability said_at heard_at",
        personal="contact sender",
        personal_high="text",
    )

    class Meta:
        verbose_name = verbose_name_plural = "听到的消息"
        indexes = (
            # Has a guide spoken in this group since? And the last words before a question.
            models.Index(fields=["group", "-said_at"], name="heard_in_group_newest"),
            # What is older than thirty days.
            models.Index(fields=["heard_at"], name="heard_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.heard_on} {self.msgid}"
