"""Groups and who is in them, as WeCom's own list says. Not: what was said there."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years
from kit.fields import PublicIdField, SealedTextField, shown_id
from members.identity.models import Contact, Member
from stores.org.models import Guide, HandOver, Store


class GroupState(models.TextChoices):
    ACTIVE = "active", "正常"
    DISMISSED = "dismissed", "已解散"
    # Somebody owns it now who is no guide of ours: nobody here can speak in it.
    FOREIGN = "foreign", "群主不是导购"


class JoinScene(models.IntegerChoices):
    """How somebody came in, in WeCom's numbers (doc 96338, 2023-12)."""

    UNKNOWN = 0, "未知"
    INVITED = 1, "被邀请"
    LINK = 2, "邀请链接"
    CODE = 3, "扫群码"


class GroupQuerySet(models.QuerySet["Group"]):
    def active(self) -> Self:
        """Those that were not dismissed and that a guide of ours owns."""
        return self.filter(state=GroupState.ACTIVE)


class Group(models.Model):
    """One WeCom customer group. Its owner's guide and store decide who sees it here."""

    public_id = PublicIdField()
    chat_id = models.CharField("企微群 ID", max_length=64, unique=True)
    name = models.CharField("群名", max_length=120, blank=True)
    owner = models.ForeignKey(
        Guide, models.PROTECT, related_name="owned_groups", verbose_name="群主"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="groups", verbose_name="门店")
    state = models.CharField(
        "状态", max_length=9, choices=GroupState.choices, default=GroupState.ACTIVE
    )
    # WeCom's digest of the member list; equal digests mean that nobody came or went.
    member_version = models.CharField("成员版本", max_length=64, blank=True)
    member_count = models.PositiveIntegerField("人数", default=0)
    customer_count = models.PositiveIntegerField("顾客数", default=0)
    founded_at = models.DateTimeField("建群时间", null=True, blank=True)
    # When the list we hold was asked for: an answer asked earlier is never applied over it.
    read_at = models.DateTimeField("读取时间")
    dismissed_at = models.DateTimeField("解散时间", null=True, blank=True)
    join_config_id = models.CharField("群码编号", max_length=64, blank=True)
    join_code_url = models.URLField("群码图片", max_length=500, blank=True)

    objects = GroupQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_days(180, "dismissed_at"),
        internal="id public_id chat_id name owner store state member_version member_count"
        " customer_count founded_at read_at dismissed_at join_config_id join_code_url",
    )

    class Meta:
        verbose_name = verbose_name_plural = "客户群"
        ordering = ("name",)
        indexes = (
            # A guide's groups on her iPad.
            models.Index(fields=["owner", "state"], name="groups_of_guide"),
        )

    def __str__(self) -> str:
        return self.name or "未命名的群"


class GroupMember(models.Model):
    """One stay of one person in one group, from joining to leaving."""

    public_id = PublicIdField()
    group = models.ForeignKey(Group, models.CASCADE, related_name="stays", verbose_name="群")
    # external_userid of a customer, userid of somebody of the corp.
    person_id = models.CharField("企微身份", max_length=64)
    is_staff = models.BooleanField("员工", default=False)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="企微客户"
    )
    member = models.ForeignKey(
        Member, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="会员"
    )
    name = SealedTextField("昵称", null=True)
    join_scene = models.PositiveSmallIntegerField(
        "入群方式", choices=JoinScene.choices, default=JoinScene.UNKNOWN
    )
    # The group code's state, when she came by a code that has one.
    join_state = models.CharField("渠道", max_length=64, blank=True)
    joined_at = models.DateTimeField("入群时间")
    left_at = models.DateTimeField("退群时间", null=True, blank=True)
    noticed_at = models.DateTimeField("得知时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(180, "left_at"),
        internal="id public_id group is_staff join_scene join_state joined_at left_at noticed_at",
        personal="person_id contact member name",
    )

    class Meta:
        verbose_name = verbose_name_plural = "群成员"
        constraints = (
            models.UniqueConstraint(
                fields=["group", "person_id"],
                condition=Q(left_at=None),
                name="one_stay_at_a_time",
            ),
        )
        indexes = (
            # Who came lately.
            models.Index(fields=["group", "-joined_at"], name="stays_newest_first"),
            # Which groups is she in? (contact joined to a member later)
            models.Index(
                fields=["person_id"], name="stays_open_of_person", condition=Q(left_at=None)
            ),
            # Who has left, longest ago first.
            models.Index(
                fields=["left_at"], name="stays_by_end", condition=Q(left_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.group_id} ← {self.public_id}"

    @property
    def shown_member(self) -> str:
        """Her public id as addresses show it; empty while she is no member we may see."""
        return shown_id(self.member.public_id) if self.member is not None else ""


class GroupTransferState(models.TextChoices):
    """From the plan to its known end. `asked`: in the outbox, or WeCom took it a moment ago."""

    ASKED = "asked", "已提交"
    WAITING = "waiting", "等待生效"
    DONE = "done", "已换群主"
    FAILED = "failed", "没有成功"
    KEPT = "kept", "不转接"


class GroupTransfer(models.Model):
    """One group from one owner to another, by a hand-over. True once WeCom's list says so."""

    public_id = PublicIdField()
    hand_over = models.ForeignKey(
        HandOver, models.CASCADE, related_name="group_transfers", verbose_name="交接"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    group = models.ForeignKey(
        Group, models.CASCADE, related_name="transfers", verbose_name="客户群"
    )
    from_guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="原群主")
    to_guide = models.ForeignKey(
        Guide, models.PROTECT, null=True, related_name="+", verbose_name="新群主"
    )
    state = models.CharField(
        "状态",
        max_length=7,
        choices=GroupTransferState.choices,
        default=GroupTransferState.ASKED,
    )
    # Replaced by another row, or left as it is by a person's word.
    is_settled = models.BooleanField("已处理", default=False)
    because = models.CharField("原因", max_length=60, blank=True)
    batch = models.CharField(max_length=160, blank=True)
    code = models.IntegerField("企微错误码", null=True, blank=True)
    made_at = models.DateTimeField("建立时间", default=timezone.now)
    due_at = models.DateTimeField("提交时间", null=True, blank=True)
    next_look_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "ended_at"),
        internal="id public_id hand_over store group from_guide to_guide state is_settled because"
        " batch code made_at due_at next_look_at ended_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "客户群转接"
        constraints = (
            models.UniqueConstraint(
                fields=["group"],
                condition=Q(state__in=["asked", "waiting"]),
                name="one_transfer_of_a_group_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["hand_over", "group"],
                condition=Q(is_settled=False),
                name="one_standing_transfer_per_group",
            ),
        )
        indexes = (
            # A hand-over's rows by state.
            models.Index(fields=["hand_over", "state"], name="group_transfers_of_hand_over"),
            # Which groups are to be looked at now?
            models.Index(
                fields=["next_look_at"],
                name="group_transfers_to_look_at",
                condition=Q(state__in=["asked", "waiting"]),
            ),
            # How often did it change its owner within ninety days?
            models.Index(
                fields=["group", "ended_at"],
                name="group_transfers_done",
                condition=Q(state="done"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.group_id} → {self.to_guide_id}: {self.state}"
