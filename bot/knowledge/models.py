"""Approved questions and answers, with places for facts that change. Not: how one is found."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from bot.knowledge.rules import placeholders_in
from kit.classified import declare, keep_always
from kit.fields import PublicIdField
from stores.org.models import Account


class ArticleState(models.TextChoices):
    DRAFT = "draft", "待审批"
    APPROVED = "approved", "已生效"
    MUTED = "muted", "已停用"
    EXPIRED = "expired", "已过期"


class ArticleQuerySet(models.QuerySet["Article"]):
    def speaking(self, on: date) -> Self:
        """Those the bot may use on a day."""
        return self.filter(state=ArticleState.APPROVED).filter(
            Q(expires_on=None) | Q(expires_on__gte=on)
        )


class Article(models.Model):
    """One thing shoppers ask, how else they ask it, and what is answered.

    The answer names changing facts in braces (`{store_hours}`); they are filled from data when it
    is used. A private one is never told in front of others.
    """

    public_id = PublicIdField()
    question = models.CharField("问题", max_length=120, unique=True)
    phrasings = models.JSONField("其他问法", default=list, blank=True)
    answer = models.TextField(
        "回答",
        max_length=600,
        help_text="可用：{store_name} {asked_day} {store_hours} {store_hours_today}"
        " {store_address} {store_phone}",
    )
    topic = models.CharField("主题", max_length=30, blank=True)
    is_private = models.BooleanField("涉及个人，请顾客私聊", default=False)
    state = models.CharField(
        "状态", max_length=8, choices=ArticleState.choices, default=ArticleState.DRAFT
    )
    written_by = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撰写人"
    )
    approved_by = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审批人"
    )
    approved_at = models.DateTimeField("审批时间", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    muted_because = models.CharField("停用原因", max_length=120, blank=True)
    updated_at = models.DateTimeField("更新时间", default=timezone.now)

    objects = ArticleQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的知识条目"),
        internal="id public_id question phrasings answer topic is_private state written_by"
        " approved_by approved_at expires_on muted_because updated_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "知识条目"
        ordering = ("topic", "question")
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False),
                name="article_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("written_by")),
                name="article_approved_by_a_second_person",
            ),
        )

    def __str__(self) -> str:
        return self.question

    @property
    def facts(self) -> list[str]:
        """The names of the changing facts in the answer."""
        return placeholders_in(self.answer)
