"""Questions handed to a person, with a deadline and an end. Not: answers the bot wrote."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from bot.knowledge.models import Article
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from kit.classified import declare, keep_days
from kit.fields import PublicIdField
from stores.org.models import Guide, Store


class EscalationState(models.TextChoices):
    OPEN = "open", "等人接"
    REROUTED = "rerouted", "已转店长"
    TAKEN = "taken", "有人在答"
    ANSWERED = "answered", "已答复"
    CLOSED = "closed", "已关闭"


WAITING = (EscalationState.OPEN, EscalationState.REROUTED)
UNDONE = (*WAITING, EscalationState.TAKEN)


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def undone(self) -> Self:
        """Those nobody has answered."""
        return self.filter(state__in=UNDONE)


class Escalation(models.Model):
    """One question for a person. `guide` was asked first and still sees it; `holder` has it."""

    public_id = PublicIdField()
    heard = models.OneToOneField(
        HeardMessage, models.SET_NULL, null=True, related_name="escalation", verbose_name="问题"
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="客户群"
    )
    open_kfid = models.CharField("客服账号", max_length=64, blank=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="先问的导购")
    holder = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="现在找谁")
    reason = models.CharField("原因", max_length=12)
    reference = models.ForeignKey(
        Article, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="可参考"
    )
    state = models.CharField(
        "状态", max_length=8, choices=EscalationState.choices, default=EscalationState.OPEN
    )
    opened_at = models.DateTimeField("转来时间", default=timezone.now)
    deadline = models.DateTimeField("答复期限")
    rerouted_at = models.DateTimeField("转店长时间", null=True, blank=True)
    taken_at = models.DateTimeField("接手时间", null=True, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    objects = EscalationQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_days(180, "opened_at"),
        internal="id public_id heard group open_kfid store guide holder reason reference state"
        " opened_at deadline rerouted_at taken_at answered_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "转人工"
        ordering = ("-opened_at",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(taken_at__isnull=False), name="taken_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False),
                name="answered_at_a_time",
            ),
        )
        indexes = (
            # What waits on somebody's screen.
            models.Index(
                fields=["holder", "deadline"],
                name="escalations_of_holder",
                condition=Q(state__in=["open", "rerouted", "taken"]),
            ),
            # Whose deadline has passed and nobody took it.
            models.Index(
                fields=["deadline"], name="escalations_overdue", condition=Q(state="open")
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} {timezone.localtime(self.opened_at):%Y-%m-%d %H:%M}"
