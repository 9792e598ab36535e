"""Rulings: somebody decided whose a sold line is, whatever the rule says."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_always
from kit.fields import PublicIdField


class Ruling(models.Model):
    """A correction of credit: a row beside the facts, never changed; of two the later counts.

    Refunds of the line are taken back from whom it was given to.
    """

    public_id = PublicIdField()
    source = models.CharField("来源", max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    line = models.PositiveIntegerField("行")
    store_no = models.BigIntegerField("门店序号")
    # Who has how many parts; nobody at all where both are empty.
    guides = ArrayField(models.BigIntegerField(), verbose_name="导购序号")
    parts = ArrayField(models.PositiveBigIntegerField(), verbose_name="份额")
    at = models.DateTimeField("裁定时间", default=timezone.now)
    actor = models.CharField("由谁裁定", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_always("结算依据，没有客户信息"),
        internal="id public_id source receipt_no line store_no guides parts at actor",
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩裁定"
        indexes = (
            # Was anything decided about this receipt?
            models.Index(fields=["source", "receipt_no"], name="rulings_of_receipt"),
        )

    def __str__(self) -> str:
        return f"{self.receipt_no}/{self.line}"
