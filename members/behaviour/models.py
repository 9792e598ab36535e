"""What a member did at a touchpoint of ours, one row each, in a table for each month.

Uniqueness spans the months, so it stands in a key table of its own. What she does not allow is
counted and nothing else: the counts name nobody.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years
from members.identity.models import Member


class Touchpoint(models.TextChoices):
    """Where she did it; `docs/behaviour.md` explains each."""

    MINI_PROGRAM = "mini_program", "小程序"
    APP = "app", "App"
    WEB_SHOP = "web_shop", "网店"
    SERVICE_ACCOUNT = "service_account", "服务号"
    LINK = "link", "链接"


class BehaviourKind(models.TextChoices):
    """The closed list of what is kept; `docs/behaviour.md` explains each, with its permission."""

    OPENED = "opened", "打开"
    READ = "read", "看了内容"
    VIEWED = "viewed", "看了商品"
    SEARCHED = "searched", "搜索"
    FAVOURED = "favoured", "收藏了商品"
    CARTED = "carted", "加入购物袋"
    SHARED = "shared", "分享"
    COUPON_TAKEN = "coupon_taken", "领了券"
    BOOKED = "booked", "预约"


class BehaviourEvent(models.Model):
    """She did something. `object` is a code of ours: a product's, a material's, never words."""

    # Found by the index below.
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="+", verbose_name="会员", db_index=False
    )
    kind = models.CharField("行为", max_length=16, choices=BehaviourKind.choices)
    touchpoint = models.CharField("触点", max_length=16, choices=Touchpoint.choices)
    object = models.CharField("对象", max_length=80, blank=True)
    source = models.CharField("来源", max_length=40)
    event_id = models.CharField("事件号", max_length=80)
    at = models.DateTimeField("时间")
    received_at = models.DateTimeField("收到时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(2, "at", words="撤回同意即删除"),
        internal="id kind touchpoint object source event_id at received_at",
        personal="member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "行为"
        indexes = (
            # Her timeline, newest first; audiences ask by the same.
            models.Index(fields=["member", "-at", "-id"], name="behaviour_of_member_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class BehaviourKey(models.Model):
    """That an event of a source was told: the guard against counting it twice. Names nobody."""

    source = models.CharField(max_length=40)
    event_id = models.CharField(max_length=80)
    told_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(60, "told_at", words="比最晚可补报的时间长"),
        internal="id source event_id told_at",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["source", "event_id"], name="one_event_per_source"),
        )
        indexes = (
            # What may be forgotten, oldest first.
            models.Index(fields=["told_at"], name="behaviour_keys_oldest"),
        )

    def __str__(self) -> str:
        return f"{self.source}/{self.event_id}"


class BehaviourCount(models.Model):
    """How many events of a day were kept, and how many only counted, since nobody allowed more."""

    on = models.DateField("日期")
    source = models.CharField("来源", max_length=40)
    touchpoint = models.CharField("触点", max_length=16, choices=Touchpoint.choices)
    kind = models.CharField("行为", max_length=16, choices=BehaviourKind.choices)
    kept = models.PositiveBigIntegerField("已记录", default=0)
    only_counted = models.PositiveBigIntegerField("只计数", default=0)

    privacy: ClassVar = declare(
        keep=keep_years(3, "on"),
        internal="id on source touchpoint kind kept only_counted",
    )

    class Meta:
        verbose_name = verbose_name_plural = "行为计数"
        ordering = ("-on", "source", "touchpoint", "kind")
        constraints = (
            models.UniqueConstraint(
                fields=["on", "source", "touchpoint", "kind"], name="one_count_per_day_and_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.on} {self.source} {self.kind}"
