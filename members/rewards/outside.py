"""An outside CRM or ERP tells balances and tiers: applied in its order, compared every night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.errors import AlreadySomebody
from members.identity.models import IdentityKind, Member, MemberState
from members.identity.queries import member_by_card, member_of_identity
from members.identity.steps import bind_identity, present_member
from members.privacy.steps import record_disclosure
from members.rewards.models_of_outside import (
    OutsideBalance,
    OutsideDifference,
    OutsideMaster,
    PointsProposal,
)
from members.rewards.models_of_points import EntryKind, PointsAccount
from members.rewards.points import account_of, write_entry
from members.rewards.rules import TIERS, Change
from stores.org.models import MachineKey

_FETCH_WITHIN = timedelta(days=2)
_MOST = 10**12
What = OutsideDifference.What


class Outcome(StrEnum):
    """What became of one line: taken, told before, older than what is known, or at fault."""

    APPLIED = "applied"
    KNOWN = "known"
    STALE = "stale"
    UNKNOWN_MEMBER = "unknown_member"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the outside master, read and found well-formed."""

    claim: Mapping[str, str]
    sequence: int
    points: int | None
    tier: str


class Unreadable(ValueError):
    """The line is no balance; the text says why in Chinese."""


def read_line(raw: object) -> Told:
    """A line as it stands in `docs/outside.md`. Raises Unreadable."""
    if not isinstance(raw, dict):
        raise Unreadable("每行是一个 JSON 对象。")
    claim = {
        word: str(raw[word]).strip() for word in ("card", "phone", "their_no") if raw.get(word)
    }
    if not claim.keys() & {"card", "phone", "their_no"}:
        raise Unreadable("要有 card、phone、their_no 中的一项。")
    sequence: Any = raw.get("sequence")
    if not _is_whole(sequence) or not 0 < sequence < 2**62:
        raise Unreadable("sequence 是该会员递增的正整数。")
    points: Any = raw.get("points")
    tier: Any = raw.get("tier", "")
    if points is not None and (not _is_whole(points) or not 0 <= points < _MOST):
        raise Unreadable("points 是不小于 0 的整数。")
    if tier and tier not in TIERS:
        raise Unreadable("tier 是 basic、silver、gold、diamond 之一。")
    if points is None and not tier:
        raise Unreadable("points 和 tier 至少有一项。")
    return Told(claim, sequence, points, tier)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@action
def take_balances(master_id: int, lines: Sequence[Told], *, by: Actor) -> list[Outcome]:
    """Apply what the outside master says, line by line; outcomes in order.

    Of a member the highest sequence wins whatever the order in which lines arrive; the same line
    again changes nothing. A line that names her card and their number binds the two.
    """
    master = OutsideMaster.objects.select_related("entity").get(pk=master_id)
    return [_take(master, told) for told in lines]


def _take(master: OutsideMaster, told: Told) -> Outcome:
    found = _member_of(master, told)
    if found is None:
        return Outcome.UNKNOWN_MEMBER
    member = present_member(found)
    if member.state not in {MemberState.ACTIVE, MemberState.LEFT}:
        return Outcome.UNKNOWN_MEMBER
    known = OutsideBalance.objects.filter(member=member).first()
    if known is not None and known.sequence == told.sequence:
        is_same = (known.points, known.tier) == (told.points, told.tier)
        return Outcome.KNOWN if is_same else Outcome.REFUSED
    if known is not None and known.sequence > told.sequence:
        return Outcome.STALE
    row = known or OutsideBalance(member=member)
    row.source, row.sequence, row.told_at = master.source, told.sequence, timezone.now()
    row.points = told.points if told.points is not None else row.points
    row.tier = told.tier or row.tier
    row.save()
    _apply(master, member, row)
    return Outcome.APPLIED


def _member_of(master: OutsideMaster, told: Told) -> Member | None:
    """By their own number, her card or her phone; a card shown with their number binds it."""
    entity = master.entity
    theirs = f"{master.source}:{told.claim['their_no']}" if "their_no" in told.claim else ""
    found = member_of_identity(entity, IdentityKind.TILL, theirs) if theirs else None
    if found is not None:
        return found
    if "card" in told.claim:
        found = member_by_card(told.claim["card"])
        found = found if found is not None and found.entity_id == entity.pk else None
    if found is None and "phone" in told.claim:
        found = member_of_identity(entity, IdentityKind.PHONE, told.claim["phone"])
    if found is not None and theirs:
        try:
            bind_identity(found, IdentityKind.TILL, theirs, verified_at=timezone.now())
        except AlreadySomebody:
            return None
    return found


