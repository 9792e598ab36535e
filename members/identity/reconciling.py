"""Friendships against WeCom's lists: what callbacks did not tell is found and put right.

A list only raises a doubt. What it lacks, or has too much, is looked at on the contact's own card,
and only what that card says is written; nothing that the house learnt meanwhile is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Count

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from members.identity.actions import NewFriend, end_friendship, take_friend
from members.identity.models import Friendship, IdentityKind
from members.identity.queries import digest_of
from members.identity.rules import Verdict, verdict_on
from stores.org.models import Guide
from wecom.directory.models import Staff
from wecom.directory.portions import (
    ContactSeen,
    FriendIds,
    FriendPairs,
    Outcome,
    Portion,
    Rest,
    Tally,
    pairs_of,
)
from wecom.directory.portions import Found as Difference
from wecom.gateway import ContactCard, ContactPair

US: Final = Actor.system("compares friends with WeCom")
# A page of WeCom's details holds so many friends; more doubts than pages want the pages.
_A_PAGE: Final = 100


@dataclass(slots=True)
class _Held:
    """What we hold of one guide's friendships, by external id."""

    open: set[str] = field(default_factory=set)
    # Who ended the newest friendship, where none is open.
    ended: dict[str, str] = field(default_factory=dict)


def compare_friends(portion: Portion) -> Outcome:
    """The comparer of friendships; see `wecom.directory.portions`."""
    facts = portion.facts
    if isinstance(facts, FriendIds):
        return _compare_ids(facts)
    if isinstance(facts, FriendPairs):
        return _compare_pairs(facts.pairs, portion.asked_at)
    if isinstance(facts, ContactSeen):
        return _compare_card(facts, portion.asked_at)
    if isinstance(facts, Rest) and portion.is_full:
        return _guides_unlisted()
    return Outcome()


# ---------------------------------------------------------------- lists raise doubts


def _compare_ids(listed: FriendIds) -> Outcome:
    """Who is in one list and not in the other is wanted in detail."""
    with scope_of(US):
        guide = Guide.objects.filter(wecom_userid=listed.userid).first()
        if guide is None:
            return Outcome()
        held = _held(guide)
    there = set(listed.external_userids)
    # Her deletion leaves the pair in WeCom's list: that is no difference.
    one_sided = {key for key, ended_by in held.ended.items() if ended_by == "customer"}
    missing = there - held.open - one_sided
    extra = held.open - there
    compared = len(there | held.open)
    if len(missing) > 1 + len(there) // _A_PAGE:
        wants = [f"{listed.userid} *"]
    else:
        wants = [f"{listed.userid} {key}" for key in sorted(missing)]
    return Outcome(compared, wants=[*wants, *(f"{listed.userid} {key}" for key in sorted(extra))])


def _held(guide: Guide) -> _Held:
    """Ids and ends alone: a guide has up to twenty thousand friends, and nobody's name is read."""
    found = _Held()
    rows = Friendship.objects.filter(guide=guide).order_by("since", "pk")
    for key, until, ended_by in rows.values_list(
        "contact__external_userid", "until", "ended_by"
    ).iterator(chunk_size=2000):
        if until is None:
            found.open.add(key)
        else:
            found.ended[key] = ended_by
    for key in found.open:
        found.ended.pop(key, None)
    return found


# ---------------------------------------------------------------- details are written


def _compare_pairs(pairs: Sequence[ContactPair], asked_at: datetime) -> Outcome:
    """Each pair as WeCom has it: taken when missing, begun anew, or only its card refreshed."""
    tally = Tally(compared=len(pairs))
    with scope_of(US):
        guides = _guides({pair.userid for pair in pairs})
        newest = _newest(pairs, guides)
        told = _told_since([pair.external_userid for pair in pairs], asked_at)
    for pair in pairs:
        guide = guides.get(pair.userid)
        if guide is None or pair.external_userid in told:
            continue
        row = newest.get((pair.external_userid, guide.pk))
        _settle(pair, guide, row, asked_at, tally)
    return tally.outcome()


def _settle(
    pair: ContactPair, guide: Guide, row: Friendship | None, asked_at: datetime, tally: Tally
) -> None:
    verdict = verdict_on(
        begun_at=None if row is None else row.since,
        ended_at=None if row is None else row.until,
        ended_by="" if row is None else row.ended_by,
        wecoms_since=pair.since,
        asked_at=asked_at,
    )
    if verdict is Verdict.LEAVE:
        return
    if verdict is Verdict.SAME:
        if row is None or not _differs(row, pair, guide):
            return
    elif verdict is Verdict.RENEWED and row is not None and row.until is None:
        end_friendship(pair.external_userid, guide.pk, ended_by="unknown", at=pair.since, by=US)
    card = ContactCard(pair.external_userid, pair.name, pair.avatar, pair.kind, pair.unionid, ())
    friend = NewFriend(
        card=card,
        since=pair.since,
        state=pair.state[:64],
        add_way=pair.add_way,
        remark=pair.remark,
        mobiles=pair.mobiles,
        asked_at=asked_at,
    )
    take_friend(guide.pk, friend, by=US)
    word = {
        Verdict.SAME: "客户资料更新",
        Verdict.RENEWED: "重新加了好友",
        Verdict.MISSING: "漏记的好友",
    }[verdict]
    tally.repaired.append(Difference(f"contact:{pair.external_userid}", word, _of(guide)))


