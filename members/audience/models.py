"""Saved rules that select members. The rule is data; `rules.py` says what it may hold."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from kit.classified import declare
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
    rule = models.JSONField("条件", default=dict, validators=[_must_hold])
    version = models.PositiveIntegerField("版本", default=1)
    created_at = models.DateTimeField("创建时间", default=timezone.now)
    changed_at = models.DateTimeField("修改时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep="2 years after its last use",
        internal="id public_id name rule version created_at changed_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "人群"
        ordering = ("-changed_at",)

    def __str__(self) -> str:
        return self.name
