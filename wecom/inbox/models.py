"""The table of what WeCom told us. Rows are written by the door's own SQL, read by the reader."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days


class InboxState(models.TextChoices):
    WAITING = "waiting", "等待读取"
    AGAIN = "again", "重复到达，待再看一次"
    DONE = "done", "已处理"
    PARKED = "parked", "已搁置"


class InboxMessage(models.Model):
    """One callback, decrypted and proven genuine. The same text told again counts up `repeats`."""

    # No public id: a callback is shown to HQ alone, and each index costs the door.
    app = models.CharField("应用", max_length=40)
    # SHA-256 of corp, app and text: how WeCom's repetitions are recognised.
    digest = models.BinaryField(max_length=32, unique=True)
    body = models.TextField("内容")
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    repeats = models.PositiveIntegerField("重复次数", default=0)
    last_repeat_at = models.DateTimeField("最近重复", null=True)
    state = models.CharField(
        "状态", max_length=8, choices=InboxState.choices, default=InboxState.WAITING
    )
    kind = models.CharField("类型", max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.TextField("错误", blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(30, "received_at", by="wecom.tasks.forget_old_callbacks"),
        internal="id app digest received_at repeats last_repeat_at state kind attempts error",
        personal="body",
    )

    class Meta:
        verbose_name = verbose_name_plural = "回调收件箱"
        indexes = (
            # What the reader has to look at, oldest first.
            models.Index(
                fields=["id"], name="inbox_to_read", condition=Q(state__in=["waiting", "again"])
            ),
            # What HQ has to look at, by kind. Partial: a callback that is read costs nothing here.
            models.Index(fields=["kind"], name="inbox_parked", condition=Q(state="parked")),
            # Which events nobody knows, by name.
            models.Index(
                fields=["kind"],
                name="inbox_unknown",
                condition=Q(kind__startswith="wecom.unknown."),
            ),
            # Removal of old rows; they arrive in order, so a block range is enough.
            BrinIndex(fields=["received_at"], name="inbox_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.app} {self.kind or self.state} #{self.pk}"
