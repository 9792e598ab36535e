"""The step that compares a typed code with the one that was sent. Every try counts."""

from __future__ import annotations

import hmac
from datetime import datetime
from enum import StrEnum

from django.db.models import F

from kit.actions import must_be_in_action
from members.registration.models import OneTimeCode
from members.registration.rules import MOST_TRIES
from members.registration.steps import digest_of_code


class Proven(StrEnum):
    """What became of a try."""

    YES = "yes"
    # The same right code again, by a second tap: whatever follows from it is done already.
    AGAIN = "again"
    WRONG = "wrong"
    EXPIRED = "expired"
    TOO_MANY = "too_many"


def compare_code(row: OneTimeCode | None, typed: str, now: datetime) -> Proven:
    """Count a try and compare; of several right ones in the same moment one says YES. A step.

    It answers rather than raises, since a raised error would take the count back with it.
    """
    must_be_in_action()
    if row is not None and _was_right(row, typed):
        return Proven.AGAIN
    if row is None or not row.is_open(now):
        return Proven.EXPIRED
    # The database counts: two tries in one moment never share a number.
    counted = OneTimeCode.objects.filter(pk=row.pk, tries__lt=MOST_TRIES, used_at=None).update(
        tries=F("tries") + 1
    )
    if not counted:
        row.refresh_from_db()
        return Proven.AGAIN if _was_right(row, typed) else Proven.TOO_MANY
    if not hmac.compare_digest(bytes(row.digest), digest_of_code(row, typed)):
        return Proven.WRONG
    taken = OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now, proven_at=now)
    # The same code in the same moment: the other call has done by now what follows from it.
    return Proven.YES if taken else Proven.AGAIN


def _was_right(row: OneTimeCode, typed: str) -> bool:
    """A second tap on the same right code, while the first is at work or done."""
    is_same = hmac.compare_digest(bytes(row.digest), digest_of_code(row, typed))
    return is_same and row.proven_at is not None
