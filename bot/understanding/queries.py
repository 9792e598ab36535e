"""How a heard message reads on a screen: who asked, in which words."""

from __future__ import annotations

from collections.abc import Iterable

from bot.understanding.models import HeardMessage
from groups.chats.models import GroupMember
from members.identity.queries import called

NOT_KEPT = "她没有同意会话存档，原话没有保存，请到聊天里看"
NOT_THERE = "原话已过保存期"
SOMEBODY = "一位顾客"


def askers_of(heard: Iterable[HeardMessage | None]) -> dict[int, str]:
    """How each is called: as member, as contact, by her name in the group. Inside a scope.

    One query for all. Give it messages with `contact__member` selected; what the scope does not
    meet stays unknown.
    """
    known: dict[int, str] = {}
    unknown: list[HeardMessage] = []
    for one in heard:
        if one is None:
            continue
        name = _name_of_contact(one)
        if name:
            known[one.pk] = name
        else:
            unknown.append(one)
    in_group = _names_in_groups(unknown)
    for one in unknown:
        known[one.pk] = in_group.get((one.group_id, one.sender)) or SOMEBODY
    return known


def asker_of(heard: HeardMessage | None) -> str:
    """How one is called."""
    return SOMEBODY if heard is None else askers_of([heard])[heard.pk]


def _name_of_contact(heard: HeardMessage) -> str:
    contact = heard.contact
    if contact is None:
        return ""
    return called(contact.member, contact) if contact.member is not None else contact.name or ""


def _names_in_groups(heard: list[HeardMessage]) -> dict[tuple[int | None, str], str]:
    groups = {one.group_id for one in heard if one.group_id is not None}
    if not groups:
        return {}
    stays = GroupMember.objects.filter(
        group__in=groups, person_id__in={one.sender for one in heard}
    ).order_by("joined_at")
    return {(stay.group_id, stay.person_id): stay.name for stay in stays if stay.name}


def words_of(heard: HeardMessage | None) -> str:
    """Her words, or why they are not there."""
    if heard is None:
        return NOT_THERE
    return heard.text or (NOT_KEPT if heard.is_text_withheld else NOT_THERE)


def quoted(heard: HeardMessage | None) -> str:
    """Her words between quotation marks; a reason stands without."""
    words = words_of(heard)
    return words if words in (NOT_KEPT, NOT_THERE) else f"“{words[:40]}”"
