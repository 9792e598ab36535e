"""Reads of hand-overs: whom the guide has, how far their passing on is, who is to be settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case as WhenCase
from django.db.models import Count, Q, QuerySet, Value, When

from members.handover.models import (
    NOT_POSSIBLE,
    TURNED_DOWN,
    CustomerChoice,
    CustomerTransfer,
    TransferState,
)
from members.handover.rules import (
    FULL_FOR,
    RESIGNED_AT_MOST,
    TWICE_WITHIN,
    Case,
    Key,
    Share,
    kept_because,
    share_out,
)
from members.identity.models import Friendship, Member, MemberState
from stores.org.models import HandOver, HandOverReason


def cases_of(handover: HandOver, shares: Sequence[Share], *, at: datetime) -> list[Case]:
    """Every customer of the guide: her friends in WeCom, and members of hers who are none.

    Five queries, whatever their number. Needs the sight of a system actor: a guide who moved
    is not in the old store any more.
    """
    wishes = _wishes(handover)
    friends, members = _friends(handover, shares, wishes, at)
    return friends + _strangers(handover, members, wishes)


def _friends(
    handover: HandOver, shares: Sequence[Share], wishes: Mapping[Key, bool], at: datetime
) -> tuple[list[Case], set[int]]:
    """Her friends in WeCom, and which members are among them."""
    rows = list(
        Friendship.objects.filter(guide=handover.guide_id, until=None)
        .order_by("contact_id")
        .values_list(
            "contact_id",
            "contact__external_userid",
            "contact__member_id",
            "contact__member__home_store_id",
            "contact__member__owner_id",
        )
    )
    recent, busy = _transfers_lately(handover, at)
    known = _friends_of(handover, [share.guide for share in shares])
    cases = [
        Case(
            key=(contact, 0),
            address=address,
            store=store,
            is_friend=True,
            is_owned=owner == handover.guide_id,
            friend_of=frozenset(known.get(contact, ())),
            recent=recent[contact],
            is_under_way=contact in busy,
            wish=wishes.get((contact, 0)),
        )
        for contact, address, _, store, owner in rows
    ]
    return cases, {member for _, _, member, _, _ in rows}


def _strangers(handover: HandOver, befriended: set[int], wishes: Mapping[Key, bool]) -> list[Case]:
    """Members of hers who are no friends in WeCom."""
    rows = (
        Member.objects.filter(owner=handover.guide_id)
        .exclude(state=MemberState.ERASED)
        .order_by("pk")
        .values_list("pk", "home_store_id")
    )
    return [
        Case(
            key=(0, member),
            address="",
            store=store,
            is_friend=False,
            is_owned=True,
            wish=wishes.get((0, member)),
        )
        for member, store in rows
        if member not in befriended
    ]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who passes on to whom, who is kept and why, and everybody it was made of."""

    given: dict[Key, int]
    kept: dict[Key, str]
    cases: list[Case]


def sorted_out(handover: HandOver, *, at: datetime) -> Plan:
    """The plan as it stands: what a preview counts and a decision writes down.

    Kept as "gone" is who passes on here without WeCom.
    """
    shares = shares_of(handover)
    cases = cases_of(handover, shares, at=at)
    is_gone = handover.reason == HandOverReason.LEFT and _left_long_ago(handover, at)
    kept = {
        case.key: because
        for case in cases
        if (
            because := kept_because(
                case,
                reason=handover.reason,
                goes_along=handover.goes_along,
                store=handover.store_id,
                is_gone=is_gone,
                has_resigned=bool(handover.has_resigned),
            )
        )
    }
    passing = [case for case in cases if kept.get(case.key, "gone") == "gone"]
    given = (
        share_out(
            passing,
            shares,
            keeps_friends=handover.keeps_friends,
            keeps_stores_together=handover.keeps_stores_together,
        )
        if shares
        else {}
    )
    return Plan(given, kept, cases)


