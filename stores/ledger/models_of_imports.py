"""Files of purchases: how far each was taken in, and which of its receipts want a look.

A file that HQ uploads is personal data: its pieces are sealed, and deleted when it has ended.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, with_owner
from kit.fields import PublicIdField, SealedTextField
from stores.org.models import Account


class FileState(models.TextChoices):
    """The way of a file. One that the command takes in begins at RUNNING.

    Whatever is `*ing` and was uploaded is carried on by a worker, also after its death.
    """

    READING = "reading", "正在读文件"
    MAPPING = "mapping", "请确认各列"
    TRYING = "trying", "正在试算"
    TRIED = "tried", "试算好了"
    RUNNING = "running", "正在导入"
    PAUSED = "paused", "已暂停"
    DONE = "done", "已完成"
    FAILED = "failed", "读不了"
    DROPPED = "dropped", "已放弃"


AT_WORK = (FileState.READING, FileState.TRYING, FileState.RUNNING)
BEFORE_IT_BEGAN = (FileState.READING, FileState.MAPPING, FileState.TRYING, FileState.TRIED)


class PurchaseImport(models.Model):
    """One file of one source. Its place moves on with the lines, in one transaction."""

    public_id = PublicIdField()
    source = models.CharField("来源", max_length=40)
    name = models.CharField("文件", max_length=200)
    # Of the file's content and of how its columns are read: the same again is gone on with.
    digest = models.CharField("指纹", max_length=64)
    state = models.CharField(
        "状态", max_length=8, choices=FileState.choices, default=FileState.RUNNING
    )
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
    # From here on: of files that were uploaded, not of those that the command reads where they lie.
    kind = models.CharField("格式", max_length=4, blank=True)
    # Of the content alone, as long as nobody has said how its columns are read.
    content = models.CharField(max_length=64, blank=True)
    columns = models.JSONField("列", default=list)
    # stores.ledger.columns.Reading as JSON
    reading = models.JSONField("怎样读", default=dict)
    # {"receipts", "recorded", "known", "clash", "faulty", "sold", "refunded"} of the trial
    tried = models.JSONField("试算", default=dict)
    error = models.CharField("原因", max_length=300, blank=True)
    created_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", verbose_name="上传者"
    )
    # When the last piece of the file was deleted.
    emptied_at = models.DateTimeField("文件删除时间", null=True)

    privacy: ClassVar = declare(
        keep=keep_days(730, "begun_at"),
        internal="id public_id source name digest state size begun_at moved_at finished_at receipts"
        " recorded known clashing faulty actor kind content columns reading tried error created_by"
        " emptied_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "订单导入"
        constraints = (
            models.UniqueConstraint(
                fields=["source", "digest"],
                condition=Q(finished_at=None, state__in=["running", "paused"]),
                name="one_running_import_per_file",
            ),
        )
        indexes = (
            # What a worker has to carry on.
            models.Index(
                fields=["begun_at"],
                name="purchase_files_at_work",
                condition=Q(state__in=["reading", "trying", "running"], emptied_at=None),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_uploaded(self) -> bool:
        """Whether we hold it; a file that the command reads, only the command goes on with."""
        return bool(self.kind)


class PurchaseFilePiece(models.Model):
    """A part of a file as it was uploaded."""

    public_id = PublicIdField()
    file = models.ForeignKey(PurchaseImport, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    body = SealedTextField()

    privacy: ClassVar = declare(
        keep=[
            with_owner("file"),
            keep_days(
                7, "file__begun_at", by="stores.ledger.tasks.empty_old_purchase_files",
                words="导入完成、放弃时即删除",
            ),
        ],
        internal="id public_id file number",
        personal_high="body",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "订单文件"
        constraints = (
            models.UniqueConstraint(
                fields=["file", "number"], name="one_purchase_piece_per_number"
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_id} № {self.number}"


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
