"""Tags: what HQ offers, who holds which, what a person took off, what WeCom is known to hold.

A member's tags are hers; at WeCom each friend's pair has tags of its own. `PairTags` remembers
what a pair held when both sides were last equal: what differs from it was changed since.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, with_owner
from kit.fields import PublicIdField
from members.identity.models import Friendship, Member


class TagSource(models.TextChoices):
    """Who put a tag on: a person of ours, a saved rule, or somebody inside WeCom."""

    MANUAL = "manual", "导购打的"
    RULE = "rule", "按规则"
    WECOM = "wecom", "企业微信"


class AtWecom(models.Model):
    """What WeCom is known to hold of one of ours, and the wish about it on its way there."""

    # How WeCom calls it; empty as long as it is not there.
    wecom_name = models.CharField(max_length=60, blank=True)
    # The outbox row's key, empty when nothing is on its way; and how many there were.
    wish = models.CharField(max_length=160, blank=True)
    wishes = models.PositiveIntegerField(default=0)
    # What was asked of WeCom before this moment is older than what we know.
    known_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class TagGroup(AtWecom):
    """Tags that belong together. A group of source `wecom` mirrors a group of corp tags."""

    public_id = PublicIdField()
    name = models.CharField("标签组", max_length=60)
    source = models.CharField(
        "来源", max_length=8, choices=TagSource.choices, default=TagSource.MANUAL
    )
    position = models.IntegerField("排序", default=0)
    wecom_group_id = models.CharField(
        "企微标签组 ID", max_length=64, null=True, blank=True, unique=True
    )
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("标签的分组，不含个人信息"),
        internal="id public_id name source position wecom_group_id retired_at wecom_name wish"
        " wishes known_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "标签组"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(wecom_group_id=None, retired_at=None),
                name="one_tag_group_of_a_name",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Tag(AtWecom):
    """One tag. With a `rule` (in the audience's language) it comes and goes by night, too.

    Shared, a tag of ours is a corp tag of WeCom's as well, and marks go both ways.
    """

    public_id = PublicIdField()
    group = models.ForeignKey(TagGroup, models.PROTECT, related_name="tags", verbose_name="标签组")
    name = models.CharField("标签", max_length=60)
    # What it is good for, as her copy tells her; nobody puts on what serves no purpose.
    reason = models.CharField("用途说明", max_length=200, blank=True)
    position = models.IntegerField("排序", default=0)
    wecom_tag_id = models.CharField(
        "企微标签 ID", max_length=64, null=True, blank=True, unique=True
    )
    # Whether guides may put it on; a tag for HQ's rules alone is not offered.
    is_offered = models.BooleanField("导购可以打", default=True)
    is_shared = models.BooleanField("企业微信里也有", default=False)
    # Why WeCom has not got it though it should, in words for HQ.
    share_fault = models.CharField("没有同步的原因", max_length=200, blank=True)
    rule = models.JSONField("规则", null=True, blank=True)
    counted = models.PositiveBigIntegerField("按规则人数", null=True, blank=True)
    evaluated_at = models.DateTimeField("上次计算", null=True, blank=True)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("标签的定义，不含个人信息"),
        internal="id public_id group name reason position wecom_tag_id is_offered rule counted"
        " evaluated_at retired_at is_shared share_fault wecom_name wish wishes known_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "标签"
        ordering = ("group", "position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["group", "name"],
                condition=Q(retired_at=None),
                name="one_tag_of_a_name_in_a_group",
            ),
        )

    def __str__(self) -> str:
        return self.name


class MemberTag(models.Model):
    """That a member holds a tag. What a person put on (`manual`, `wecom`) no rule touches."""

    # Both are found by the constraint and the index below.
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="tags", verbose_name="会员", db_index=False
    )
    tag = models.ForeignKey(
        Tag, models.PROTECT, related_name="holders", verbose_name="标签", db_index=False
    )
    source = models.CharField("来源", max_length=8, choices=TagSource.choices)
    by = models.CharField("操作者", max_length=120)
    since = models.DateTimeField("自", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member", words="撤回“按我的喜好推荐”即删除"),
        internal="id source by since",
        personal="member tag",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员标签"
        constraints = (
            models.UniqueConstraint(fields=["member", "tag"], name="one_tag_once_per_member"),
        )
        indexes = (
            # Who holds a tag, in the order of members: audiences and the nightly rules.
            models.Index(fields=["tag", "member"], name="holders_of_tag"),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.tag_id}"


class TagTakenOff(models.Model):
    """That a person took a tag off: no rule puts it on again, only a person does."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member", words="撤回“按我的喜好推荐”即删除"),
        internal="id by at",
        personal="member tag",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "tag"], name="one_word_against_a_tag"),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: not {self.tag_id}"


class PairTags(models.Model):
    """What WeCom is known to hold of one friend's pair, and what is on its way there."""

    friendship = models.OneToOneField(Friendship, models.CASCADE, related_name="tags")
    # Corp tags that we know; None before the pair was read for the first time.
    held = ArrayField(models.CharField(max_length=64), null=True)
    # What was asked of WeCom before this moment is older than what we know.
    known_at = models.DateTimeField(null=True)
    # Grows with every wish, so that none is carried twice.
    version = models.PositiveIntegerField(default=0)
    # The wish on its way: {"once", "add", "remove"}, empty when there is none.
    wish = models.JSONField(default=dict)
    # Since when somebody has to look at it; and whether WeCom itself must be read for it.
    stale_since = models.DateTimeField(null=True)
    must_read = models.BooleanField(default=True)
    troubles = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("friendship"),
        internal="id known_at version stale_since must_read troubles next_at",
        personal="friendship held wish",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微标签同步"
        indexes = (
            # What is to be compared with WeCom, the longest waiting first.
            models.Index(
                fields=["next_at"], name="pairs_to_compare", condition=Q(stale_since__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.friendship_id} v{self.version}"
