"""Steps with which every floor above writes facts: once each, never changed.

Steps, not actions: they run inside the action of the floor that knows why.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.events import emit
from stores.ledger.models import Ownership, Touch, TouchKey, TouchKind


def record_touch(
    kind: TouchKind,
    *,
    once: str,
    at: datetime,
    member_no: int | None = None,
    guide_no: int | None = None,
    store_no: int | None = None,
    source: str = "",
) -> bool:
    """Write a touch; False when the key `once` was recorded before, and nothing changes. A step.

    Emits `touch_recorded` with the touch's number.
    """
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TouchKey._meta.db_table} (once, at) VALUES (%s, %s)"  # noqa: S608
            " ON CONFLICT DO NOTHING",
            [once, timezone.now()],
        )
        if cursor.rowcount == 0:
            return False
    touch = Touch.objects.create(
        kind=kind,
        member_no=member_no,
        guide_no=guide_no,
        store_no=store_no,
        source=source,
        at=at,
    )
    emit("touch_recorded", touch=touch.pk, kind=str(kind), member_no=member_no, guide_no=guide_no)
    return True


def set_owner(*, member_no: int, guide_no: int, store_no: int, at: datetime, reason: str) -> bool:
    """End the member's ownership and begin a new one; False when the guide owns her already. A step.

    The caller holds the lock on the member; the exclusion constraint refuses what slips through.
    """
    by = must_be_in_action()
    current = Ownership.objects.filter(member_no=member_no, until=None).first()
    if current is not None:
        if current.guide_no == guide_no:
            return False
        Ownership.objects.filter(pk=current.pk).update(until=max(at, current.since))
    Ownership.objects.create(
        member_no=member_no,
        guide_no=guide_no,
        store_no=store_no,
        since=at if current is None else max(at, current.since),
        reason=reason,
        actor=str(by),
    )
    return True