def _apply(master: OutsideMaster, member: Member, row: OutsideBalance) -> None:
    if master.owns_points and row.points is not None:
        account = account_of(member)
        change = Change(row.points - account.balance, -account.pending, -account.owed)
        if change != Change():
            write_entry(
                account,
                EntryKind.ADJUST,
                change,
                once=f"outside:{row.source}:{row.sequence}",
                source=f"outside:{row.source}",
            )
    if master.owns_tiers and row.tier and row.tier != member.tier:
        member.tier, member.version = row.tier, F("version") + 1
        member.save(update_fields=["tier", "version"])


@dataclass(frozen=True, slots=True)
class Page:
    """What our side earned since the cursor."""

    rows: Sequence[PointsProposal]
    cursor: int


@action
def hand_out_changes(master_id: int, *, after: int, limit: int, key: MachineKey, by: Actor) -> Page:
    """The proposals after the cursor, in order; written into the register of disclosures.

    Asking again with the same cursor answers the same. What was answered counts as fetched.
    """
    master = OutsideMaster.objects.get(pk=master_id)
    rows = list(
        PointsProposal.objects.filter(entity=master.entity_id, pk__gt=after)
        .select_related("member")
        .order_by("pk")[:limit]
    )
    if not rows:
        return Page((), after)
    keys = [row.pk for row in rows]
    PointsProposal.objects.filter(pk__in=keys, fetched_at=None).update(fetched_at=timezone.now())
    record_disclosure(
        what="outside_changes",
        recipient=master.name,
        purpose="外部系统为积分主数据，取走我方产生的积分",
        fields=("card_no", "points", "source"),
        count=len({row.member_id for row in rows}),
        members=sorted({row.member_id for row in rows}),
    )
    return Page(rows, keys[-1])


@action
def compare_with_outside(master_id: int, *, at: datetime, by: Actor) -> dict[str, int]:
    """Write down where the two do not agree, and end what agrees again; open ones by kind.

    Repeating changes nothing.
    """
    master = OutsideMaster.objects.get(pk=master_id)
    found = _differences(master, at)
    standing = OutsideDifference.objects.filter(entity=master.entity_id, ended_at=None)
    for row in standing.select_for_update(of=("self",)):
        now = found.pop((row.member_id, row.what), None)
        if now is None:
            row.ended_at = at
        else:
            row.ours, row.theirs = now
        row.save(update_fields=["ended_at", "ours", "theirs"])
    OutsideDifference.objects.bulk_create(
        [
            OutsideDifference(
                entity_id=master.entity_id,
                member_id=member,
                what=what,
                ours=ours,
                theirs=theirs,
                found_at=at,
            )
            for (member, what), (ours, theirs) in sorted(found.items())
        ],
        ignore_conflicts=True,
    )
    return {kind: standing.filter(what=kind).count() for kind in What.values}


def _differences(master: OutsideMaster, at: datetime) -> dict[tuple[int, str], tuple[str, str]]:
    members = Member.objects.filter(entity=master.entity_id, state=MemberState.ACTIVE)
    found: dict[tuple[int, str], tuple[str, str]] = {}
    if master.owns_points:
        unlike = PointsAccount.objects.filter(
            ~Q(balance=F("member__outside_balance__points")),
            member__in=members,
            member__outside_balance__points__isnull=False,
        )
        for number, has, told in unlike.values_list(
            "member_id", "balance", "member__outside_balance__points"
        ):
            found[(number, What.POINTS)] = (str(has), str(told))
        late = PointsProposal.objects.filter(
            entity=master.entity_id, fetched_at=None, at__lt=at - _FETCH_WITHIN
        )
        for number in late.values_list("member_id", flat=True).distinct():
            found[(number, What.NOT_FETCHED)] = ("", "")
    if master.owns_tiers:
        unlike_tiers = members.exclude(outside_balance__tier="").exclude(
            tier=F("outside_balance__tier")
        )
        for number, ours, theirs in unlike_tiers.filter(outside_balance__isnull=False).values_list(
            "pk", "tier", "outside_balance__tier"
        ):
            found[(number, What.TIER)] = (ours, theirs)
    never = members.filter(outside_balance=None, joined_at__lt=at - _FETCH_WITHIN)
    for number in never.values_list("pk", flat=True)[:10_000]:
        found[(number, What.NEVER_TOLD)] = ("", "")
    return found
