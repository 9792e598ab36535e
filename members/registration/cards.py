"""What Today shows of newcomers: who has just joined, and whom to ask who she is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse

from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Friendship, Member, MemberState
from members.identity.queries import called, suggestions_for
from members.identity.rules import face_of, tone_of
from stores.org.models import Guide
from stores.tablet.cards import Card
from wecom.outbox.queries import came_to_nothing

_NEWS_FOR = timedelta(hours=24)
_MOST = 10
_MOST_FRIENDS = 100


def newcomers(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """Members who joined with this guide since yesterday; who is no friend yet comes as work."""
    friends = Friendship.objects.filter(contact__member=OuterRef("pk"), guide=guide, until=None)
    found = (
        Member.objects.filter(
            owner=guide, state=MemberState.ACTIVE, joined_at__gt=at - _NEWS_FOR, joined_at__lte=at
        )
        .annotate(is_friend=Exists(friends))
        .order_by("-joined_at")[:_MOST]
    )
    return [_newcomer(member, is_friend=member.is_friend) for member in found]


def _newcomer(member: Member, *, is_friend: bool) -> Card:
    name = called(member)
    shown = shown_id(member.public_id)
    return Card(
        key=f"newcomer:{shown}",
        urgency="news" if is_friend else "kind",
        title=name,
        why="刚成为会员，已加你的企业微信" if is_friend else "刚成为会员，还没加你的企业微信",
        href=reverse("tablet-member", args=[member.public_id]),
        act="看看她",
        face=face_of(name),
        tone=tone_of(member.pk),
    )


def unwelcomed(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """New friends whom WeCom's welcome did not reach: only the guide herself can greet them now."""
    friends = (
        Friendship.objects.filter(guide=guide, until=None, since__gt=at - _NEWS_FOR, since__lte=at)
        .select_related("contact__member")
        .order_by("-since")[:_MOST_FRIENDS]
    )
    waiting = {f"contact:{friend.contact.external_userid}": friend for friend in friends}
    if not waiting:
        return []
    missed = came_to_nothing("welcome", since=at - _NEWS_FOR, subjects=waiting)
    return [_unwelcomed(friend) for key, friend in waiting.items() if key in missed][:_MOST]


def _unwelcomed(friend: Friendship) -> Card:
    member = friend.contact.member
    name = friend.contact.name or "新好友"
    if member is None:
        href = reverse("tablet-members")
    else:
        href = reverse("tablet-member", args=[member.public_id])
    return Card(
        key=f"unwelcomed:{shown_id(friend.public_id)}",
        urgency="today",
        title=name,
        why="刚加你，欢迎语没有发出去，在企业微信里跟她打个招呼",
        href=href,
        act="看看她" if member is not None else "看看会员",
        face=face_of(name),
        tone=tone_of(friend.contact_id),
        due_at=friend.since + _NEWS_FOR,
    )


def to_ask(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """Friends of whom only she herself can say whether they are the member."""
    cards = []
    for suggestion in suggestions_for(guide)[:_MOST]:
        friend = suggestion.contact.name or "新好友"
        cards.append(
            Card(
                key=f"suggestion:{shown_id(suggestion.public_id)}",
                urgency="today",
                title=friend,
                why=f"可能就是会员{called(suggestion.member)}，问她一句就知道",
                href=reverse("tablet-suggestion", args=[suggestion.public_id]),
                act="去确认",
                face=face_of(friend),
                tone=tone_of(suggestion.contact_id),
            )
        )
    return cards
