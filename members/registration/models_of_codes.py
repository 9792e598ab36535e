"""Codes behind which nobody in particular stands, what was printed of codes, and what they cost."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kit.classified import declare, empty_after, keep_always, keep_days, keep_years, with_owner
from kit.fields import PublicIdField
from kit.money import shown
from members.registration.models import ChannelCode, Scene
from members.registration.rules import new_token
from stores.org.models import Account, Guide, Region, Store


class RosterKind(models.TextChoices):
    ROSTER = "roster", "值班码"
    NEAREST = "nearest", "附近门店码"


class RosterCode(models.Model):
    """A printed code whose guide is chosen at the scan: who is on duty in a store, or near her."""

    public_id = PublicIdField()
    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    kind = models.CharField("种类", max_length=7, choices=RosterKind.choices)
    # Of a roster code; the store of a nearest one is chosen first.
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="门店"
    )
    # Of a nearest code: the stores of a region, or without one all of the brand's.
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区域"
    )
    scene = models.CharField("场景", max_length=12, choices=Scene.choices)
    campaign = models.CharField("活动", max_length=60, blank=True)
    cost_centre = models.CharField("成本中心", max_length=40, blank=True)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("创建时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("印出的码可能用多年，没有客户信息"),
        public="token",
        internal="id public_id kind store region scene campaign cost_centre is_active created_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "值班码"
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="roster", store__isnull=False, region=None)
                | Q(kind="nearest", store=None),
                name="a_roster_code_has_a_store_a_nearest_one_finds_it",
            ),
            models.UniqueConstraint(
                fields=["kind", "store", "region", "scene", "campaign"],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="one_roster_code_per_place_scene_and_campaign",
                violation_error_message="这个地方、场景和活动已经有一张启用中的码。",
            ),
        )

    def __str__(self) -> str:
        place = self.store or self.region or "全部门店"
        return f"{place} · {self.get_scene_display()}"


class RosterBackup(models.Model):
    """Who is asked, in order, while nobody is on duty."""

    roster = models.ForeignKey(RosterCode, models.CASCADE, related_name="backups")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="后备导购")
    rank = models.PositiveSmallIntegerField("顺序", default=1)

    privacy: ClassVar = declare(keep=with_owner("roster"), internal="id roster guide rank")

    class Meta:
        verbose_name = verbose_name_plural = "后备导购"
        ordering = ("rank", "pk")
        constraints = (
            models.UniqueConstraint(fields=["roster", "guide"], name="one_backup_per_guide"),
        )

    def __str__(self) -> str:
        return f"{self.rank} {self.guide.name}"


class ChosenBy(models.TextChoices):
    """Which rule found the guide."""

    DUTY = "duty", "当班"
    BACKUP = "backup", "后备"
    MANAGER = "manager", "店长"
    ANYONE = "anyone", "在职导购"
    NOBODY = "nobody", "没有人"


class RosterChoice(models.Model):
    """One scan of a roster code: whom it led to, by which rule. Says nothing of who scanned."""

    roster = models.ForeignKey(
        RosterCode, models.PROTECT, related_name="choices", verbose_name="值班码"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    guide = models.ForeignKey(
        Guide, models.PROTECT, null=True, related_name="+", verbose_name="导购"
    )
    rule = models.CharField("怎么选的", max_length=8, choices=ChosenBy.choices)
    on_duty = models.PositiveSmallIntegerField("当班人数", default=0)
    at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(395, "at"), internal="id roster store guide rule on_duty at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "值班码分配"
        indexes = (
            # Whom did the code lead to today?
            models.Index(fields=["roster", "store", "-at"], name="choices_of_roster_newest"),
            # Written in the order of time: the night finds what is over without the rest.
            BrinIndex(fields=["at"], name="choices_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class PrintState(models.TextChoices):
    WAITING = "waiting", "排队中"
    READY = "ready", "已画好"
    FAILED = "failed", "没有画成"


class PrintBatch(models.Model):
    """That somebody had codes drawn for print: who, when, on which paper. The drawing may go."""

    public_id = PublicIdField()
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="谁印的")
    # Whose store; none when codes of several were printed together.
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="门店"
    )
    layout = models.CharField("版式", max_length=12)
    state = models.CharField(
        "进度", max_length=7, choices=PrintState.choices, default=PrintState.WAITING
    )
    total = models.PositiveIntegerField("张数")
    done = models.PositiveIntegerField("已画", default=0)
    pages = models.PositiveIntegerField("页数", default=0)
    pdf = models.BinaryField(null=True)
    made_at = models.DateTimeField("时间", default=timezone.now)
    ended_at = models.DateTimeField("画好时间", null=True)

    privacy: ClassVar = declare(
        keep=(empty_after(7, "made_at", "pdf"), keep_years(5, "made_at")),
        internal="id public_id made_by store layout state total done pages pdf made_at ended_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "打印批次"
        ordering = ("-made_at",)
        indexes = (
            # Whose drawings are old enough to go?
            models.Index(
                fields=["made_at"], name="drawn_batches_by_age", condition=Q(pdf__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at):%Y-%m-%d %H:%M} · {self.total} 张"


class PrintedCode(models.Model):
    """How many of one code a batch holds."""

    batch = models.ForeignKey(PrintBatch, models.CASCADE, related_name="codes")
    channel_code = models.ForeignKey(
        ChannelCode, models.PROTECT, null=True, related_name="prints", verbose_name="渠道码"
    )
    roster = models.ForeignKey(
        RosterCode, models.PROTECT, null=True, related_name="prints", verbose_name="值班码"
    )
    copies = models.PositiveSmallIntegerField("份数", default=1)

    privacy: ClassVar = declare(
        keep=with_owner("batch"), internal="id batch channel_code roster copies"
    )

    class Meta:
        verbose_name = verbose_name_plural = "印了哪些码"
        constraints = (
            models.CheckConstraint(
                condition=Q(channel_code__isnull=False, roster=None)
                | Q(channel_code=None, roster__isnull=False),
                name="a_print_is_of_one_code",
            ),
            models.CheckConstraint(
                condition=Q(copies__gte=1, copies__lte=200), name="copies_are_1_to_200"
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel_code_id or self.roster_id} × {self.copies}"


class ChannelCost(models.Model):
    """What a code, a campaign or a cost centre cost within its days, in minor units."""

    public_id = PublicIdField()
    channel_code = models.ForeignKey(
        ChannelCode, models.PROTECT, null=True, blank=True, related_name="costs",
        verbose_name="渠道码",
    )  # fmt: skip
    roster = models.ForeignKey(
        RosterCode, models.PROTECT, null=True, blank=True, related_name="costs",
        verbose_name="值班码",
    )  # fmt: skip
    campaign = models.CharField("活动", max_length=60, blank=True)
    cost_centre = models.CharField("成本中心", max_length=40, blank=True)
    since = models.DateField("自")
    until = models.DateField("至", help_text="含这一天；按天平摊")
    amount = models.BigIntegerField("花费（分）")
    note = models.CharField("说明", max_length=120, blank=True)
    entered_by = models.ForeignKey(
        Account, models.PROTECT, editable=False, related_name="+", verbose_name="谁填的"
    )
    entered_at = models.DateTimeField("填写时间", default=timezone.now, editable=False)

    privacy: ClassVar = declare(
        keep=keep_years(5, "entered_at"),
        internal="id public_id channel_code roster campaign cost_centre since until amount note"
        " entered_by entered_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "渠道花费"
        ordering = ("-since",)
        constraints = (
            models.CheckConstraint(
                condition=Q(channel_code__isnull=False, roster=None, campaign="", cost_centre="")
                | Q(channel_code=None, roster__isnull=False, campaign="", cost_centre="")
                | (Q(channel_code=None, roster=None, cost_centre="") & ~Q(campaign=""))
                | (Q(channel_code=None, roster=None, campaign="") & ~Q(cost_centre="")),
                name="a_cost_belongs_to_one_thing",
                violation_error_message="一笔花费只归一处：某个码、某个活动或某个成本中心。",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(until__gte=F("since")),
                name="a_cost_is_positive_and_has_days",
                violation_error_message="花费要大于 0，“至”不能早于“自”。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} {shown(self.amount)}"
