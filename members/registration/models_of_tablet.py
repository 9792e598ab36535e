"""Registrations begun on a guide's iPad: a code for one person, finished on her own phone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days
from kit.fields import PublicIdField
from members.identity.models import Member
from members.registration.models import ChannelCode, Registration
from members.registration.rules import new_token
from stores.org.models import Guide, Store


class Invitation(models.Model):
    """A single-use code on a guide's iPad. Fetched ahead, so that it works without network too.

    Spare until begun. The one who opens it first has it; until her phone is proven `member` is a
    pending row without a phone, to whom nothing is ever sent.
    """

    public_id = PublicIdField()
    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    channel_code = models.ForeignKey(ChannelCode, models.PROTECT, related_name="+")
    # The iPad's own name for what it began; a repetition is known by it.
    client_id = models.UUIDField(null=True)
    member = models.OneToOneField(
        Member, models.SET_NULL, null=True, related_name="invitation", verbose_name="会员"
    )
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, related_name="invitation"
    )
    fetched_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField("开始时间", null=True)
    # What the iPad's clock said; only looked at, never decided by.
    said_begun_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField("扫码时间", null=True)
    done_at = models.DateTimeField("完成时间", null=True)
    expires_at = models.DateTimeField("有效期至")

    privacy: ClassVar = declare(
        keep=keep_days(30, "expires_at"),
        public="token",
        internal="id public_id guide store channel_code client_id registration fetched_at begun_at"
        " said_begun_at opened_at done_at expires_at",
        personal="member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "帮客人注册"
        constraints = (
            models.UniqueConstraint(
                fields=["guide", "client_id"], name="one_invitation_per_begun_registration"
            ),
        )
        indexes = (
            # What she began, newest first.
            models.Index(
                fields=["guide", "-begun_at"],
                name="invitations_of_guide_newest",
                condition=Q(begun_at__isnull=False),
            ),
            # Her spare ones; which are over?
            models.Index(fields=["expires_at"], name="invitations_by_end"),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.fetched_at):%Y-%m-%d %H:%M}"
