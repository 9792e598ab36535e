"""How a heard message reads on a screen: who asked, in which words."""

from __future__ import annotations

from bot.understanding.models import HeardMessage
from groups.chats.models import GroupMember
from members.identity.queries import called

NOT_KEPT = "她没有同意会话存档，原话没有保存，请到聊天里看"
NOT_THERE = "原话已过保存期"


def asker_of(heard: HeardMessage | None) -> str:
    """How she is called: as member, as contact, by her name in the group. Inside a scope.

    Give it messages with `contact__member` selected; rows outside the scope stay unknown.
    """
    if heard is None:
        return "一位顾客"
    contact = heard.contact
    if contact is not None and contact.member is not None:
        return called(contact.member, contact)
    if contact is not None and contact.name:
        return contact.name
    stay = (
        GroupMember.objects.filter(group=heard.group_id, person_id=heard.sender)
        .order_by("-joined_at")
        .first()
        if heard.group_id
        else None
    )
    return (stay.name if stay is not None else None) or "一位顾客"


def words_of(heard: HeardMessage | None) -> str:
    """Her words, or why they are not there."""
    if heard is None:
        return NOT_THERE
    return heard.text or (NOT_KEPT if heard.is_text_withheld else NOT_THERE)


def quoted(heard: HeardMessage | None) -> str:
    """Her words between quotation marks; a reason stands without."""
    words = words_of(heard)
    return words if words in (NOT_KEPT, NOT_THERE) else f"“{words[:40]}”"
