"""Steps with which every floor above writes facts: once each, never changed.

Steps, not actions: they run inside the action of the floor that knows why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.events import emit, emit_many
from stores.ledger.models import (
    MergedMember,
    Ownership,
    ReceiptMember,
    Touch,
    TouchKey,
    TouchKind,
)
from stores.ledger.queries import numbers_of


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

    Numbers that were merged into hers go along. The caller holds the lock on the member; the
    exclusion constraint refuses what slips through. Emits `owner_set`, since purchases after `at`
    are credited anew.
    """
    changed = set_owners([member_no], guide_no=guide_no, store_no=store_no, at=at, reason=reason)
    return bool(changed)


def set_owners(
    member_nos: Collection[int], *, guide_no: int, store_no: int, at: datetime, reason: str
) -> int:
    """The same for many members of one new owner, in a few statements; how many changed. A step.

    Who is hers already stays so. The caller holds the locks on the members.
    """
    by = must_be_in_action()
    hers = _with_merged(member_nos)
    current = _standing(hers)
    moving = sorted(no for no in hers if no not in current or current[no].guide_no != guide_no)
    if not moving:
        return 0
    ends = _end([current[no] for no in moving if no in current], at)
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
    return _owner_changed(set(moving) & set(member_nos), ends, at)


def end_ownership(*, member_no: int, at: datetime) -> bool:
    """She belongs to nobody from `at` on; False when she belonged to nobody already. A step.

    Numbers that were merged into hers go along.
    """
    must_be_in_action()
    ends = _end(_standing(_with_merged([member_no])).values(), at)
    return bool(_owner_changed(set(ends) & {member_no}, ends, at))


def _with_merged(member_nos: Collection[int]) -> set[int]:
    """These numbers, and those that mean the same persons since a merge."""
    return {number for them in numbers_of(set(member_nos)).values() for number in them}


def _standing(member_nos: Collection[int]) -> dict[int, Ownership]:
    rows = Ownership.objects.filter(member_no__in=member_nos, until=None)
    return {row.member_no: row for row in rows}


def _end(rows: Collection[Ownership], at: datetime) -> dict[int, datetime]:
    """End these; when each member's ended, since none ends before it began."""
    if rows:
        standing = Ownership.objects.filter(pk__in=[row.pk for row in rows], until=None)
        standing.update(until=Greatest(F("since"), at))
    return {row.member_no: max(at, row.since) for row in rows}


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


def join_receipt(*, source: str, receipt_no: str, member_no: int, store_no: int) -> bool:
    """A receipt recorded without a member is hers; False when it is somebody's already. A step.

    Emits `receipt_claimed`.
    """
    by = must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ReceiptMember._meta.db_table}"  # noqa: S608 - our name
            " (source, receipt_no, member_no, store_no, at, actor)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (source, receipt_no) DO NOTHING",
            [source, receipt_no, member_no, store_no, timezone.now(), str(by)],
        )
        if cursor.rowcount == 0:
            return False
    emit(
        "receipt_claimed",
        subject=f"member-no:{member_no}",
        source=source,
        receipt_no=receipt_no,
        member_no=member_no,
    )
    return True


def _owner_changed(member_nos: Collection[int], ends: Mapping[int, datetime], at: datetime) -> int:
    """Tell of each; a merged number is no person of its own, so nobody tells of it."""
    emit_many(
        "owner_set",
        [
            (f"member-no:{no}", {"member_no": no, "at": ends.get(no, at).isoformat()})
            for no in sorted(member_nos)
        ],
    )
    return len(member_nos)
