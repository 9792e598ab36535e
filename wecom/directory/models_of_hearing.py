"""What WeCom says about what may be heard, and was: archive agreements, keywords that were hit.

Never a word of what was said.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days

KEEP_HITS: Final = timedelta(days=180)
# An agreement that no sweep met for so long belongs to no friendship any more.
KEEP_UNMET: Final = timedelta(days=180)


class AgreementState(models.TextChoices):
    AGREED = "agreed", "同意"
    REFUSED = "refused", "不同意"
    UNKNOWN = "unknown", "未知"


class ArchiveConsent(models.Model):
    """Whether a customer lets WeCom archive her talk with one guide, or her words in one group.

    WeCom's own agreement, asked by its client; what she decided with us is `members.consent`.
    """

    userid = models.CharField("成员", max_length=64, blank=True)
    chat_id = models.CharField("客户群 ID", max_length=64, blank=True)
    external_userid = models.CharField("客户 ID", max_length=64)
    state = models.CharField(
        "状态", max_length=7, choices=AgreementState.choices, default=AgreementState.UNKNOWN
    )
    # By WeCom's clock; empty where it does not say.
    changed_at = models.DateTimeField("变更时间", null=True, blank=True)
    read_at = models.DateTimeField("读取时间")

    privacy: ClassVar = declare(
        keep=keep_days(180, "read_at", by="wecom.tasks.forget_old_mirrors"),
        internal="id chat_id state changed_at read_at",
        personal="userid external_userid",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会话存档同意"
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["external_userid", "userid", "chat_id"], name="one_agreement_per_talk"
            ),
            models.CheckConstraint(
                condition=Q(userid="", chat_id__gt="") | Q(userid__gt="", chat_id=""),
                name="with_a_guide_or_in_a_group",
            ),
        )
        indexes = (
            # What no sweep has met for long.
            models.Index(fields=["read_at"], name="agreements_by_reading"),
        )

    def __str__(self) -> str:
        return self.get_state_display()


class KeywordHit(models.Model):
    """A keyword rule of WeCom's data zone was hit by something said. The words stay in the zone."""

    rule_id = models.CharField("规则 ID", max_length=64)
    rule_name = models.CharField("规则", max_length=100, blank=True)
    msgid = models.CharField("消息 ID", max_length=128)
    # Empty for talk between two.
    chat_id = models.CharField("群 ID", max_length=64, blank=True)
    # Who said it, a guide or a customer, and to whom between two.
    person = models.CharField("说话人", max_length=64)
    to = models.CharField("对方", max_length=64, blank=True)
    is_staff = models.BooleanField("成员说的", default=False)
    at = models.DateTimeField("时间")
    found_at = models.DateTimeField("得知时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(180, "at", by="wecom.tasks.forget_old_mirrors"),
        internal="id rule_id rule_name msgid chat_id is_staff at found_at",
        personal="person to",
    )

    class Meta:
        verbose_name = verbose_name_plural = "关键词命中"
        ordering = ("-at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["msgid", "rule_id"], name="one_hit_per_rule_and_words"),
        )
        indexes = (
            # The newest, and removal of old ones.
            models.Index(fields=["-at"], name="hits_newest"),
            # What was hit in this group?
            models.Index(fields=["chat_id", "-at"], name="hits_of_group"),
        )

    def __str__(self) -> str:
        return f"{self.rule_name} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class Bookmark(models.Model):
    """The place in one of WeCom's streams up to which all was read."""

    stream = models.CharField("来源", max_length=40, unique=True)
    position = models.CharField("位置", max_length=256, blank=True)
    moved_at = models.DateTimeField("更新时间", auto_now=True)

    privacy: ClassVar = declare(
        keep=keep_always("企业微信数据流读到哪里，没有个人信息"),
        internal="id stream position moved_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "读取位置"

    def __str__(self) -> str:
        return self.stream
