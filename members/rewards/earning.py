"""Points of purchases: they wait out the return window, and go back with what is returned.

An entry is what is missing between what a receipt line is worth now and what it has earned so far:
order and repetition of the news change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Sum
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.identity.steps import present_member
from members.rewards.models_of_outside import OutsideMaster, PointsProposal
from members.rewards.models_of_points import EntryKind, PointsAccount, PointsEntry, PointsRule
from members.rewards.outbound import propose_points
from members.rewards.points import account_of, expire_points, write_entry
from members.rewards.queries import rule_at
from members.rewards.rules import (
    Change,
    points_of,
    rate_of,
    released,
    remaining_worth,
    taken_back,
)
from stores.ledger.queries import numbers_of

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LineWorth:
    """A line that was sold, and how much of it came back so far; minor units."""

    key: str
    amount: int
    refunded: int
    sold_at: datetime


@action
def count_purchases(member_id: int, lines: Sequence[LineWorth], *, by: Actor) -> int:
    """Let her lines earn what they are worth now; how many entries that took.

    Repeating changes nothing. Nobody but a member earns; what came back is taken back all the same.
    While an outside system is master of points, it is proposed there instead.
    """
    member = present_member(member_id)
    account = account_of(member)
    outside = OutsideMaster.objects.filter(entity=member.entity_id, owns_points=True).exists()
    return sum(_count_line(member, account, line, outside=outside) for line in lines)


def _count_line(member: Member, account: PointsAccount, line: LineWorth, *, outside: bool) -> int:
    first = _first_entry(member, line.key)
    earned = _earned(first, member, line)
    if earned is None:
        return 0
    points, rule = earned
    missing = remaining_worth(points, line.amount, line.refunded) - _written(member, line.key)
    if first is None and points > 0 and line.refunded < line.amount:
        _begin(member, account, line, points, rule, outside=outside)
        missing -= points
        return 1 + _correct(member, account, line, missing, outside=outside)
    return _correct(member, account, line, missing, outside=outside)


def _earned(
    first: PointsEntry | PointsProposal | None, member: Member, line: LineWorth
) -> tuple[int, PointsRule | None] | None:
    """What the whole line is worth: as it was first counted, else by the rule of its day."""
    if isinstance(first, PointsEntry):
        return first.pending + first.points - first.owed, first.rule
    if first is not None:
        return first.points, None
    rule = rule_at(member.entity_id, line.sold_at)
    if rule is None or member.state != MemberState.ACTIVE:
        return None
    return points_of(line.amount, rate_of(rule.rates, member.tier)), rule


def _first_entry(member: Member, key: str) -> PointsEntry | PointsProposal | None:
    """How the line was counted first, under whichever of her numbers."""
    numbers = _numbers(member)
    entry = (
        PointsEntry.objects.filter(account__member__in=numbers, source=key, kind=EntryKind.HOLD)
        .select_related("rule")
        .order_by("pk")
        .first()
    )
    if entry is not None:
        return entry
    return PointsProposal.objects.filter(member__in=numbers, source=key).order_by("pk").first()


def _written(member: Member, key: str) -> int:
    """What the line has brought so far, over all her numbers: moving between them adds nothing."""
    numbers = _numbers(member)
    entries = PointsEntry.objects.filter(account__member__in=numbers, source=key).aggregate(
        total=Sum(F("points") + F("pending") - F("owed"))
    )["total"]
    proposed = PointsProposal.objects.filter(member__in=numbers, source=key).aggregate(
        total=Sum("points")
    )["total"]
    return int(entries or 0) + int(proposed or 0)


def _begin(
    member: Member,
    account: PointsAccount,
    line: LineWorth,
    points: int,
    rule: PointsRule | None,
    *,
    outside: bool,
) -> None:
    if outside or rule is None:
        propose_points(member, points, once=line.key, source=line.key, at=line.sold_at)
        return
    write_entry(
        account,
        EntryKind.HOLD,
        Change(pending=points),
        once=line.key,
        source=line.key,
        rule=rule,
        due_on=timezone.localdate(line.sold_at) + timedelta(days=rule.pending_days),
    )


def _correct(
    member: Member, account: PointsAccount, line: LineWorth, missing: int, *, outside: bool
) -> int:
    """Take back what the line is not worth any more. A refund is never taken back itself."""
    if missing >= 0:
        return 0
    numbers = _numbers(member)
    if outside:
        count = PointsProposal.objects.filter(member__in=numbers, source=line.key).count()
        propose_points(
            member, missing, once=f"{line.key}:back:{count}", source=line.key, at=timezone.now()
        )
        return 1
    count = PointsEntry.objects.filter(account__member__in=numbers, source=line.key).count()
    change = taken_back(-missing, pending=_waiting(account, line.key), balance=account.balance)
    once = f"{line.key}:back:{count}"
    return int(
        write_entry(account, EntryKind.REVERSE, change, once=once, source=line.key) is not None
    )


def _waiting(account: PointsAccount, key: str) -> int:
    rows = account.entries.filter(source=key)
    return int(rows.aggregate(total=Sum("pending"))["total"] or 0)


def _numbers(member: Member) -> Collection[int]:
    return numbers_of([member.pk])[member.pk]


@action
def release_due(account_ids: Sequence[int], *, today: date, by: Actor) -> int:
    """Make usable what has waited out its return window; how many entries. Repeats find nothing."""
    return sum(_release(account, today) for account in _locked_accounts(account_ids))


def _release(account: PointsAccount, today: date) -> int:
    done = 0
    waiting = (
        account.entries.filter(pending__gt=0, due_on__lte=today)
        .order_by("due_on", "pk")
        .select_related("rule")
    )
    for entry in waiting:
        points = _waiting(account, entry.source)
        if points <= 0:
            continue
        valid = entry.rule.valid_days if entry.rule is not None else None
        due_on = entry.due_on or today
        count = account.entries.filter(source=entry.source).count()
        write_entry(
            account,
            EntryKind.RELEASE,
            released(points, owed=account.owed),
            once=f"{entry.source}:release:{count}",
            source=entry.source,
            rule=entry.rule,
            expires_on=None if valid is None else due_on + timedelta(days=valid),
        )
        done += 1
    return done


@action
def expire_due(account_ids: Sequence[int], *, today: date, by: Actor) -> int:
    """Take what has expired; how many points. Repeating on the same day finds nothing more."""
    return sum(expire_points(account, today) for account in _locked_accounts(account_ids))


def _locked_accounts(account_ids: Sequence[int]) -> list[PointsAccount]:
    must_be_in_action()
    rows = PointsAccount.objects.select_for_update(of=("self",)).filter(pk__in=account_ids)
    return list(rows.order_by("pk"))


def accounts_to_release(today: date, *, after: int = 0) -> list[int]:
    """Keys of accounts in which something waits that is due, a portion at a time."""
    rows = PointsAccount.objects.filter(
        pk__gt=after, pending__gt=0, entries__pending__gt=0, entries__due_on__lte=today
    )
    return list(rows.order_by("pk").values_list("pk", flat=True).distinct()[:_AT_ONCE])


def accounts_to_expire(today: date, *, after: int = 0) -> list[int]:
    """Keys of accounts with usable points of which some expired within the last month."""
    rows = PointsAccount.objects.filter(
        pk__gt=after,
        balance__gt=0,
        entries__expires_on__lt=today,
        entries__expires_on__gte=today - timedelta(days=31),
    )
    return list(rows.order_by("pk").values_list("pk", flat=True).distinct()[:_AT_ONCE])
