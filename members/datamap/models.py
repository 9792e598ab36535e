"""The map of a day: for each touchpoint, how many members are met there and known by what."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_years


class MapDay(models.Model):
    """One day's map: numbers only. `cells` is what `rules.Cells` reads and writes; `friends` what
    `registration.old_friends.Standing` says of the guides' friends.
    """

    on = models.DateField("日期", unique=True)
    taken_at = models.DateTimeField("计算时间", default=timezone.now)
    members = models.PositiveBigIntegerField("会员数", default=0)
    cells = models.JSONField("数据", default=dict)
    friends = models.JSONField("好友", default=dict)
    seconds = models.FloatField("用时（秒）", default=0)

    privacy: ClassVar = declare(
        keep=keep_years(3, "on"), internal="id on taken_at members cells friends seconds"
    )

    class Meta:
        verbose_name = verbose_name_plural = "数据地图"
        ordering = ("-on",)

    def __str__(self) -> str:
        return f"{self.on}"
