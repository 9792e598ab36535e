"""Who was kept out of a push or a play on purpose, and who took part: for measuring lift."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from kit.classified import declare, keep_days


class Arm(models.Model):
    """On which side a member stands of one push or play, since when. Chance decided, not a person.

    Of a push only the members kept out have rows: who was meant stands in its tasks.
    """

    kind = models.CharField("哪种", max_length=4)
    source = models.CharField("哪一次", max_length=80)
    member_no = models.BigIntegerField("会员序号")
    store_no = models.BigIntegerField("门店序号", null=True)
    treated = models.BooleanField("参加")
    at = models.DateTimeField("时间")

    privacy: ClassVar = declare(
        keep=keep_days(365, "at", words="本人删除资料后只剩序号"),
        internal="id kind source store_no treated at",
        personal="member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "对照组效果"
        constraints = (
            # Also: all arms of a push or a play.
            models.UniqueConstraint(
                fields=["kind", "source", "member_no"], name="one_arm_per_member_and_source"
            ),
        )
        # Drawn in the order of time: the night finds what is over without the rest.
        indexes = (BrinIndex(fields=["at"], name="arms_by_age"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.source}: {self.member_no}"
