"""A file of members on its way in: its pieces, what is wrong with it, whom it made or changed.

The file is personal data: its pieces are sealed and deleted as soon as they are not needed.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Member
from stores.org.models import Account, LegalEntity


class ImportState(models.TextChoices):
    """The way of a file. Whatever is `*ing` is carried on by a worker, also after its death."""

    READING = "reading", "正在读文件"
    MAPPING = "mapping", "请确认各列"
    TRYING = "trying", "正在试算"
    TRIED = "tried", "试算好了"
    RUNNING = "running", "正在导入"
    PAUSED = "paused", "已暂停"
    DONE = "done", "已完成"
    UNDOING = "undoing", "正在撤回"
    UNDONE = "undone", "已撤回"
    FAILED = "failed", "读不了"
    DROPPED = "dropped", "已放弃"


AT_WORK = (ImportState.READING, ImportState.TRYING, ImportState.RUNNING, ImportState.UNDOING)


class MemberImport(models.Model):
    """One file of members for one legal entity, from the upload to its end."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    file_name = models.CharField("文件", max_length=200)
    kind = models.CharField("格式", max_length=4)
    encoding = models.CharField("编码", max_length=12, blank=True)
    size = models.BigIntegerField("大小（字节）", default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        "状态", max_length=8, choices=ImportState.choices, default=ImportState.READING
    )
    # The heads as they stand in the file, and which of our fields each column fills.
    columns = models.JSONField("列", default=list)
    mapping = models.JSONField("对应", default=dict)
    # What holds where a row says nothing: {"store": code}
    defaults = models.JSONField("缺省", default=dict)
    rows = models.BigIntegerField("行数", default=0)
    # {"new", "update", "same", "twice", "faulty"}, of the trial and of the run.
    tried = models.JSONField("试算", default=dict)
    counts = models.JSONField("结果", default=dict)
    # Pieces dealt with in the present state, of all there are.
    position = models.PositiveIntegerField("进度", default=0)
    pieces = models.PositiveIntegerField("份数", default=0)
    error = models.CharField("原因", max_length=300, blank=True)
    created_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", verbose_name="上传者"
    )
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    begun_at = models.DateTimeField("开始时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    # When the last piece of the file was deleted.
    emptied_at = models.DateTimeField("文件删除时间", null=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "created_at"),
        internal="id public_id entity file_name kind encoding size sha256 state columns mapping"
        " defaults rows tried counts position pieces error created_by created_at begun_at ended_at"
        " emptied_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员导入"
        ordering = ("-created_at",)
        indexes = (
            # What a worker has to carry on.
            models.Index(
                fields=["created_at"],
                name="imports_at_work",
                condition=models.Q(state__in=["reading", "trying", "running", "undoing"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_name} · {self.get_state_display()}"


class ImportPiece(models.Model):
    """A part of a file: of the raw one as it came, or some thousand lines read from it."""

    public_id = PublicIdField()
    batch = models.ForeignKey(MemberImport, models.CASCADE, related_name="parts")
    is_raw = models.BooleanField()
    number = models.PositiveIntegerField()
    first_row = models.BigIntegerField(default=0)
    body = SealedTextField()

    privacy: ClassVar = declare(
        keep=[
            with_owner("batch"),
            keep_days(
                7, "batch__created_at", by="members.tasks.empty_old_imports",
                words="导入完成、放弃时即删除",
            ),
        ],
        internal="id public_id batch is_raw number first_row",
        personal_high="body",
    )  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["batch", "is_raw", "number"], name="one_piece_per_number"
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} № {self.number}"


class ImportFault(models.Model):
    """What is wrong with a line, in words and without what stands in it."""

    batch = models.ForeignKey(MemberImport, models.CASCADE, related_name="faults")
    row = models.BigIntegerField("行")
    column = models.CharField("列", max_length=80, blank=True)
    text = models.CharField("问题", max_length=200)
    # Whether the line stays out; else it comes in without this column.
    is_fatal = models.BooleanField("整行不导入", default=True)

    privacy: ClassVar = declare(
        keep=with_owner("batch"), internal="id batch row column text is_fatal"
    )

    class Meta:
        verbose_name = verbose_name_plural = "导入问题"
        indexes = (
            # A file's faults in the order of its lines.
            models.Index(fields=["batch", "row"], name="faults_of_import_by_row"),
        )

    def __str__(self) -> str:
        return f"{self.row}: {self.text}"


class ImportKey(models.Model):
    """Which line of a file named a phone first; digests only, deleted when the import ends."""

    batch = models.ForeignKey(MemberImport, models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    row = models.BigIntegerField()

    privacy: ClassVar = declare(
        keep=[
            with_owner("batch"),
            keep_days(7, "batch__created_at", by="members.tasks.empty_old_imports"),
        ],
        internal="id batch row",
        personal_high="digest",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["batch", "digest"], name="one_line_per_phone"),
        )

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.row}"


class ImportedMember(models.Model):
    """That an import made or changed this member, with what was before, so it can be undone."""

    batch = models.ForeignKey(MemberImport, models.CASCADE, related_name="members")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    row = models.BigIntegerField()
    is_new = models.BooleanField()
    # {"tier": ["basic", "gold"]}: before and after; no name and no phone.
    changed = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"),
        internal="id batch row is_new changed at",
        personal="member",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["batch", "member"], name="one_line_per_member"),
        )
        indexes = (
            models.Index(fields=["batch", "row"], name="imported_by_row"),
            # Written in the order of time: a few pages tell which blocks hold what is over.
            BrinIndex(fields=["at"], name="imported_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.member_id}"
