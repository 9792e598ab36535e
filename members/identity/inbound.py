"""WeCom says that a friendship began or ended: read what is true, then call an action."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import structlog
from django.db.models import F
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from members.identity.actions import NewFriend, end_friendship, take_friend
from members.identity.models import Friendship
from members.identity.reconciling import compare_friends
from stores.org.models import Guide
from wecom.directory.portions import ContactSeen, Portion
from wecom.gateway import gateway_of
from wecom.gateway.errors import Retry, WecomError
from wecom.gateway.types import ContactCard, Follower

log = structlog.get_logger(__name__)


def friend_came(event: DomainEvent) -> None:
    """A customer and a guide became friends: WeCom's own card of her says how and since when."""
    guide = _guide(event)
    if guide is None:
        return
    said = event.payload
    card = _read_card(event)
    if card is None:
        return
    follower = _follower(card, guide)
    if follower is None:
        log.info("friend_gone_before_reading", news=str(event.public_id))
        return
    # The event's state wins: WeCom forgets that of a friendship begun anew in some versions.
    state = str(said.get("state") or follower.state)[:64]
    is_adding = event.kind.rpartition(".")[2].startswith("add_")
    friend = _friend(card, follower, state)
    friend = replace(friend, came_at=moment_of(event)) if is_adding else friend
    take_friend(guide.pk, friend, by=Actor.system(event.kind))


def friend_left(event: DomainEvent) -> None:
    """The customer deleted the guide."""
    _end(event, ended_by="customer")


def friend_dropped(event: DomainEvent) -> None:
    """The guide deleted the customer, or the friendship went to another guide."""
    transferred = event.payload.get("source") == "DELETE_BY_TRANSFER"
    _end(event, ended_by="transfer" if transferred else "guide")


def friend_edited(event: DomainEvent) -> None:
    """Name, picture or unionid may have changed: the card is read again."""
    friend_came(event)


def _end(event: DomainEvent, *, ended_by: str) -> None:
    """End the friendship, unless the two became friends again after what the event tells.

    News may come late and out of order: her card is asked who is her friend by now.
    """
    guide = _guide(event)
    if guide is None:
        return
    external_userid = str(event.payload["external_userid"])
    asked_at = timezone.now()
    card = _read_card(event)
    follower = None if card is None else _follower(card, guide)
    if card is None or follower is None or follower.since <= moment_of(event):
        by, over_at = Actor.system(event.kind), min(asked_at, moment_of(event))
        if card is not None and follower is not None and ended_by == "customer":
            newest = _newest(event, guide)
            if newest is None or newest.since < follower.since:
                # Nobody told us of her adding, or will do so only now. WeCom shows her as a friend
                # for ever: unless her going is kept, she would be taken for one.
                take_friend(guide.pk, _friend(card, follower, follower.state[:64]), by=by)
        end_friendship(external_userid, guide.pk, ended_by=ended_by, at=over_at, by=by)
        return
    seen = ContactSeen(external_userid, card)
    compare_friends(Portion("contacts", event.subject, seen, asked_at, since=asked_at))


def _newest(event: DomainEvent, guide: Guide) -> Friendship | None:
    """The newest friendship of the two, the open one if there is one."""
    with scope_of(Actor.system(event.kind)):
        of_two = Friendship.objects.filter(
            contact__external_userid=str(event.payload["external_userid"]), guide=guide
        )
        return of_two.order_by(F("until").desc(nulls_first=True), "-pk").first()


def _friend(card: ContactCard, follower: Follower, state: str) -> NewFriend:
    return NewFriend(
        card=card,
        since=follower.since,
        state=state,
        add_way=follower.add_way,
        remark=follower.remark,
        mobiles=follower.mobiles,
    )


def _guide(event: DomainEvent) -> Guide | None:
    """The guide the event names; people of the corp who are no guides have no friends here."""
    with scope_of(Actor.system(event.kind)):
        return Guide.objects.filter(wecom_userid=str(event.payload.get("userid", ""))).first()


def _read_card(event: DomainEvent) -> ContactCard | None:
    """Her card; None when WeCom says for good that it is not ours to read."""
    try:
        return gateway_of(str(event.payload.get("app") or "main")).contact(
            external_userid=str(event.payload["external_userid"])
        )
    except WecomError as error:
        if error.retry is not Retry.NEVER:
            raise
        log.info("contact_unreadable", code=error.code, news=str(event.public_id))
        return None


def _follower(card: ContactCard, guide: Guide) -> Follower | None:
    for follower in card.followers:
        if follower.userid.lower() == guide.wecom_userid:
            return follower
    return None


def moment_of(event: DomainEvent) -> datetime:
    """When WeCom says it happened; our own clock when it does not say."""
    seconds = event.payload.get("created_at")
    return datetime.fromtimestamp(int(seconds), tz=UTC) if seconds else timezone.now()
