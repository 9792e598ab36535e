"""By what likely doubles find one another: keyed digests, never the values themselves."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from kit.classified import declare, with_owner
from members.identity.models import Member
from stores.org.models import LegalEntity


class TraitKind(models.TextChoices):
    """What two rows of one person tend to share; none of it proves anything."""

    NAME_AT_STORE = "name_store", "同店同名"
    NAME_AND_BIRTHDAY = "name_birth", "同名同生日"
    TYPED_PHONE = "typed", "填写过同一个手机号"


class Trait(models.Model):
    """A keyed digest by which likely doubles find one another; the value itself is not kept."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="traits")
    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=TraitKind.choices)
    digest = models.BinaryField(max_length=32)

    privacy: ClassVar = declare(
        keep=with_owner("member"), internal="id entity kind", personal="member digest"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["member", "kind", "digest"], name="one_trait_per_member_and_value"
            ),
        )
        indexes = (
            # Who else has this trait?
            models.Index(fields=["entity", "kind", "digest"], name="members_by_trait"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.member_id}"
