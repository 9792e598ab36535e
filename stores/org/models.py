"""The places, the people who work there, and the keys of their machines. Not: what they did."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, empty_after, keep_always, keep_years, with_owner
from kit.fields import PublicIdField


class LegalEntity(models.Model):
    """A company that answers for the data its stores collect (个人信息处理者)."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=120, unique=True)
    contact = models.CharField("个人信息保护联系方式", max_length=200)
    address = models.CharField("地址", max_length=200, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的法人主体"), public="id public_id name contact address"
    )

    class Meta:
        verbose_name = verbose_name_plural = "法人主体"

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A group of stores under one area manager."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60, unique=True)

    privacy: ClassVar = declare(keep=keep_always("品牌自己的组织"), public="id public_id name")

    class Meta:
        verbose_name = verbose_name_plural = "区域"

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """A shop: where it is, who answers for it, whose customers come from how far."""

    public_id = PublicIdField()
    code = models.CharField("门店编号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区域", related_name="stores")
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, verbose_name="法人主体", related_name="stores"
    )
    address = models.CharField("地址", max_length=200)
    phone = models.CharField("电话", max_length=30, blank=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True, blank=True)
    catchment_metres = models.PositiveIntegerField("商圈半径（米）", default=3000)
    time_zone = models.CharField("时区", max_length=40, default="Asia/Shanghai")
    opened_on = models.DateField("开业日期", null=True, blank=True)
    closed_on = models.DateField("关店日期", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的门店"),
        public="id public_id code name address phone latitude longitude time_zone opened_on"
        " closed_on",
        internal="region entity catchment_metres",
    )

    class Meta:
        verbose_name = verbose_name_plural = "门店"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """When a store is open. A dated row (holiday) wins over a weekday row; newest first.

    `weekday` is 0 for Monday; without it the row holds for each day from `since` to `until`.
    Without times the store is closed.
    """

    store = models.ForeignKey(
        Store, models.CASCADE, related_name="opening_hours", verbose_name="门店"
    )
    weekday = models.PositiveSmallIntegerField("星期", null=True, blank=True)
    since = models.DateField("自")
    until = models.DateField("至", null=True, blank=True)
    opens_at = models.TimeField("开门", null=True, blank=True)
    closes_at = models.TimeField("关门", null=True, blank=True)
    note = models.CharField("说明", max_length=60, blank=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    privacy: ClassVar = declare(
        keep=with_owner("store"),
        public="id store weekday since until opens_at closes_at note updated_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "营业时间"
        constraints = (
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__lte=6), name="weekday_is_0_to_6"
            ),
        )
        indexes = (models.Index(fields=["store", "since"], name="hours_of_store_on_a_day"),)

    def __str__(self) -> str:
        return f"{self.store} {self.since}"


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts; Django's `createsuperuser` calls the second."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        account = self.model(username=username, **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(
        self, username: str, password: str | None = None, **fields: Any
    ) -> Account:
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class Account(AbstractBaseUser, PermissionsMixin):
    """A person who signs in: guide, manager or HQ. Machines are keys, not accounts."""

    public_id = PublicIdField()
    username = models.CharField("账号", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=60)
    is_staff = models.BooleanField("可进总部后台", default=False)
    is_active = models.BooleanField("启用", default=True)
    regions = models.ManyToManyField(
        Region, verbose_name="总部可见区域", blank=True, help_text="不选表示全部区域"
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now)

    objects = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar = ["name"]

    privacy: ClassVar = declare(
        keep=empty_after(1095, "guide__left_on", "name"),
        internal="id public_id username is_staff is_active is_superuser created_at last_login",
        personal="name",
        personal_high="password",
    )

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    GUIDE = "guide", "导购"
    STORE_MANAGER = "store_manager", "店长"
    AREA_MANAGER = "area_manager", "督导"


class GuideQuerySet(models.QuerySet["Guide"]):
    def working(self) -> Self:
        """Those who have not left."""
        return self.filter(left_on=None, account__is_active=True)


class Guide(models.Model):
    """A store associate with an iPad; managers are guides whose scope is a store or a region."""

    public_id = PublicIdField()
    account = models.OneToOneField(
        Account, models.PROTECT, related_name="guide", verbose_name="账号"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="guides", verbose_name="门店")
    role = models.CharField("角色", max_length=14, choices=Role.choices, default=Role.GUIDE)
    employee_no = models.CharField("工号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=60)
    # Case-insensitive at WeCom, kept lower case here.
    wecom_userid = models.CharField(
        "企业微信账号", max_length=64, unique=True, null=True, blank=True
    )
    pin_hash = models.CharField(max_length=200, blank=True)
    thumb_side = models.CharField(
        "导航栏位置", max_length=5, choices=[("left", "左"), ("right", "右")], default="left"
    )
    joined_on = models.DateField("入职日期")
    left_on = models.DateField("离职日期", null=True, blank=True)

    objects = GuideQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=empty_after(1095, "left_on", "name wecom_userid pin_hash"),
        internal="id public_id account store role employee_no thumb_side joined_on left_on",
        personal="name wecom_userid",
        personal_high="pin_hash",
    )

    class Meta:
        verbose_name = verbose_name_plural = "导购"
        ordering = ("employee_no",)

    def __str__(self) -> str:
        return f"{self.name} · {self.store.name}"


