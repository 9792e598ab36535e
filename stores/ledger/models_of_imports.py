"""Files of purchases: how far each was taken in, and which of its receipts want a look."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, with_owner
from kit.fields import PublicIdField


class PurchaseImport(models.Model):
    """One file of one source. Its place moves on with the lines, in one transaction."""

    public_id = PublicIdField()
    source = models.CharField("来源", max_length=40)
    name = models.CharField("文件", max_length=200)
    # Of the file's content and of how its columns are read: the same again is gone on with.
    digest = models.CharField("指纹", max_length=64)
    size = models.BigIntegerField("大小（字节）", default=0)
    begun_at = models.DateTimeField("开始时间", default=timezone.now)
    moved_at = models.DateTimeField("最近进展", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True)
    receipts = models.PositiveIntegerField("小票", default=0)
    recorded = models.PositiveIntegerField("已记录行", default=0)
    known = models.PositiveIntegerField("早已记录行", default=0)
    clashing = models.PositiveIntegerField("内容不同行", default=0)
    faulty = models.PositiveIntegerField("有误小票", default=0)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_days(730, "begun_at"),
        internal="id public_id source name digest size begun_at moved_at finished_at receipts"
        " recorded known clashing faulty actor",
    )

    class Meta:
        verbose_name = verbose_name_plural = "订单导入"
        constraints = (
            models.UniqueConstraint(
                fields=["source", "digest"],
                condition=Q(finished_at=None),
                name="one_running_import_per_file",
            ),
        )

    def __str__(self) -> str:
        return self.name


class PurchaseImportFault(models.Model):
    """A receipt of a file that was not taken in as it stands, and why."""

    file = models.ForeignKey(PurchaseImport, models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField("行")
    receipt_no = models.CharField("小票号", max_length=80, blank=True)
    text = models.CharField("问题", max_length=300)

    privacy: ClassVar = declare(keep=with_owner("file"), internal="id file row receipt_no text")

    class Meta:
        verbose_name = verbose_name_plural = "订单导入的问题"
        constraints = (
            models.UniqueConstraint(fields=["file", "row"], name="one_fault_per_row_of_a_file"),
        )

    def __str__(self) -> str:
        return f"{self.row}: {self.text}"
