"""Keys of what was told, or wished for, once: what stays of a row after it was forgotten.

A row that guards against repetition by its key may then go when its retention is over; the key
stays as sixteen bytes, from which nobody learns what it said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.classified import declare, keep_years

KEEP: Final = timedelta(days=5 * 365)


class OnceKey(models.Model):
    """That a key was used in a space of keys; its row was forgotten at `at`."""

    digest = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "at", by="kit.tasks.forget_what_was_told"), internal="digest at"
    )

    class Meta:
        indexes = (
            # Removal of old keys; they arrive in order, so a block range is enough.
            BrinIndex(fields=["at"], name="once_keys_by_age"),
        )

    def __str__(self) -> str:
        return str(self.digest)


def keep_keys(space: str, keys: Iterable[str]) -> None:
    """Keep the keys of rows that are about to be deleted in this transaction. A step.

    Keeping one twice changes nothing.
    """
    must_be_in_action()
    OnceKey.objects.bulk_create(
        [OnceKey(digest=_digest(space, key)) for key in keys], ignore_conflicts=True
    )


def was_once(space: str, key: str) -> bool:
    """Whether this key's row was forgotten. Ask after the rows themselves, not before them."""
    return OnceKey.objects.filter(digest=_digest(space, key)).exists()


def forget_keys(at: datetime) -> int:
    """Remove keys past their own retention; how many. A step."""
    must_be_in_action()
    return OnceKey.objects.filter(at__lt=at - KEEP).delete()[0]


def _digest(space: str, key: str) -> UUID:
    return UUID(bytes=sha256(f"{space}\x1f{key}".encode()).digest()[:16])
