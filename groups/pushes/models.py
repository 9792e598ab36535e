"""A push, its tasks per guide and variant, what came of each recipient, and tracked links.

A task holds the arrays of its recipients: a row per recipient appears as results arrive. Planning
a million that way costs less than a bare heap of rows (measured; see docs/decisions).
"""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from groups.content.models import Material, Variant
from groups.pushes.codes import new_code
from kit.classified import declare, empty_after, keep_days, keep_years, with_owner
from kit.fields import PublicIdField
from members.audience.models import Audience
from stores.org.models import Account, Guide


class ChatType(models.TextChoices):
    SINGLE = "single", "一对一（会员）"
    GROUP = "group", "客户群"


class PushState(models.TextChoices):
    DRAFT = "draft", "草稿"
    PLANNED = "planned", "已预演"
    LAUNCHED = "launched", "已发起"
    CANCELLED = "cancelled", "已停止"
    CLOSED = "closed", "已结束"


class TaskState(models.TextChoices):
    """From the intent to its known end. `submitting`: in the outbox, WeCom has not answered yet."""

    WAITING = "waiting", "等待提交"
    SUBMITTING = "submitting", "提交中"
    OPEN = "open", "等导购确认"
    CONFIRMED = "confirmed", "导购已确认"
    CANCELLED = "cancelled", "已撤回"
    EXPIRED = "expired", "已过期"
    FAILED = "failed", "提交失败"
    UNKNOWN = "unknown", "结果不明"


# States in which a recipient may still be reached by what we asked for.
LIVE = (TaskState.WAITING, TaskState.SUBMITTING, TaskState.OPEN, TaskState.UNKNOWN)


class StopReason(models.TextChoices):
    """Why a task is being pulled back."""

    NONE = "", "—"
    WITHDRAWN = "withdrawn", "有会员撤回了授权"
    QUIET = "quiet", "进入免打扰时段"
    STOPPED = "stopped", "总部停止了群发"
    LEFT = "left", "导购离职"


class Push(models.Model):
    """A material to an audience or to groups, at a time."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60)
    material = models.ForeignKey(
        Material, models.PROTECT, related_name="pushes", verbose_name="素材"
    )
    chat_type = models.CharField(
        "发到哪里", max_length=6, choices=ChatType.choices, default=ChatType.SINGLE
    )
    audience = models.ForeignKey(
        Audience,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="pushes",
        verbose_name="人群",
        help_text="发到客户群时不选：群消息不能单独略过某位会员。",
    )
    planned_for = models.DateTimeField("计划发送时间", default=timezone.now)
    holdout_percent = models.PositiveSmallIntegerField(
        "对照组比例（%）", default=0, help_text="随机留出不发的会员，用来衡量群发真正带来的变化。"
    )
    state = models.CharField(
        "状态", max_length=9, choices=PushState.choices, default=PushState.DRAFT
    )
    # What planning found: counts only, no person.
    plan = models.JSONField("预演结果", default=dict, editable=False)
    # Which version of the audience's rule was planned, and so launched.
    audience_version = models.PositiveIntegerField("人群版本", null=True, editable=False)
    created_by = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="创建人", editable=False
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now, editable=False)
    planned_at = models.DateTimeField("预演时间", null=True, blank=True, editable=False)
    launched_at = models.DateTimeField("发起时间", null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True, editable=False)

    privacy: ClassVar = declare(
        keep=keep_years(3, "ended_at"),
        internal="id public_id name material chat_type audience audience_version planned_for"
        " holdout_percent state plan created_by created_at planned_at launched_at ended_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "群发"
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(chat_type="group", audience=None)
                | Q(chat_type="single", audience__isnull=False),
                name="an_audience_for_members_none_for_groups",
                violation_error_message="发给会员要选人群；发到客户群不选人群。",
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50),
                name="holdout_at_most_half",
                violation_error_message="对照组最多一半。",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def fallen(self) -> int:
        """How many of the audience get nothing, as planned."""
        return int(self.plan.get("audience", 0)) - int(self.plan.get("recipients", 0))


class PushTask(models.Model):
    """What one guide is asked to confirm: one variant, the array of who gets it."""

    public_id = PublicIdField()
    push = models.ForeignKey(Push, models.PROTECT, related_name="tasks", verbose_name="群发")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="push_tasks", verbose_name="导购")
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="tasks", verbose_name="分层文案"
    )
    # Aligned: members[i] is reached as recipients[i]. To groups: no members, chat ids.
    members = ArrayField(models.BigIntegerField(), default=list)
    recipients = ArrayField(models.CharField(max_length=64), default=list)
    size = models.PositiveIntegerField("人数")
    state = models.CharField(
        "状态", max_length=10, choices=TaskState.choices, default=TaskState.WAITING
    )
    stopping_for = models.CharField(
        "撤回原因", max_length=9, choices=StopReason.choices, blank=True
    )
    msgid = models.CharField("企微任务号", max_length=80, blank=True)
    made_again_from = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="made_again",
        verbose_name="重建自",
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now)
    due_at = models.DateTimeField("提交时间")
    expires_at = models.DateTimeField("有效期至")
    opened_at = models.DateTimeField("到达导购", null=True, blank=True)
    confirmed_at = models.DateTimeField("导购确认时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    next_look_at = models.DateTimeField("下次查结果", null=True, blank=True)
    looks = models.PositiveSmallIntegerField("已查次数", default=0)
    error = models.CharField("失败原因", max_length=300, blank=True)

    privacy: ClassVar = declare(
        keep=(
            with_owner("push"),
            empty_after(180, "closed_at", "members recipients"),
        ),
        internal="id public_id push guide variant size state stopping_for msgid made_again_from"
        " created_at due_at expires_at opened_at confirmed_at closed_at next_look_at looks error",
        personal="members recipients",
    )

    class Meta:
        verbose_name = verbose_name_plural = "群发任务"
        ordering = ("-created_at",)
        indexes = (
            # Which live tasks hold her? (withdrawal)
            GinIndex(
                fields=["members"],
                name="live_tasks_of_member",
                condition=Q(state__in=["waiting", "submitting", "open", "unknown"]),
            ),
            # A guide's tasks on her iPad, newest first.
            models.Index(fields=["guide", "-created_at"], name="tasks_of_guide_newest"),
            # What is to be submitted now.
            models.Index(fields=["due_at"], name="tasks_to_submit", condition=Q(state="waiting")),
            # Whose results are to be looked at now.
            models.Index(
                fields=["next_look_at"],
                name="tasks_to_look_at",
                condition=Q(next_look_at__isnull=False),
            ),
            # Which task is this number of WeCom's?
            models.Index(fields=["msgid"], name="tasks_by_msgid", condition=~Q(msgid="")),
            # How far is the push?
            models.Index(fields=["push", "state"], name="tasks_of_push_by_state"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="open") | ~Q(msgid=""), name="an_open_task_has_its_number"
            ),
        )

    def __str__(self) -> str:
        return f"{self.push_id} → {self.guide_id}"

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone: quiet hours go by its clock."""
        return ZoneInfo(self.guide.store.time_zone)


