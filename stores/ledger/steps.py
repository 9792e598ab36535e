"""Steps with which every floor above writes facts: once each, never changed.

Steps, not actions: they run inside the action of the floor that knows why.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.events import emit, emit_many
from stores.ledger.models import MergedMember, Ownership, Touch, TouchKey, TouchKind


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
    if not _is_fresh(once):
        return False
    touch = Touch.objects.create(
        kind=kind,
        member_no=member_no,
        guide_no=guide_no,
        store_no=store_no,
        source=source,
        at=at,
    )
    emit(
        "touch_recorded",
        subject="" if member_no is None else f"member-no:{member_no}",
        touch=touch.pk,
        kind=str(kind),
        member_no=member_no,
        guide_no=guide_no,
        at=at.isoformat(),
    )
    return True


def _is_fresh(once: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TouchKey._meta.db_table} (once, at) VALUES (%s, %s)"  # noqa: S608
            " ON CONFLICT DO NOTHING",
            [once, timezone.now()],
        )
        return cursor.rowcount == 1


def set_owner(*, member_no: int, guide_no: int, store_no: int, at: datetime, reason: str) -> bool:
    """End her ownership and begin a new one; False when the guide owns her already. A step.

    The caller holds the lock on the member; the exclusion constraint refuses what slips through.
    Emits `owner_set`, since purchases after `at` are credited anew.
    """
    by = must_be_in_action()
    current = Ownership.objects.filter(member_no=member_no, until=None).first()
    if current is not None:
        if current.guide_no == guide_no:
            return False
        Ownership.objects.filter(pk=current.pk).update(until=max(at, current.since))
    since = at if current is None else max(at, current.since)
    Ownership.objects.create(
        member_no=member_no,
        guide_no=guide_no,
        store_no=store_no,
        since=since,
        reason=reason,
        actor=str(by),
    )
    _owner_changed(member_no, since)
    return True


def set_owners(
    member_nos: Collection[int], *, guide_no: int, store_no: int, at: datetime, reason: str
) -> int:
    """The same for many members of one new owner, in a few statements; how many changed. A step.

    Who is hers already stays so. The caller holds the locks on the members.
    """
    by = must_be_in_action()
    current = dict(
        Ownership.objects.filter(member_no__in=member_nos, until=None).values_list(
            "member_no", "guide_no"
        )
    )
    moving = sorted(no for no in set(member_nos) if current.get(no) != guide_no)
    Ownership.objects.filter(member_no__in=moving, until=None).update(
        until=Greatest(F("since"), at)
    )
    late = Ownership.objects.filter(member_no__in=moving, until__gt=at)
    ends = {no: until or at for no, until in late.values_list("member_no", "until")}
    Ownership.objects.bulk_create(
        [
            Ownership(
                member_no=no,
                guide_no=guide_no,
                store_no=store_no,
                since=ends.get(no, at),
                reason=reason,
                actor=str(by),
            )
            for no in moving
        ]
    )
    emit_many(
        "owner_set",
        [
            (f"member-no:{no}", {"member_no": no, "at": ends.get(no, at).isoformat()})
            for no in moving
        ],
    )
    return len(moving)


def end_ownership(*, member_no: int, at: datetime) -> bool:
    """She belongs to nobody from `at` on; False when she belonged to nobody already. A step."""
    must_be_in_action()
    current = Ownership.objects.filter(member_no=member_no, until=None).first()
    if current is None:
        return False
    until = max(at, current.since)
    Ownership.objects.filter(pk=current.pk).update(until=until)
    _owner_changed(member_no, until)
    return True


def record_merge(*, member_no: int, into_no: int, at: datetime) -> bool:
    """From now on `member_no` means `into_no`; False when it does already. A step.

    Facts keep the number they were written with; readers follow the merge (`queries.numbers_of`).
    Emits `numbers_merged`.
    """
    must_be_in_action()
    if member_no == into_no:
        raise ValueError("a member is not merged into herself")
    row = MergedMember(member_no=member_no, into_no=into_no, at=at)
    before = MergedMember.objects.filter(member_no=member_no, undone_at=None).first()
    if before is not None:
        if before.into_no == into_no:
            return False
        raise ValueError("undo the merge that stands before making another")
    row.save()
    emit(
        "numbers_merged",
        subject=f"member-no:{into_no}",
        member_no=member_no,
        into_no=into_no,
    )
    return True


def undo_merge(*, member_no: int, at: datetime) -> bool:
    """The number means its own member again; False when it was not merged. A step."""
    must_be_in_action()
    row = MergedMember.objects.filter(member_no=member_no, undone_at=None).first()
    if row is None:
        return False
    MergedMember.objects.filter(pk=row.pk).update(undone_at=at)
    emit(
        "numbers_parted",
        subject=f"member-no:{row.into_no}",
        member_no=member_no,
        into_no=row.into_no,
    )
    return True


def _owner_changed(member_no: int, at: datetime) -> None:
    emit("owner_set", subject=f"member-no:{member_no}", member_no=member_no, at=at.isoformat())