def _differs(row: Friendship, pair: ContactPair, guide: Guide) -> bool:
    """Whether her card says something else than what we hold of her."""
    contact = row.contact
    entity = guide.store.entity
    digest = digest_of(IdentityKind.UNIONID, pair.unionid, entity) if pair.unionid else None
    held = contact.unionid_digest
    return (
        (contact.name or "") != pair.name
        or (row.remark or "") != pair.remark
        or contact.avatar_url != pair.avatar[:500]
        or (digest is not None and (held is None or bytes(held) != digest))
    )


def _compare_card(seen: ContactSeen, asked_at: datetime) -> Outcome:
    """One contact with all her followers: friendships that the card does not show have ended."""
    pairs = () if seen.card is None else pairs_of(seen.card)
    outcome = _compare_pairs(pairs, asked_at)
    tally = Tally(outcome.compared, list(outcome.repaired), list(outcome.left))
    following = {pair.userid for pair in pairs}
    with scope_of(US):
        if _told_since([seen.external_userid], asked_at):
            return tally.outcome()
        open_rows = list(
            Friendship.objects.filter(
                contact__external_userid=seen.external_userid, until=None, since__lt=asked_at
            )
            .filter(contact__read_at__lte=asked_at)
            .select_related("guide__store")
        )
        unreadable = _unreadable({str(row.guide.wecom_userid) for row in open_rows})
    for row in open_rows:
        userid = str(row.guide.wecom_userid or "")
        if userid in following or userid in unreadable:
            continue
        if end_friendship(seen.external_userid, row.guide_id, ended_by="unknown", by=US):
            subject = f"contact:{seen.external_userid}"
            tally.repaired.append(Difference(subject, "已不是好友", _of(row.guide)))
    return tally.outcome()


# ---------------------------------------------------------------- what could not be compared


def _guides_unlisted() -> Outcome:
    """Guides with friends here who are not on WeCom's list: nothing of theirs could be read."""
    with scope_of(US):
        serving = Staff.objects.present().filter(serves_contacts=True)
        if not serving.exists():
            return Outcome()
        rows = list(
            Guide.objects.working()
            .filter(friendships__isnull=False, friendships__until=None)
            .exclude(wecom_userid__in=serving.values("userid"))
            .annotate(friends=Count("friendships"))
            .order_by("pk")
            .values_list("wecom_userid", "friends")[:500]
        )
    word = "导购不在客户联系名单，好友未核对"
    left = [Difference(f"staff:{userid or '-'}", word, f"{count} 位好友") for userid, count in rows]
    return Outcome(len(rows), left=left)


def _unreadable(userids: Iterable[str]) -> set[str]:
    """Guides whose friends WeCom does not show us: their friendships are not over for that.

    With an empty mirror that is every guide; see `wecom.directory.queries.must_wait_for`.
    """
    known = (
        Staff.objects.present().filter(userid__in=list(userids)).values_list("userid", flat=True)
    )
    return set(userids) - set(known)


def _told_since(external_userids: Sequence[str], asked_at: datetime) -> set[str]:
    """Contacts of whom WeCom told something after it was asked: their handlers know better."""
    subjects = [f"contact:{key}" for key in external_userids]
    found = DomainEvent.objects.filter(subject__in=subjects, at__gte=asked_at)
    told = found.filter(kind__startswith="wecom.").values_list("subject", flat=True)
    return {subject.removeprefix("contact:") for subject in told}


def _guides(userids: Iterable[str]) -> dict[str, Guide]:
    rows = Guide.objects.filter(wecom_userid__in=list(userids)).select_related("store__entity")
    return {str(row.wecom_userid): row for row in rows}


def _newest(
    pairs: Sequence[ContactPair], guides: dict[str, Guide]
) -> dict[tuple[str, int], Friendship]:
    """The newest friendship of each pair, the open one if there is one."""
    rows = (
        Friendship.objects.filter(
            guide__in=guides.values(),
            contact__external_userid__in={pair.external_userid for pair in pairs},
        )
        .select_related("contact")
        .order_by("since", "pk")
    )
    found: dict[tuple[str, int], Friendship] = {}
    for row in rows:
        key = (row.contact.external_userid, row.guide_id)
        if key not in found or found[key].until is not None:
            found[key] = row
    return found


def _of(guide: Guide) -> str:
    return f"导购 {guide.employee_no}"