class DeliveryState(models.TextChoices):
    SENT = "sent", "已送达"
    NOT_FRIEND = "not_friend", "已不是好友"
    OVER_QUOTA = "over_quota", "超出企微频率上限"
    UNSENT = "unsent", "未发送"
    CANCELLED = "cancelled", "发送前撤回"
    UNKNOWN = "unknown", "结果不明"


class Delivery(models.Model):
    """What came of one recipient of one push, as far as WeCom has told."""

    push = models.ForeignKey(Push, models.PROTECT, related_name="deliveries", verbose_name="群发")
    task = models.ForeignKey(
        PushTask, models.PROTECT, related_name="deliveries", verbose_name="任务"
    )
    member_no = models.BigIntegerField("会员编号", null=True)
    recipient = models.CharField("企微收件人", max_length=64)
    state = models.CharField("结果", max_length=10, choices=DeliveryState.choices)
    at = models.DateTimeField("时间")

    privacy: ClassVar = declare(
        keep=keep_years(3, "at", words="本人删除资料后只剩序号"),
        internal="id push task state at",
        personal="member_no recipient",
    )

    class Meta:
        verbose_name = verbose_name_plural = "发送明细"
        constraints = (
            models.UniqueConstraint(fields=["push", "recipient"], name="one_delivery_per_push"),
            models.UniqueConstraint(
                fields=["push", "member_no"], name="one_delivery_per_push_and_member"
            ),
        )
        indexes = (
            # Her deliveries, newest first.
            models.Index(fields=["member_no", "-at"], name="deliveries_of_member_newest"),
            # Written in the order of time: the night finds what is over without the rest.
            BrinIndex(fields=["at"], name="deliveries_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.push_id} → {self.state}"


class TrackedLink(models.Model):
    """An address of one task's text: who sent it is known, who opens it only by her permission."""

    code = models.CharField("代码", max_length=24, unique=True, default=new_code)
    push = models.ForeignKey(Push, models.PROTECT, related_name="links", verbose_name="群发")
    guide = models.ForeignKey(
        Guide, models.PROTECT, related_name="tracked_links", verbose_name="导购"
    )
    task = models.OneToOneField(PushTask, models.PROTECT, related_name="link", verbose_name="任务")
    target = models.CharField("目标地址", max_length=500)

    privacy: ClassVar = declare(keep=with_owner("push"), internal="id code push guide task target")

    class Meta:
        verbose_name = verbose_name_plural = "追踪链接"

    def __str__(self) -> str:
        return self.code


class LinkClick(models.Model):
    """That somebody opened a link, unnamed: who it was stands in a touch, with her permission."""

    link = models.ForeignKey(
        TrackedLink, models.CASCADE, related_name="clicks", verbose_name="链接"
    )
    at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(keep=keep_days(180, "at"), internal="id link at")

    class Meta:
        verbose_name = verbose_name_plural = "链接打开"
        # Written in the order of time: the night finds what is over without the rest.
        indexes = (BrinIndex(fields=["at"], name="clicks_by_age"),)

    def __str__(self) -> str:
        return f"{self.link_id} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"
