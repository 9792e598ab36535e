"""Mirrors of how guides reach customers beyond codes and groups: acquisition links and moments.

Rooms above read them; what a link was made for, or why a moment was asked for, is theirs to know.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, empty_after, keep_always, keep_days, with_owner

# Who saw, liked, commented is known by id so long after the last look; the numbers stay.
KEEP_PEOPLE: Final = timedelta(days=180)
MOMENTS_KEPT: Final = timedelta(days=365 * 2)


class AcquisitionLink(models.Model):
    """A paid link (获客助手) by which anybody adds one of its guides, whoever made it."""

    link_id = models.CharField("链接 ID", max_length=64, unique=True)
    name = models.CharField("名称", max_length=60, blank=True)
    url = models.CharField("链接", max_length=400, blank=True)
    userids = ArrayField(models.CharField(max_length=64), verbose_name="成员", default=list)
    department_ids = ArrayField(models.PositiveBigIntegerField(), verbose_name="部门", default=list)
    skip_verify = models.BooleanField("无需验证", default=True)
    made_at = models.DateTimeField("创建时间", null=True, blank=True)
    # WeCom told that a customer opened it and nobody behind it could be added.
    unavailable_at = models.DateTimeField("最近无人可加", null=True, blank=True)
    # Empty until its details were read.
    detailed_at = models.DateTimeField("读取详情", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("删除时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "gone_at", by="wecom.tasks.forget_old_mirrors"),
        internal="id link_id name url department_ids skip_verify made_at unavailable_at"
        " detailed_at read_at gone_at",
        personal="userids",
    )

    class Meta:
        verbose_name = verbose_name_plural = "获客链接"
        ordering = ("-pk",)
        indexes = (
            # Which links did this sweep not meet?
            models.Index(fields=["read_at"], name="links_by_reading", condition=Q(gone_at=None)),
        )

    def __str__(self) -> str:
        return self.name or self.link_id


class ChatState(models.TextChoices):
    SILENT = "silent", "未开口"
    SPOKE = "spoke", "已开口"
    UNKNOWN = "unknown", "未知"


class AcquisitionCustomer(models.Model):
    """Somebody who came to a guide by a link; `channel` is the customer_channel she came with."""

    link = models.ForeignKey(
        AcquisitionLink, models.CASCADE, related_name="customers", verbose_name="获客链接"
    )
    external_userid = models.CharField("客户 ID", max_length=64)
    userid = models.CharField("成员", max_length=64)
    chat_state = models.CharField(
        "会话", max_length=7, choices=ChatState.choices, default=ChatState.UNKNOWN
    )
    channel = models.CharField("渠道", max_length=64, blank=True)
    found_at = models.DateTimeField("首次看到", default=timezone.now)
    # When we learnt that she spoke; WeCom does not say when she did.
    spoke_seen_at = models.DateTimeField("得知开口", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")

    privacy: ClassVar = declare(
        keep=with_owner("link"),
        internal="id link chat_state channel found_at spoke_seen_at read_at",
        personal="external_userid userid",
    )

    class Meta:
        verbose_name = verbose_name_plural = "获客客户"
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["link", "external_userid", "userid"], name="one_row_per_link_and_friend"
            ),
        )
        indexes = (
            # By which link did she come to this guide?
            models.Index(fields=["external_userid", "userid"], name="acquired_by_friendship"),
        )

    def __str__(self) -> str:
        return f"{self.userid} {self.get_chat_state_display()}"


class BalanceWarning(models.TextChoices):
    NONE = "", "正常"
    EXPIRING = "expiring", "即将过期"
    LOW = "low", "不足"
    EXHAUSTED = "exhausted", "用完"


class AcquisitionBalance(models.Model):
    """How many more customers may come by links before somebody has to pay. One row a corp."""

    corp_id = models.CharField("企业 ID", max_length=64, unique=True)
    total = models.PositiveIntegerField("已购", default=0)
    balance = models.PositiveIntegerField("剩余", default=0)
    # [{"balance": …, "expires_on": "2027-01-31"}, …]
    lots = models.JSONField("批次", default=list)
    warning = models.CharField(
        "提醒", max_length=9, choices=BalanceWarning.choices, blank=True, default=""
    )
    warned_at = models.DateTimeField("提醒时间", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")

    privacy: ClassVar = declare(
        keep=keep_always("企业的余额，没有个人信息"),
        internal="id corp_id total balance lots warning warned_at read_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "获客额度"

    def __str__(self) -> str:
        return f"{self.balance} / {self.total}"


class MomentKind(models.TextChoices):
    CORP = "corp", "企业"
    PERSONAL = "personal", "个人"


class MomentQuerySet(models.QuerySet["CorpMoment"]):
    def present(self) -> Self:
        """Those that WeCom still shows."""
        return self.filter(gone_at=None)


class CorpMoment(models.Model):
    """One moment (客户朋友圈) of the corp's, or of a guide of his own accord."""

    moment_id = models.CharField("朋友圈 ID", max_length=64, unique=True)
    kind = models.CharField("类型", max_length=8, choices=MomentKind.choices)
    # Empty for one that a program asked for.
    creator_userid = models.CharField("发起成员", max_length=64, blank=True)
    text = models.TextField("文字", blank=True)
    pictures = models.PositiveSmallIntegerField("图片数", default=0)
    has_video = models.BooleanField("视频", default=False)
    link_url = models.CharField("链接", max_length=2048, blank=True)
    # All customers of who publishes it, or those chosen.
    is_public = models.BooleanField("对全部客户可见", default=True)
    # The `once` of the outbox row that asked for it.
    wish = models.CharField("来自待发", max_length=160, null=True, blank=True, unique=True)
    made_at = models.DateTimeField("创建时间")
    # Who published it is asked again then; empty once it is not followed any more.
    look_at = models.DateTimeField("下次查看", null=True, blank=True)
    looked_at = models.DateTimeField("最近查看", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("删除时间", null=True, blank=True)

    objects = MomentQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_days(730, "made_at", by="wecom.tasks.forget_old_mirrors"),
        internal="id moment_id kind text pictures has_video link_url is_public wish made_at look_at"
        " looked_at read_at gone_at",
        personal="creator_userid",
    )

    class Meta:
        verbose_name = verbose_name_plural = "朋友圈"
        ordering = ("-made_at", "-pk")
        indexes = (
            # The newest first; and which of a time did this sweep not meet?
            models.Index(fields=["-made_at"], name="moments_newest"),
            models.Index(fields=["look_at"], name="moments_to_look_at"),
        )

    def __str__(self) -> str:
        return self.text[:20] or self.moment_id


