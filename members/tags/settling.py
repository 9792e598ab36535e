"""One pair of friends compared with WeCom: read, decide, write here, wish there, mark the end.

Doors and actions only; who wins stands in rules.py. Nothing is written over what became known
after WeCom was asked, and nothing is concluded about tags that are on their way to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Friendship, Member, MemberState
from members.tags.models import MemberTag, PairTags, Tag, TagSource, TagTakenOff
from members.tags.queries import standing_of_member
from members.tags.rules import Act, Settlement, Sides, Standing, settle
from members.tags.steps import call_for_comparison, set_tags
from wecom.gateway import Retry, WecomError, gateway_of
from wecom.outbox.models import Kind
from wecom.outbox.steps import cancel, put

log = structlog.get_logger(__name__)

US: Final = Actor.system("keeps tags equal with WeCom")
_LONGEST_PAUSE: Final = timedelta(minutes=10)
# A wish that never told its end is looked after once more.
_PATIENCE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Told:
    """What WeCom held of a pair, when it was asked, and since when at the latest it is so."""

    tag_ids: frozenset[str]
    asked_at: datetime
    seen_at: datetime


def compare_stale_pairs(*, limit: int = 100) -> int:
    """Compare pairs that somebody called for, the longest waiting first; how many."""
    now = timezone.now()
    with scope_of(US):
        keys = list(
            PairTags.objects.filter(stale_since__isnull=False, next_at__lte=now)
            .order_by("next_at")
            .values_list("pk", flat=True)[:limit]
        )
    for key in keys:
        compare_pair(key)
    return len(keys)


def compare_pair(key: int) -> None:
    """Read the pair at WeCom if that is needed, then settle it. Safe to repeat."""
    with scope_of(US):
        pair = (
            PairTags.objects.select_related("friendship__contact", "friendship__guide")
            .filter(pk=key)
            .first()
        )
    if pair is None:
        return
    told: Told | None = None
    if pair.must_read or pair.held is None:
        try:
            told = read_pair(pair.friendship)
        except WecomError as error:
            log.warning("pair_unreadable", pair=pair.pk, code=error.code)
            put_off(pair.pk, for_good=error.retry is Retry.NEVER, by=US)
            return
        if told is None:
            put_off(pair.pk, for_good=True, by=US)
            return
    settle_pair(pair.friendship_id, told, by=US)


def read_pair(friendship: Friendship) -> Told | None:
    """What WeCom shows of the pair now; None when the two are no friends there."""
    asked_at = timezone.now()
    card = gateway_of("main").contact(friendship.contact.external_userid)
    userid = str(friendship.guide.wecom_userid or "")
    for follower in card.followers:
        if follower.userid.lower() == userid:
            return Told(frozenset(follower.tag_ids), asked_at, asked_at)
    return None


@action
def settle_pair(friendship_id: int, told: Told | None, *, by: Actor) -> bool:
    """Make the pair and the member equal; False when nothing was to be done.

    `told` is None when what is known of WeCom counts. An answer asked for before what is known
    became known is thrown away, and WeCom is asked again. Repeating changes nothing.
    """
    friendship = Friendship.objects.select_related("contact", "guide").get(pk=friendship_id)
    member = Member.objects.select_for_update().filter(pk=friendship.contact.member_id or 0).first()
    PairTags.objects.bulk_create([PairTags(friendship=friendship)], ignore_conflicts=True)
    pair = PairTags.objects.select_for_update().get(friendship=friendship)
    if member is None or friendship.until is not None:
        return _rest(pair)
    if told is not None and pair.known_at is not None and told.asked_at <= pair.known_at:
        _call_again(pair)
        return False
    if told is None and pair.held is None:
        _call_again(pair)
        return False
    standing = standing_of_member(member, timezone.now())
    if standing is Standing.UNASKED or member.state == MemberState.ERASED:
        return _rest(pair)
    return _settle(friendship, member, pair, told, standing)


def _settle(
    friendship: Friendship, member: Member, pair: PairTags, told: Told | None, standing: Standing
) -> bool:
    known = {
        str(tag.wecom_tag_id): tag
        for tag in Tag.objects.filter(wecom_tag_id__isnull=False, retired_at=None)
    }
    busy = _on_its_way(pair)
    sides = _sides(member, pair, told, known, busy, standing)
    found = settle(sides)
    if standing is Standing.FORBIDDEN:
        found = Settlement(push_off=frozenset(sides.there) - busy)
    changed = _take_over(friendship, member, found, known, sides.seen_at)
    pair.held = sorted((set(sides.there) - busy) | (set(pair.held or ()) & busy))
    if told is not None:
        pair.known_at, pair.must_read = told.asked_at, bool(busy)
    _wish(friendship, pair, found)
    pair.stale_since = (pair.stale_since or timezone.now()) if busy else None
    pair.next_at = timezone.now() + _PATIENCE
    pair.troubles = 0
    pair.save()
    if changed:
        _call_others(member, pair)
    return changed or bool(found.push_on or found.push_off)


def _sides(
    member: Member,
    pair: PairTags,
    told: Told | None,
    known: Mapping[str, Tag],
    busy: frozenset[str],
    standing: Standing,
) -> Sides:
    shown = told.tag_ids if told is not None else frozenset(pair.held or ())
    here: dict[str, Act] = {}
    off: dict[str, Act] = {}
    if standing is Standing.ALLOWED:
        here = {
            str(row.tag.wecom_tag_id): Act(row.since, row.source != TagSource.RULE)
            for row in MemberTag.objects.filter(member=member, tag__in=known.values())
            .select_related("tag")
            .order_by("pk")
        }
        words = TagTakenOff.objects.filter(member=member, tag__in=known.values())
        off = {str(row.tag.wecom_tag_id): Act(row.at) for row in words.select_related("tag")}
    return Sides(
        there=shown & frozenset(known),
        here=here,
        held=None if pair.held is None else frozenset(pair.held) & frozenset(known),
        seen_at=timezone.now() if told is None else told.seen_at,
        off=off,
        busy=busy,
    )


def _on_its_way(pair: PairTags) -> frozenset[str]:
    """Tags of the wish that was begun; one that nobody began with is taken back."""
    if not pair.wish:
        return frozenset()
    if cancel(pair.wish["once"]):
        pair.wish = {}
        return frozenset()
    return frozenset([*pair.wish["add"], *pair.wish["remove"]])


def _take_over(
    friendship: Friendship,
    member: Member,
    found: Settlement,
    known: Mapping[str, Tag],
    at: datetime,
) -> bool:
    if not (found.take_on or found.take_off):
        return False
    return set_tags(
        member,
        add=[known[key] for key in sorted(found.take_on)],
        remove=[known[key] for key in sorted(found.take_off)],
        source=TagSource.WECOM,
        at=at,
        by_words=f"wecom:{friendship.guide.wecom_userid}",
    )


def _wish(friendship: Friendship, pair: PairTags, found: Settlement) -> None:
    """One row in the outbox for what WeCom is to change; none when something is on its way."""
    add, remove = sorted(found.push_on), sorted(found.push_off)
    if not (add or remove):
        return
    if pair.wish:
        # The end of what is on its way calls for another look.
        return
    pair.version += 1
    once = f"tags:{shown_id(friendship.public_id)}:{pair.version}"
    pair.wish = {"once": once, "add": add, "remove": remove}
    external_userid = friendship.contact.external_userid
    put(
        Kind.TAG_MARK,
        {
            "userid": friendship.guide.wecom_userid,
            "external_userid": external_userid,
            "add": add,
            "remove": remove,
        },
        once=once,
        subject=f"contact:{external_userid}",
    )


def _call_others(member: Member, pair: PairTags) -> None:
    """What one guide changed at WeCom holds for the member: her other pairs follow."""
    stale_since, next_at = pair.stale_since, pair.next_at
    call_for_comparison([member.pk])
    PairTags.objects.filter(pk=pair.pk).update(stale_since=stale_since, next_at=next_at)


def _rest(pair: PairTags) -> bool:
    pair.stale_since, pair.troubles = None, 0
    pair.save(update_fields=["stale_since", "troubles"])
    return False


def _call_again(pair: PairTags) -> None:
    pair.stale_since = pair.stale_since or timezone.now()
    pair.must_read, pair.next_at = True, timezone.now()
    pair.save(update_fields=["stale_since", "must_read", "next_at"])


@action
def put_off(key: int, *, for_good: bool, by: Actor) -> None:
    """WeCom did not show the pair: later again, or not before something calls for it anew."""
    pair = PairTags.objects.select_for_update().filter(pk=key).first()
    if pair is None:
        return
    if for_good:
        pair.stale_since = None
    pair.troubles = min(pair.troubles + 1, 30)
    pair.next_at = timezone.now() + min(
        timedelta(seconds=2 ** min(pair.troubles, 10)), _LONGEST_PAUSE
    )
    pair.save(update_fields=["stale_since", "troubles", "next_at"])


@action
def end_wish(once: str, *, was_done: bool, by: Actor) -> bool:
    """Note what became of a wish; False when it is not the one on its way.

    Done, WeCom holds it from now on. Otherwise what it holds is read before the next comparison.
    """
    friendship = Friendship.objects.filter(tags__wish__once=once).select_related("contact").first()
    if friendship is None:
        return False
    list(Member.objects.select_for_update().filter(pk=friendship.contact.member_id or 0))
    pair = PairTags.objects.select_for_update().get(friendship=friendship)
    if pair.wish.get("once") != once:
        return False
    now = timezone.now()
    if was_done:
        pair.held = sorted(
            (set(pair.held or ()) | set(pair.wish["add"])) - set(pair.wish["remove"])
        )
    else:
        pair.must_read = True
    pair.wish, pair.known_at, pair.next_at = {}, now, now
    pair.save(update_fields=["held", "wish", "known_at", "must_read", "next_at"])
    return True


@action
def look_again(friendship_id: int, *, by: Actor) -> None:
    """Have one pair read at WeCom and compared soon."""
    friendship = Friendship.objects.filter(pk=friendship_id, until=None).first()
    if friendship is None:
        return
    PairTags.objects.bulk_create([PairTags(friendship=friendship)], ignore_conflicts=True)
    PairTags.objects.filter(friendship=friendship).update(
        stale_since=timezone.now(), must_read=True, next_at=F("next_at")
    )