class MachineKey(models.Model):
    """A till, web shop or partner program. Only the digest of its key is kept."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60, unique=True)
    # Stands in every receipt of this machine: (source, receipt_no, line) is counted once.
    source = models.SlugField("来源代号", max_length=40)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField("权限", default=list)
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, verbose_name="限定门店", related_name="+"
    )
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("创建时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("只有钥匙的摘要，没有个人信息"),
        internal="id public_id name source scopes store is_active created_at",
        personal_high="digest",
    )

    class Meta:
        verbose_name = verbose_name_plural = "接口密钥"

    def __str__(self) -> str:
        return self.name

    @property
    def is_authenticated(self) -> bool:
        """DRF asks its `user` this."""
        return True


class HandOverReason(models.TextChoices):
    LEFT = "left", "离职"
    MOVED = "moved", "调店"
    LEAVE = "leave", "休假"


class HandOverState(models.TextChoices):
    PROPOSED = "proposed", "等人安排"
    DECIDED = "decided", "交接中"
    ENDED = "ended", "已完成"
    STOPPED = "stopped", "已停止"
    DROPPED = "dropped", "不交接"


# Whoever looks after the guide's people still has something to do.
OPEN_HAND_OVERS = (HandOverState.PROPOSED, HandOverState.DECIDED)


class GoesAlong(models.TextChoices):
    """Of a guide who moves to another store: who goes with her, unless said otherwise for one."""

    OTHERS = "others", "这家店的会员留下，其余随她走"
    FRIENDS = "friends", "加了她企业微信的随她走，其余留下"
    NOBODY = "nobody", "全部留下"


class HandOver(models.Model):
    """A guide leaves, moves or is away; a person decides who looks after her customers.

    What moves, and how far it is, stands in the floors above. `version` counts the changes of the
    plan: what is decided is the plan that the decider has seen.
    """

    public_id = PublicIdField()
    guide = models.ForeignKey(
        Guide, models.PROTECT, related_name="hand_overs", verbose_name="原导购"
    )
    # The store whose customers these are: she may work elsewhere already.
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    reason = models.CharField("原因", max_length=5, choices=HandOverReason.choices)
    state = models.CharField(
        "状态", max_length=8, choices=HandOverState.choices, default=HandOverState.PROPOSED
    )
    goes_along = models.CharField(
        "谁随她走", max_length=7, choices=GoesAlong.choices, default=GoesAlong.OTHERS
    )
    keeps_friends = models.BooleanField("已是好友的优先归他", default=True)
    keeps_stores_together = models.BooleanField("同一家店的会员交给同一个人", default=False)
    message = models.CharField("客户收到的话", max_length=400, blank=True)
    starts_at = models.DateTimeField("开始时间", default=timezone.now)
    # Of a leave only: when she is back.
    ends_at = models.DateTimeField("回来时间", null=True, blank=True)
    # Whether WeCom holds her account for resigned; it has two doors, and each refuses the other's.
    has_resigned = models.BooleanField("企业微信账号已停用", null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    # Which floors above have written down what they will do.
    planned_parts = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    proposed_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.CharField("决定人", max_length=120, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "ended_at"),
        internal="id public_id guide store reason state goes_along keeps_friends"
        " keeps_stores_together message starts_at ends_at has_resigned version planned_parts"
        " proposed_at decided_at decided_by ended_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "交接"
        ordering = ("-proposed_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["guide"],
                condition=Q(state__in=["proposed", "decided"]) & ~Q(reason="leave"),
                name="one_open_hand_over_per_guide",
            ),
            models.UniqueConstraint(
                fields=["guide"],
                condition=Q(state__in=["proposed", "decided"], reason="leave"),
                name="one_open_leave_per_guide",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") | Q(decided_at__isnull=False),
                name="who_decided_a_hand_over_did_so_at_a_time",
            ),
        )
        indexes = (
            # A store's hand-overs, newest first.
            models.Index(fields=["store", "-proposed_at"], name="hand_overs_of_store_newest"),
        )

    def __str__(self) -> str:
        return f"{self.guide.name}{self.get_reason_display()}交接"

    @property
    def is_leave(self) -> bool:
        return self.reason == HandOverReason.LEAVE


class HandOverShare(models.Model):
    """That a successor takes over so many parts of a hand-over; on a leave, stands in."""

    hand_over = models.ForeignKey(HandOver, models.CASCADE, related_name="shares")
    successor = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="接手的人")
    parts = models.PositiveSmallIntegerField("份额", default=1)

    privacy: ClassVar = declare(
        keep=with_owner("hand_over"), internal="id hand_over successor parts"
    )

    class Meta:
        verbose_name = verbose_name_plural = "接手的人"
        ordering = ("-parts", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["hand_over", "successor"], name="one_share_per_successor"
            ),
            models.CheckConstraint(
                condition=Q(parts__gte=1, parts__lte=100), name="shares_are_1_to_100"
            ),
        )
        indexes = (
            # For whom does she stand in?
            models.Index(fields=["successor"], name="shares_of_successor"),
        )

    def __str__(self) -> str:
        return f"{self.successor_id} × {self.parts}"
