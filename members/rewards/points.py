"""Steps with which points move: one entry each, once each; the database keeps the sums.

The member is locked before her account, so that a merge in the same moment is waited for and then
followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Sum
from django.utils import timezone

from kit.actions import must_be_in_action
from members.identity.models import Member
from members.identity.steps import present_member
from members.rewards.errors import NotEnoughPoints
from members.rewards.models_of_points import (
    EntryKind,
    PointsAccount,
    PointsEntry,
    PointsRule,
)
from members.rewards.rules import Change, Lot, credited, expired_by, lots_left


def account_of(member: Member) -> PointsAccount:
    """Her account, locked; opened at the first need. A step."""
    must_be_in_action()
    PointsAccount.objects.bulk_create([PointsAccount(member=member)], ignore_conflicts=True)
    return PointsAccount.objects.select_for_update(of=("self",)).get(member=member)


def write_entry(
    account: PointsAccount,
    kind: EntryKind,
    change: Change,
    *,
    once: str,
    source: str = "",
    at: datetime | None = None,
    rule: PointsRule | None = None,
    due_on: date | None = None,
    expires_on: date | None = None,
) -> PointsEntry | None:
    """One movement; None when it was written before. A step.

    The caller holds the account's lock; `account` shows the new sums afterwards.
    """
    by = must_be_in_action()
    entry = PointsEntry(
        account=account,
        kind=kind,
        points=change.points,
        pending=change.pending,
        owed=change.owed,
        once=once,
        source=source,
        rule=rule,
        due_on=due_on,
        expires_on=expires_on,
        at=at or timezone.now(),
        actor=str(by),
    )
    PointsEntry.objects.bulk_create([entry], ignore_conflicts=True)
    written = PointsEntry.objects.filter(public_id=entry.public_id).first()
    if written is not None:
        account.refresh_from_db(fields=["balance", "pending", "owed"])
    return written


def add_points(
    member: Member,
    points: int,
    *,
    once: str,
    why: str,
    kind: EntryKind = EntryKind.EARN,
    expires_on: date | None = None,
) -> PointsEntry | None:
    """Give usable points; None when they were given for `once` before. A step.

    What she owes after a return is paid first. `why` is the occasion, a code and a public id.
    """
    if points <= 0:
        raise ValueError("points given are positive")
    account = account_of(present_member(member))
    return write_entry(
        account,
        kind,
        credited(points, owed=account.owed),
        once=once,
        source=why,
        expires_on=expires_on,
    )


def spend_points(
    member: Member, points: int, *, once: str, why: str, kind: EntryKind = EntryKind.SPEND
) -> PointsEntry | None:
    """Take usable points; None when they were taken for `once` before. A step.

    Refuses more than she has: NotEnoughPoints.
    """
    if points <= 0:
        raise ValueError("points spent are positive")
    account = account_of(present_member(member))
    if account.entries.filter(once=once).exists():
        return None
    if account.balance < points:
        raise NotEnoughPoints
    return write_entry(account, kind, Change(points=-points), once=once, source=why)


def expire_points(account: PointsAccount, today: date) -> int:
    """Take what has expired; how many points. A step; the caller holds the account's lock."""
    gone = expired_by(usable_lots(account), today)
    if gone <= 0:
        return 0
    once = f"expire:{today.isoformat()}"
    change = Change(points=-min(gone, account.balance))
    return gone if write_entry(account, EntryKind.EXPIRE, change, once=once) else 0


def usable_lots(account: PointsAccount) -> list[Lot]:
    """Her usable points by the day on which they expire; they sum to the balance."""
    came = [
        Lot(int(points), expires_on)
        for expires_on, points in account.entries.filter(points__gt=0)
        .values_list("expires_on")
        .annotate(total=Sum("points"))
        .values_list("expires_on", "total")
    ]
    return lots_left(came, used=_sum(account.entries.filter(points__lt=0).values_list("points")))


def _sum(rows: Iterable[tuple[int]]) -> int:
    return -sum(points for (points,) in rows)
