"""Friends whom guides had before: which of them are members, by the ladder of evidence.

An equal unionid joins them when the friendship is taken. What a guide remarked (a phone
number, a name) is her word, not proof: it is suggested to her, and she asks the customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from members.identity.models import Friendship, IdentityKind, Member, MemberState, Suggestion
from members.identity.queries import member_by_identity
from members.identity.rules import phones_in
from stores.org.models import Guide

_SHORTEST_NAME = 2
_MOST = 200


@dataclass(frozen=True, slots=True)
class Match:
    """A friend who may be a member, and why, in a guide's words."""

    contact: int
    member: int
    evidence: Sequence[str]


def named_in(remark: str, names: Mapping[int, str]) -> int | None:
    """The one member whose name stands in the remark; None when none does, or more than one.

    Of two names where one holds the other, the longer counts.
    """
    found = {
        key: name for key, name in names.items() if len(name) >= _SHORTEST_NAME and name in remark
    }
    longest = max((len(name) for name in found.values()), default=0)
    best = [key for key, name in found.items() if len(name) == longest]
    return best[0] if len(best) == 1 else None


def matches_of(guide: Guide) -> list[Match]:
    """What may be asked of this guide about friends nobody has been matched with so far."""
    asked = Suggestion.objects.filter(contact=OuterRef("contact"))
    friends = (
        Friendship.objects.filter(guide=guide, until=None, contact__member=None)
        .exclude(remark=None)
        .filter(~Exists(asked))
        .select_related("contact")
        .order_by("-since", "-pk")[:_MOST]
    )
    rows = list(friends)
    names = _names_of(guide) if rows else {}
    found: list[Match] = []
    for row in rows:
        match = _by_number(guide, row) or _by_name(row, names)
        if match is not None:
            found.append(match)
            names.pop(match.member, None)
    return found


def _names_of(guide: Guide) -> dict[int, str]:
    """Her own members who have no friend's face yet, by name."""
    hers = Member.objects.filter(owner=guide, state=MemberState.ACTIVE, contacts=None)
    return {row.pk: row.name for row in hers.exclude(name=None) if row.name}


def _by_number(guide: Guide, row: Friendship) -> Match | None:
    for number in phones_in(row.remark or ""):
        member = member_by_identity(IdentityKind.PHONE, number, guide.store.entity)
        if member is not None and member.state == MemberState.ACTIVE:
            evidence = ["你给好友备注的手机号，就是这位会员的手机号"]
            return Match(row.contact_id, member.pk, evidence)
    return None


def _by_name(row: Friendship, names: Mapping[int, str]) -> Match | None:
    member = named_in(row.remark or "", names)
    if member is None:
        return None
    evidence = [f"你给好友的备注里有“{names[member]}”", "她是你的会员，还没有对上企业微信"]
    return Match(row.contact_id, member, evidence)


def guides_with_unknown_friends() -> list[int]:
    """Guides who have friends of whom nobody knows whether they are members."""
    open_rows = Friendship.objects.filter(until=None, contact__member=None).exclude(remark=None)
    working = Guide.objects.working().filter(pk__in=open_rows.values("guide"))
    return list(working.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far friends and members are one list. `by`: how many were joined by which evidence."""

    friends: int
    joined: int
    by: Mapping[str, int]


def standing() -> Standing:
    """Counts over all friends there are: half a minute at fifteen million, so by night alone."""
    rows = Friendship.objects.filter(until=None)
    how = rows.values_list("contact__joined_by").annotate(
        friends=Count("contact", distinct=True),
        joined=Count("contact", distinct=True, filter=Q(contact__member__isnull=False)),
    )
    counts = list(how)
    return Standing(
        friends=sum(friends for _, friends, _ in counts),
        joined=sum(joined for _, _, joined in counts),
        by={word: joined for word, _, joined in counts if joined},
    )


def waiting_suggestions() -> int:
    """How many of these questions no guide has answered."""
    return Suggestion.objects.filter(decided_at=None).count()
