"""Corp tags and contacts against WeCom: the mirror becomes tags of ours, pairs are settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kit.actions import scope_of
from members.identity.models import Friendship
from members.tags.catalogue import take_corp_tags
from members.tags.models import PairTags, Tag
from members.tags.settling import US, Told, settle_pair
from wecom.directory.portions import ContactSeen, FriendPairs, Outcome, Portion, TagsSeen
from wecom.directory.portions import Found as Difference

_WORD: Final = "企业标签与会员标签不一致"


def mirror_corp_tags(portion: Portion) -> Outcome:
    """What WeCom's corp tags are, our guides may use: new, renamed, deleted."""
    if not isinstance(portion.facts, TagsSeen):
        return Outcome()
    changed = take_corp_tags(by=US)
    return Outcome(repaired=[Difference("tags", word) for word in changed])


def compare_tags(portion: Portion) -> Outcome:
    """Pairs whose tags at WeCom are not what we know of them are settled."""
    shown = _shown(portion)
    if not shown:
        return Outcome()
    with scope_of(US):
        due = _unlike(shown)
    repaired = [
        Difference(f"contact:{row.contact.external_userid}", _WORD, f"导购 {row.guide.employee_no}")
        for row in due
        if settle_pair(row.pk, _told(shown, row, portion.asked_at), by=US)
    ]
    return Outcome(len(shown), repaired=repaired)


Pair = tuple[str, str]


def _shown(portion: Portion) -> dict[Pair, frozenset[str]]:
    """By external id and userid: the tags that WeCom told."""
    facts = portion.facts
    if isinstance(facts, FriendPairs):
        return {(row.external_userid, row.userid): frozenset(row.tag_ids) for row in facts.pairs}
    if isinstance(facts, ContactSeen) and facts.card is not None:
        return {
            (facts.external_userid, one.userid.lower()): frozenset(one.tag_ids)
            for one in facts.card.followers
        }
    return {}


def _unlike(shown: Mapping[Pair, frozenset[str]]) -> list[Friendship]:
    """Open friendships of members where WeCom shows something else than we know; three queries."""
    rows = (
        Friendship.objects.filter(
            contact__external_userid__in={key for key, _ in shown},
            guide__wecom_userid__in={userid for _, userid in shown},
            contact__member__isnull=False,
            until=None,
        )
        .select_related("contact", "guide")
        .order_by("pk")
    )
    pairs = {row.friendship_id: row for row in PairTags.objects.filter(friendship__in=rows)}
    corp = Tag.objects.filter(wecom_tag_id__isnull=False, retired_at=None)
    known = frozenset(str(key) for key in corp.values_list("wecom_tag_id", flat=True))
    found = []
    for row in rows:
        told = shown.get((row.contact.external_userid, str(row.guide.wecom_userid)))
        pair = pairs.get(row.pk)
        if told is None:
            continue
        is_same = pair is not None and pair.held is not None and told & known == set(pair.held)
        # A wish on its way tells its own end.
        if not is_same and not (pair is not None and pair.wish):
            found.append(row)
    return found


def _told(shown: Mapping[Pair, frozenset[str]], row: Friendship, asked_at: datetime) -> Told:
    tags = shown[row.contact.external_userid, str(row.guide.wecom_userid)]
    return Told(tags, asked_at, asked_at)
