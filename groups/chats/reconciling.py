"""Groups against WeCom: every listed one is laid over ours, unlisted ones are looked at alone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from groups.chats import actions
from groups.chats.models import Group, GroupMember, GroupState
from groups.chats.rules import difference
from kit.actions import scope_of
from kit.actor import Actor
from wecom.directory.portions import Found, GroupSeen, Outcome, Portion, Rest
from wecom.gateway import GroupCard

US: Final = Actor.system("compares groups with WeCom")
_AT_ONCE: Final = 100


def compare_groups(portion: Portion) -> Outcome:
    """The comparer of groups; see `wecom.directory.portions`."""
    facts = portion.facts
    if isinstance(facts, GroupSeen):
        return _compare_one(facts, portion.asked_at)
    if isinstance(facts, Rest):
        return _unmet(facts.after, portion.since)
    return Outcome()


def _compare_one(seen: GroupSeen, asked_at: datetime) -> Outcome:
    subject = f"group:{seen.chat_id}"
    if seen.card is None:
        closed = actions.close_group(seen.chat_id, at=asked_at, by=US)
        return Outcome(1, repaired=[Found(subject, "群已解散")] if closed else [])
    with scope_of(US):
        found = _difference(seen.card, asked_at)
    if actions.take_over_list(seen.card, asked_at=asked_at, by=US) is None:
        word = Found(subject, "群主不是导购", seen.card.owner_userid)
        return Outcome(1, left=[word])
    return Outcome(1, repaired=found)


def _difference(card: GroupCard, asked_at: datetime) -> list[Found]:
    """What is about to change, in HQ's words; nothing when a newer answer is held already."""
    subject = f"group:{card.chat_id}"
    held = Group.objects.select_related("owner").filter(chat_id=card.chat_id).first()
    if held is None:
        return [Found(subject, "新的客户群", card.name)]
    if held.read_at > asked_at:
        return []
    found = []
    if held.state != GroupState.ACTIVE:
        found.append(Found(subject, "群并未解散", card.name))
    if held.name != card.name:
        found.append(Found(subject, "群名变更", card.name))
    if held.owner.wecom_userid != card.owner_userid:
        found.append(Found(subject, "群主变更", card.owner_userid))
    if held.member_version != card.member_version:
        stays = GroupMember.objects.filter(group=held, left_at=None)
        change = difference(dict(stays.values_list("person_id", "joined_at")), card.members)
        if change.came or change.left:
            text = f"进群 {len(change.came)}，退群 {len(change.left)}"
            found.append(Found(subject, "群成员变更", text))
    return found


def _unmet(after: str, since: datetime) -> Outcome:
    """Our groups that this sweep did not meet: dismissed, or their owner went out of sight."""
    with scope_of(US):
        unmet = Group.objects.active().filter(read_at__lt=since, pk__gt=int(after or 0))
        rows = list(unmet.order_by("pk").values_list("pk", "chat_id")[:_AT_ONCE])
    wants = [chat_id for _, chat_id in rows]
    return Outcome(wants=wants, after=str(rows[-1][0]) if len(rows) == _AT_ONCE else "")
