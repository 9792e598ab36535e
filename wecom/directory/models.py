"""Mirrors of WeCom's departments, members, tags and codes, and the history of sweeps.

Not: guides and stores, which are ours; a member of WeCom is no guide until HQ says so.
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years, with_owner


class Department(models.Model):
    """One department of the corp, as far as the application sees it."""

    department_id = models.PositiveBigIntegerField("部门 ID", unique=True)
    name = models.CharField("名称", max_length=200)
    parent_id = models.PositiveBigIntegerField("上级部门 ID", default=0)
    position = models.BigIntegerField("排序", default=0)
    # When the answer that we hold was asked for: an answer asked earlier is never laid over it.
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("消失时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "gone_at"),
        internal="id department_id name parent_id position read_at gone_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微部门"
        ordering = ("parent_id", "-position", "department_id")

    def __str__(self) -> str:
        return self.name


class StaffState(models.TextChoices):
    ACTIVE = "active", "已激活"
    DISABLED = "disabled", "已禁用"
    INACTIVE = "inactive", "未激活"
    LEFT = "left", "已退出"


class StaffQuerySet(models.QuerySet["Staff"]):
    def present(self) -> Self:
        """Those whom WeCom still knows within our range."""
        return self.filter(gone_at=None)


class Staff(models.Model):
    """One member of the corp. `gone_at`: left, or no longer in the application's range."""

    # Case-insensitive at WeCom, lower case here.
    userid = models.CharField("企业微信账号", max_length=64, unique=True)
    name = models.CharField("姓名", max_length=100, blank=True)
    position = models.CharField("职务", max_length=200, blank=True)
    department_ids = ArrayField(models.PositiveBigIntegerField(), verbose_name="部门", default=list)
    main_department = models.PositiveBigIntegerField("主部门", default=0)
    state = models.CharField(
        "状态", max_length=8, choices=StaffState.choices, default=StaffState.ACTIVE
    )
    # On WeCom's list of members who may have customers.
    serves_contacts = models.BooleanField("客户联系", default=False)
    came_at = models.DateTimeField("首次看到", default=timezone.now)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("消失时间", null=True, blank=True)

    objects = StaffQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_years(3, "gone_at"),
        internal="id position department_ids main_department state serves_contacts came_at read_at"
        " gone_at",
        personal="userid name",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微成员"
        ordering = ("userid",)
        indexes = (
            # Whom did this sweep not meet?
            models.Index(fields=["read_at"], name="staff_by_reading", condition=Q(gone_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.userid})"


class CorpTagGroup(models.Model):
    """A group of corp tags."""

    group_id = models.CharField("标签组 ID", max_length=64, unique=True)
    name = models.CharField("名称", max_length=60)
    position = models.BigIntegerField("排序", default=0)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("删除时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "gone_at"), internal="id group_id name position read_at gone_at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "企业标签组"
        ordering = ("-position", "pk")

    def __str__(self) -> str:
        return self.name


class CorpTag(models.Model):
    """A corp tag that guides, or we, put on contacts."""

    tag_id = models.CharField("标签 ID", max_length=64, unique=True)
    group = models.ForeignKey(
        CorpTagGroup, models.CASCADE, related_name="tags", verbose_name="标签组"
    )
    name = models.CharField("名称", max_length=60)
    position = models.BigIntegerField("排序", default=0)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("删除时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "gone_at"),
        internal="id tag_id group name position read_at gone_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企业标签"
        ordering = ("group", "-position", "pk")

    def __str__(self) -> str:
        return self.name


class CorpContactWay(models.Model):
    """A contact-me code that our application made at WeCom, whoever asked for it."""

    config_id = models.CharField("联系我 ID", max_length=64, unique=True)
    state = models.CharField("渠道标记", max_length=64, blank=True)
    remark = models.CharField("备注", max_length=60, blank=True)
    userids = ArrayField(models.CharField(max_length=64), verbose_name="成员", default=list)
    # Empty until its details were read.
    detailed_at = models.DateTimeField("读取详情", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")
    gone_at = models.DateTimeField("删除时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "gone_at"),
        internal="id config_id state remark detailed_at read_at gone_at",
        personal="userids",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微联系我"
        ordering = ("-pk",)
        indexes = (
            # Which codes did this sweep not meet?
            models.Index(fields=["read_at"], name="ways_by_reading", condition=Q(gone_at=None)),
        )

    def __str__(self) -> str:
        return self.config_id


class SweepKind(models.TextChoices):
    """What is compared with WeCom."""

    STAFF = "staff", "部门与成员"
    CONTACTS = "contacts", "客户与好友"
    TAGS = "tags", "企业标签"
    GROUPS = "groups", "客户群"
    CONTACT_WAYS = "contact_ways", "联系我"
    MASS_SENDS = "mass_sends", "群发结果"
    UNASSIGNED = "unassigned", "待分配客户"
    ACQUISITION = "acquisition", "获客链接"
    MOMENTS = "moments", "朋友圈"
    KF_ACCOUNTS = "kf_accounts", "客服账号"
    ARCHIVE_CONSENTS = "archive_consents", "存档同意"
    KEYWORD_HITS = "keyword_hits", "关键词命中"


class SweepState(models.TextChoices):
    RUNNING = "running", "进行中"
    PAUSED = "paused", "已暂停"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    CANCELLED = "cancelled", "已取消"


class Sweep(models.Model):
    """One comparison with WeCom, portion by portion. `cursor` lies behind what was handled."""

    kind = models.CharField("对象", max_length=20, choices=SweepKind.choices)
    # All of WeCom, or only what lately had news.
    is_full = models.BooleanField("全量", default=True)
    state = models.CharField(
        "状态", max_length=9, choices=SweepState.choices, default=SweepState.RUNNING
    )
    started_at = models.DateTimeField("开始时间", default=timezone.now)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    cursor = models.JSONField("进度位置", default=dict)
    portions = models.PositiveIntegerField("已处理批次", default=0)
    done = models.PositiveIntegerField("已核对", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    found = models.PositiveIntegerField("发现差异", default=0)
    repaired = models.PositiveIntegerField("已修复", default=0)
    # Troubles in a row with the portion that comes next.
    troubles = models.PositiveSmallIntegerField("连续失败", default=0)
    next_at = models.DateTimeField("下一批时间", default=timezone.now)
    error = models.CharField("说明", max_length=400, blank=True)
    begun_by = models.CharField("发起人", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_days(90, "ended_at", by="wecom.tasks.forget_old_sweeps"),
        internal="id kind is_full state started_at ended_at cursor portions done total found"
        " repaired troubles next_at error begun_by",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微对账"
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(state__in=["running", "paused"]),
                name="one_open_sweep_per_kind",
            ),
        )
        indexes = (
            # When was this kind swept last?
            models.Index(fields=["kind", "-started_at"], name="sweeps_of_kind_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.started_at):%Y-%m-%d %H:%M}"

    @property
    def is_thorough(self) -> bool:
        """Everything is read in detail, not tonight's share alone."""
        return bool(self.cursor.get("is_thorough"))

    @property
    def left(self) -> int:
        """Differences that nobody repaired."""
        return self.found - self.repaired


class Difference(models.Model):
    """One thing in which WeCom and the house did not agree."""

    sweep = models.ForeignKey(
        Sweep, models.CASCADE, related_name="differences", verbose_name="对账"
    )
    # `guide:…`, `contact:…`, `group:…`, `staff:…`, `code:…`: what an event would be about.
    subject = models.CharField("对象", max_length=120)
    what = models.CharField("差异", max_length=60)
    detail = models.CharField("说明", max_length=300, blank=True)
    at = models.DateTimeField("发现时间", default=timezone.now)
    repaired_at = models.DateTimeField("修复时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("sweep", words="比对的记录留 90 天"),
        internal="id sweep what detail at repaired_at",
        personal="subject",
    )

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        ordering = ("-pk",)
        indexes = (
            # The story of one subject.
            models.Index(fields=["subject", "-at"], name="differences_of_subject"),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.what}"
