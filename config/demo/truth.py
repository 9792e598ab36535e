"""What the product's own rows say, for the story to compare with the simulated world."""

from __future__ import annotations

from django.db.models import Sum

from bot.replies.models import Draft, DraftState
from groups.chats.models import GroupMember
from groups.pushes.models import Delivery, DeliveryState
from kit.actions import scope_of
from kit.actor import Actor
from members.identity.models import Friendship
from stores.conversions.models import Credit
from stores.org.models import Guide

_READER = Actor.system("smoke")


def is_friend_and_member(external_userid: str) -> bool:
    """The contact is somebody's friend and was joined to a member."""
    with scope_of(_READER):
        return Friendship.objects.filter(
            contact__external_userid=external_userid, until=None, contact__member__isnull=False
        ).exists()


def people_in_group(chat_id: str) -> set[str]:
    """Who is in a group, by WeCom's ids."""
    with scope_of(_READER):
        return set(
            GroupMember.objects.filter(group__chat_id=chat_id, left_at=None).values_list(
                "person_id", flat=True
            )
        )


def was_delivered(push: int, external_userid: str) -> bool:
    """WeCom said that the push reached her."""
    with scope_of(_READER):
        return Delivery.objects.filter(
            push=push, recipient=external_userid, state=DeliveryState.SENT
        ).exists()


def credited_to(userid: str) -> int:
    """All that is credited to a guide, in cents."""
    with scope_of(_READER):
        guide = Guide.objects.get(wecom_userid=userid)
        found = Credit.objects.filter(guide_no=guide.pk).aggregate(total=Sum("amount"))
        return int(found["total"] or 0)


def draft_for(chat_id: str, piece: str) -> str:
    """The newest draft with a piece of text that waits for a group's owner, or nothing."""
    with scope_of(_READER):
        found = (
            Draft.objects.filter(
                group__chat_id=chat_id, state=DraftState.WAITING, text__contains=piece
            )
            .order_by("-pk")
            .first()
        )
        return found.text if found else ""