class MomentPublication(models.Model):
    """One guide's part in a moment: asked, published, and what came of it."""

    moment = models.ForeignKey(
        CorpMoment, models.CASCADE, related_name="publications", verbose_name="朋友圈"
    )
    userid = models.CharField("成员", max_length=64)
    is_published = models.BooleanField("已发表", default=False)
    # When we first saw it published; WeCom does not say when it was.
    published_seen_at = models.DateTimeField("看到发表", null=True, blank=True)
    # Empty until it was looked at.
    audience = models.PositiveIntegerField("送达", null=True, blank=True)
    likes = models.PositiveIntegerField("点赞", null=True, blank=True)
    comments = models.PositiveIntegerField("评论", null=True, blank=True)
    # {"saw": […], "liked": […], "commented": […]}: external ids of customers, guides' left out.
    people = models.JSONField("客户", default=dict)
    look_at = models.DateTimeField("下次查看", null=True, blank=True)
    looked_at = models.DateTimeField("最近查看", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=(
            with_owner("moment"),
            empty_after(
                180,
                "looked_at",
                "people",
                only={"look_at": None},
                by="wecom.tasks.forget_old_mirrors",
            ),
        ),
        internal="id moment is_published published_seen_at audience likes comments look_at"
        " looked_at",
        personal="userid people",
    )

    class Meta:
        verbose_name = verbose_name_plural = "朋友圈发表"
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["moment", "userid"], name="one_publication_per_moment_and_guide"
            ),
        )
        indexes = (
            # What is looked at next, and what lost its people long ago.
            models.Index(fields=["look_at"], name="publications_to_look_at"),
            models.Index(fields=["looked_at"], name="publications_by_look"),
        )

    def __str__(self) -> str:
        return f"{self.userid} {'已发表' if self.is_published else '未发表'}"