def shares_of(handover: HandOver) -> list[Share]:
    """The successors, largest share first."""
    return [
        Share(guide=row.successor_id, parts=row.parts, store=row.successor.store_id)
        for row in handover.shares.all()
    ]


def full_lately(guides: Sequence[int], *, at: datetime) -> dict[int, datetime]:
    """Successors of whom WeCom said within days that they can take no more, and when."""
    found = CustomerTransfer.objects.filter(
        to_guide__in=guides, state=TransferState.FULL, ended_at__gt=at - FULL_FOR
    ).order_by("ended_at")
    return {
        guide: ended
        for guide, ended in found.values_list("to_guide_id", "ended_at")
        if ended is not None
    }


def progress_of(handover: HandOver) -> dict[tuple[str, str, str], int]:
    """How many rows stand in each (state, because, settled); replaced ones are left out."""
    rows = (
        CustomerTransfer.objects.filter(hand_over=handover)
        .exclude(settled="another")
        .values_list("state", "because", "settled")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return {(state, because, settled): count for state, because, settled, count in rows}


def portions_of(handover: HandOver) -> list[tuple[str, int]]:
    """How many each successor gets or got, most first."""
    found = (
        CustomerTransfer.objects.filter(hand_over=handover)
        .exclude(settled="another")
        .exclude(state=TransferState.KEPT)
        .values_list("to_guide__name")
        .annotate(count=Count("pk"))
        .order_by("-count", "to_guide__name")
    )
    return [(str(name), count) for name, count in found]


_OPEN = Q(
    Q(state__in=TURNED_DOWN) | Q(state=TransferState.KEPT, because__in=NOT_POSSIBLE), settled=""
)


def rows_of(handover: HandOver) -> QuerySet[CustomerTransfer]:
    """The rows of a hand-over, those that wait for a word first."""
    return (
        CustomerTransfer.objects.filter(hand_over=handover)
        .exclude(settled="another")
        .select_related("contact", "member", "to_guide", "from_guide")
        .order_by(WhenCase(When(_OPEN, then=Value(0)), default=Value(1)), "pk")
    )


def _transfers_lately(handover: HandOver, at: datetime) -> tuple[Counter[int], set[int]]:
    """Per contact of the guide: transfers done within ninety days; contacts under way now."""
    hers = Friendship.objects.filter(guide=handover.guide_id, until=None).values("contact_id")
    rows = CustomerTransfer.objects.filter(
        # The limit counts what was handed over in service.
        Q(
            state=TransferState.DONE,
            ended_at__gt=at - TWICE_WITHIN,
            hand_over__has_resigned=False,
        )
        | Q(state__in=["planned", "asked", "waiting"]),
        contact__in=hers,
    ).values_list("contact_id", "state")
    recent: Counter[int] = Counter()
    busy: set[int] = set()
    for contact, state in rows:
        if state == TransferState.DONE:
            recent[contact] += 1
        else:
            busy.add(contact)
    return recent, busy


def _friends_of(handover: HandOver, successors: Sequence[int]) -> dict[int, list[int]]:
    hers = Friendship.objects.filter(guide=handover.guide_id, until=None).values("contact_id")
    pairs = Friendship.objects.filter(
        guide__in=successors, until=None, contact__in=hers
    ).values_list("contact_id", "guide_id")
    found: dict[int, list[int]] = defaultdict(list)
    for contact, guide in pairs:
        found[contact].append(guide)
    return found


def _wishes(handover: HandOver) -> dict[Key, bool]:
    if handover.reason != HandOverReason.MOVED:
        return {}
    rows = CustomerChoice.objects.filter(hand_over=handover).values_list(
        "contact_id", "member_id", "goes_along"
    )
    return {(contact or 0, 0 if contact else member or 0): wish for contact, member, wish in rows}


def _left_long_ago(handover: HandOver, at: datetime) -> bool:
    left_on = handover.guide.left_on
    return left_on is not None and left_on < (at - RESIGNED_AT_MOST).date()
