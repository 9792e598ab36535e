"""What compliance works with: recipients, impact assessments, incidents, head counts, reports."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kit.classified import declare, empty_after, keep_always, keep_days, keep_years
from kit.fields import PublicIdField, SealedTextField
from stores.org.models import Account, LegalEntity


class RecipientRole(models.TextChoices):
    ENTRUSTED = "entrusted", "受托处理"
    PROVIDED = "provided", "另一处理者"


class Recipient(models.Model):
    """Who receives personal data from the brand: a line of the published list."""

    public_id = PublicIdField()
    name = models.CharField("接收方", max_length=120, unique=True)
    contact = models.CharField("联系方式", max_length=200)
    role = models.CharField("角色", max_length=10, choices=RecipientRole.choices)
    country = models.CharField("国家或地区", max_length=2, default="CN")
    purpose = models.CharField("目的与方式", max_length=300)
    kinds = models.CharField("个人信息种类", max_length=300)
    contract_until = models.DateField("合同到期", null=True, blank=True)
    is_active = models.BooleanField("在用", default=True)
    # Where the machine reaches it: the hosts that outbound calls may go to because of it.
    hosts = models.CharField("网络地址", max_length=300, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("接收方名单是公开内容；停用的接收方留 3 年备查"),
        public="id public_id name contact role country purpose kinds is_active",
        internal="contract_until hosts",
    )

    class Meta:
        verbose_name = verbose_name_plural = "个人信息接收方"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Activity(models.TextChoices):
    """What wants an assessment before it begins (PIPL 55)."""

    SENSITIVE = "sensitive", "处理敏感个人信息"
    PROFILING = "profiling", "自动化决策与个性化推送"
    ENTRUSTING = "entrusting", "委托处理"
    PROVIDING = "providing", "向其他处理者提供"
    CROSS_BORDER = "cross_border", "向境外提供"


class ImpactAssessment(models.Model):
    """An assessment of one activity: unchanged once signed, kept three years at least."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    activity = models.CharField("活动", max_length=16, choices=Activity.choices)
    # Which version of the activity was assessed; `pia.VERSIONS` says which is in force.
    version = models.PositiveIntegerField("活动版本", default=1)
    legality = models.TextField("目的与方式是否合法、正当、必要")
    risk = models.TextField("对个人权益的影响与安全风险")
    measures = models.TextField("保护措施是否合法、有效、与风险相适应")
    written_by = models.CharField("起草", max_length=120)
    written_at = models.DateTimeField("起草时间", default=timezone.now)
    signed_by = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签字"
    )
    signed_at = models.DateTimeField("签字时间", null=True, blank=True)
    valid_until = models.DateField("有效至", null=True, blank=True)
    retain_until = models.DateTimeField("至少保存至", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=(
            keep_days(0, "retain_until", words="签字后至少 3 年"),
            keep_years(1, "written_at", only={"signed_at": None}, words="未签字的草稿"),
        ),
        internal="id public_id entity activity version legality risk measures written_by"
        " written_at signed_by signed_at valid_until retain_until",
    )

    class Meta:
        verbose_name = verbose_name_plural = "个人信息保护影响评估"
        constraints = (
            models.CheckConstraint(
                condition=Q(signed_at=None)
                | Q(signed_by__isnull=False, valid_until__isnull=False, retain_until__isnull=False),
                name="signed_with_name_and_terms",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_activity_display()} v{self.version}"


class IncidentGrade(models.TextChoices):
    ORDINARY = "ordinary", "一般"
    LARGE = "large", "较大及以上"


class IncidentKind(models.TextChoices):
    LEAK = "leak", "泄露"
    TAMPERING = "tampering", "篡改"
    LOSS = "loss", "丢失"
    DEFECT = "defect", "产品缺陷（危害国家安全、公共利益）"


class Incident(models.Model):
    """Something happened to people's data: the clocks, the people concerned, what was reported."""

    public_id = PublicIdField()
    kind = models.CharField("类型", max_length=10, choices=IncidentKind.choices)
    title = models.CharField("事件", max_length=120)
    # When we knew; the clocks run from here.
    known_at = models.DateTimeField("知悉时间", default=timezone.now)
    began_at = models.DateTimeField("发生自", null=True, blank=True)
    ended_at = models.DateTimeField("发生至", null=True, blank=True)
    # Whose account was in wrong hands, as it stands in the logs: "account:…".
    actor = models.CharField("涉及账号", max_length=120, blank=True)
    kinds = models.CharField("涉及的信息种类", max_length=300)
    cause = models.TextField("原因")
    harm = models.TextField("可能造成的危害")
    measures = models.TextField("已采取的补救措施")
    advice = models.TextField("个人可以采取的减轻危害的措施")
    people = models.PositiveBigIntegerField("涉及人数", default=0)
    sensitive_people = models.PositiveBigIntegerField("其中敏感个人信息人数", default=0)
    loss = models.PositiveBigIntegerField("直接经济损失（分）", default=0)
    grade = models.CharField(
        "级别", max_length=10, choices=IncidentGrade.choices, default=IncidentGrade.ORDINARY
    )
    report_due_at = models.DateTimeField("最迟报告网信部门", null=True, blank=True)
    reported_at = models.DateTimeField("报告时间", null=True, blank=True)
    notified_at = models.DateTimeField("通知个人时间", null=True, blank=True)
    not_notified_because = models.CharField("不通知个人的理由", max_length=500, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    written_by = models.CharField("填写", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_years(3, "closed_at"),
        internal="id public_id kind title known_at began_at ended_at actor kinds cause harm"
        " measures advice people sensitive_people loss grade report_due_at reported_at notified_at"
        " not_notified_because closed_at written_by",
    )

    class Meta:
        verbose_name = verbose_name_plural = "个人信息安全事件"
        ordering = ("-known_at",)

    def __str__(self) -> str:
        return self.title


class Headcount(models.Model):
    """How many people's data an entity holds on a day; thresholds of the law are read from it."""

    entity = models.ForeignKey(LegalEntity, models.CASCADE, related_name="+")
    on = models.DateField("日期")
    people = models.PositiveBigIntegerField("人数")
    abroad = models.PositiveBigIntegerField("本年向境外提供的人数", default=0)

    privacy: ClassVar = declare(keep=keep_years(3, "on"), internal="id entity on people abroad")

    class Meta:
        verbose_name = verbose_name_plural = "个人信息主体人数"
        constraints = (
            models.UniqueConstraint(fields=["entity", "on"], name="one_headcount_per_day"),
        )

    def __str__(self) -> str:
        return f"{self.on}: {self.people}"


class RetentionReport(models.Model):
    """What one rule of retention did in one night, and what it could not."""

    table = models.CharField("表", max_length=80)
    rule = models.CharField("规则", max_length=200)
    at = models.DateTimeField("时间", default=timezone.now)
    done = models.PositiveIntegerField("处理")
    left = models.PositiveIntegerField("还剩")
    error = models.CharField("没能处理的原因", max_length=300, blank=True)
    took_ms = models.PositiveIntegerField("毫秒")

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"), internal="id table rule at done left error took_ms"
    )

    class Meta:
        verbose_name = verbose_name_plural = "到期处理记录"
        indexes = (
            # The last night's lines.
            models.Index(fields=["-at"], name="retention_newest"),
        )

    def __str__(self) -> str:
        return f"{self.table}: {self.done}"


class DataExport(models.Model):
    """A file of people that somebody wants: asked for, approved by another person, taken once."""

    public_id = PublicIdField()
    # A name of `EXPORTS` in the switchboard, and which of its lists: {"audience": …, "version": …}
    what = models.CharField("名单", max_length=60)
    about = models.JSONField("范围", default=dict)
    title = models.CharField("内容", max_length=160)
    columns = ArrayField(models.CharField(max_length=60), verbose_name="哪些信息")
    grade = models.CharField("最高级别", max_length=14)
    recipient = models.CharField("给谁用", max_length=120)
    purpose = models.CharField("用途", max_length=200)
    count = models.PositiveIntegerField("申请时的人数")
    asked_by = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间", default=timezone.now)
    decided_by = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审批人"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    refused_because = models.CharField("不同意的理由", max_length=200, blank=True)
    taken_at = models.DateTimeField("取走时间", null=True, blank=True)
    # Of the file as it left: whether one that is found somewhere is this one.
    sha256 = models.CharField(max_length=64, blank=True)
    # What opens the file that is still to be made: there from the asker's look at it until the
    # file is taken, and for no file that exists.
    password = SealedTextField("打开文件的密码", null=True, editable=False)

    privacy: ClassVar = declare(
        keep=(
            keep_years(3, "asked_at"),
            empty_after(8, "asked_at", "password", words="没有取走的名单，密码也不留"),
        ),
        internal="id public_id what about title columns grade recipient purpose count asked_by"
        " asked_at decided_by decided_at refused_because taken_at sha256 password",
    )

    class Meta:
        verbose_name = verbose_name_plural = "名单导出"
        ordering = ("-asked_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="nobody_approves_an_own_export",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decision_has_name_and_time",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None) | Q(decided_by__isnull=False, refused_because=""),
                name="only_approved_exports_are_taken",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None) | Q(password__isnull=True),
                name="no_password_outlives_its_export",
            ),
        )
        indexes = (
            # What waits for a second person.
            models.Index(fields=["asked_at"], name="exports_waiting", condition=Q(decided_at=None)),
        )

    def __str__(self) -> str:
        return f"{self.title} {timezone.localtime(self.asked_at):%Y-%m-%d}"


class AccountLook(models.Model):
    """How many unmasked looks an account had on a day: the counter that holds the limit."""

    actor = models.CharField(max_length=120)
    on = models.DateField()
    looks = models.PositiveIntegerField(default=0)

    privacy: ClassVar = declare(keep=keep_days(180, "on"), internal="id actor on looks")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["actor", "on"], name="one_counter_per_actor_and_day"),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.on}: {self.looks}"
