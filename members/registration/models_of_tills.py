"""Rotating codes of members' cards, and how often each till asked about one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_days
from members.identity.models import Member
from stores.org.models import MachineKey


class CardCode(models.Model):
    """One code that a member's card showed for less than two minutes. Neither text is kept."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="card_codes")
    # Which slice of the database's time the code belongs to.
    step = models.BigIntegerField()
    key_id = models.CharField(max_length=2)
    nonce = models.PositiveSmallIntegerField(default=0)
    digest = models.BinaryField(max_length=32)
    number_digest = models.BinaryField(max_length=32)
    shown_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(MachineKey, models.PROTECT, null=True, related_name="+")
    # The till's own name for its question, so that a lost answer may be asked for again.
    used_request = models.CharField(max_length=64, blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(1, "shown_at"),
        internal="id step key_id nonce digest number_digest shown_at used_at used_by used_request",
        personal="member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员卡动态码"
        constraints = (
            models.UniqueConstraint(fields=["member", "step"], name="one_card_code_per_time"),
            models.UniqueConstraint(fields=["digest"], name="a_card_code_is_one_members"),
            models.UniqueConstraint(fields=["number_digest"], name="a_card_number_is_one_members"),
        )
        indexes = (
            # Which codes are old enough to go?
            models.Index(fields=["shown_at"], name="card_codes_by_age"),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.shown_at):%Y-%m-%d %H:%M:%S}"


class CardChecks(models.Model):
    """How often a till asked within one minute, and how often in vain: what its limit counts."""

    key = models.ForeignKey(MachineKey, models.CASCADE, related_name="+", verbose_name="接口密钥")
    minute = models.DateTimeField("分钟")
    checks = models.PositiveIntegerField("核对", default=0)
    refused = models.PositiveIntegerField("没通过", default=0)

    privacy: ClassVar = declare(
        keep=keep_days(30, "minute"), internal="id key minute checks refused"
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员码核对"
        constraints = (
            models.UniqueConstraint(fields=["key", "minute"], name="one_count_per_till_and_minute"),
        )

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.checks}"
