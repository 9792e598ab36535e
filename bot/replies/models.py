"""Answers the bot wrote for a guide, who sends them with one tap. Not: questions handed over."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from bot.knowledge.models import Article
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from kit.classified import declare, keep_days
from kit.fields import PublicIdField, SealedTextField
from stores.org.models import Guide, Store


class DraftState(models.TextChoices):
    WAITING = "waiting", "等你发出"
    SENT = "sent", "已发出"
    DISMISSED = "dismissed", "没有采用"
    EXPIRED = "expired", "过了时候"


class SentThrough(models.TextChoices):
    SIDEBAR = "sidebar", "侧边栏"
    HEARD = "heard", "群里听到"


class DraftQuerySet(models.QuerySet["Draft"]):
    def waiting(self, at: datetime) -> Self:
        """Those a guide may still send."""
        return self.filter(state=DraftState.WAITING, expires_at__gt=at)


class Draft(models.Model):
    """One answer for one question in one group, with the facts that went into it.

    `guide` owns the group and sends it; `leads_out` asks the customer into a private chat.
    """

    public_id = PublicIdField()
    heard = models.OneToOneField(
        HeardMessage, models.SET_NULL, null=True, related_name="draft", verbose_name="问题"
    )
    group = models.ForeignKey(Group, models.CASCADE, related_name="+", verbose_name="客户群")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    article = models.ForeignKey(
        Article, models.PROTECT, related_name="drafts", verbose_name="知识条目"
    )
    text = models.TextField("回答")
    # [{"name", "value", "as_of"}]: what the guide sees of where the answer comes from.
    facts = models.JSONField("用到的资料", default=list)
    leads_out = models.BooleanField("请她私聊", default=False)
    state = models.CharField(
        "状态", max_length=9, choices=DraftState.choices, default=DraftState.WAITING
    )
    made_at = models.DateTimeField("写好时间", default=timezone.now)
    expires_at = models.DateTimeField("有效至")
    copied_at = models.DateTimeField("复制时间", null=True, blank=True)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    sent_through = models.CharField(
        "发出方式", max_length=7, choices=SentThrough.choices, blank=True
    )
    # Her own words, when she changed the answer before sending it.
    edited_text = SealedTextField("改后的话", null=True)
    dismissed_at = models.DateTimeField("放下时间", null=True, blank=True)

    objects = DraftQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_days(180, "made_at"),
        internal="id public_id heard group guide store article text facts leads_out state made_at"
        " expires_at copied_at sent_at sent_through dismissed_at",
        personal_high="edited_text",
    )

    class Meta:
        verbose_name = verbose_name_plural = "待发回复"
        ordering = ("-made_at",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_at_a_time"
            ),
        )
        indexes = (
            # What waits for a guide.
            models.Index(
                fields=["guide", "-made_at"],
                name="drafts_waiting_for_guide",
                condition=Q(state="waiting"),
            ),
            # What waits in the chat that is open in the side bar.
            models.Index(
                fields=["group", "-made_at"],
                name="drafts_waiting_in_group",
                condition=Q(state="waiting"),
            ),
            # How well an article did lately.
            models.Index(fields=["article", "-made_at"], name="drafts_of_article"),
        )

    def __str__(self) -> str:
        return self.text[:40]
