"""Saved rules that select members, how they came about, and what keeps their counts quick.

The rule is data; `rules.py` says what it may hold. The feed of changes is written by triggers of
the database itself (see the migrations), so that nobody has to remember it.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days, keep_years, with_owner
from kit.fields import PublicIdField
from members.audience.rules import BrokenRule, check_rule


def _must_hold(value: object) -> None:
    try:
        check_rule(value)
    except BrokenRule as error:
        raise ValidationError(str(error)) from error


class Audience(models.Model):
    """Whom a push or a play means: a name and a tree of terms."""

    public_id = PublicIdField()
    name = models.CharField("名称", max_length=60, unique=True)
    rule = models.JSONField("条件", default=dict, blank=True, validators=[_must_hold])
    version = models.PositiveIntegerField("版本", default=1)
    created_at = models.DateTimeField("创建时间", default=timezone.now)
    changed_at = models.DateTimeField("修改时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("规则，不含任何会员"),
        internal="id public_id name rule version created_at changed_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "人群"
        ordering = ("-changed_at",)

    def __str__(self) -> str:
        return self.name


class AudienceVersion(models.Model):
    """An audience's rule as it was saved once. Never changed: a push says which one it used."""

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField("版本")
    rule = models.JSONField("条件", default=dict)
    # The rule, and what is different from the version before, as a person says it.
    words = models.TextField("读作")
    difference = models.TextField("改了什么", blank=True)
    saved_by = models.CharField("谁", max_length=120)
    saved_at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("audience"),
        internal="id audience number rule words difference saved_by saved_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "人群版本"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["audience", "number"], name="one_rule_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.audience} 第 {self.number} 版"


class AudienceChange(models.Model):
    """That something audiences ask about changed for a member; written by triggers, read in order.

    `transaction` is PostgreSQL's number of the writing transaction: what a reader has not seen is
    told from its snapshot, not from the row's number, since rows of a later number may be committed
    earlier.
    """

    member_no = models.BigIntegerField()
    # Which of her facts: "member", "consent", "friend", "purchase", "open", "touch", "numbers" …
    what = models.CharField(max_length=10)
    # When it happened, for facts that are only ever added.
    moment = models.DateTimeField(null=True)
    transaction = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(2, "at", by="members.tasks.keep_facets"),
        internal="id what moment transaction at",
        personal="member_no",
    )

    class Meta:
        indexes = (
            # What a reader's snapshot has not seen yet.
            models.Index(fields=["transaction"], name="changes_by_transaction"),
            # What is old enough to go.
            models.Index(fields=["at"], name="changes_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.what} of {self.member_no}"


class AudienceFacet(models.Model):
    """One facet's members as a serialised bitmap, as of the watermark of the row "": a stock for
    processes that start. The truth stays with the tables.
    """

    name = models.CharField(max_length=80, unique=True)
    body = models.BinaryField()
    # Of the row without a name: the snapshot up to which all others say what is so.
    watermark = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(2, "at", by="members.tasks.keep_facets", words="每小时重新计算覆盖"),
        internal="id name watermark at",
        personal="body",
    )

    def __str__(self) -> str:
        return self.name or "watermark"


class AudienceCheck(models.Model):
    """One nightly comparison of all facets with the tables, at one snapshot."""

    at = models.DateTimeField("时间", default=timezone.now)
    members = models.BigIntegerField("会员数")
    facets = models.PositiveIntegerField("特征数")
    megabytes = models.FloatField("内存（MB）")
    seconds = models.FloatField("用时（秒）")
    # [{"facet", "too_many", "missing"}]; facets that differed were read anew.
    differences = models.JSONField("不一致", default=list)

    privacy: ClassVar = declare(
        keep=keep_years(1, "at"),
        internal="id at members facets megabytes seconds differences",
    )

    class Meta:
        verbose_name = verbose_name_plural = "人群核对"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d}: {len(self.differences)}"
