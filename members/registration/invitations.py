"""Registrations begun on an iPad: spare codes fetched ahead, begun once, taken once, forgotten.

Until she has proven her phone on her own phone there is a pending member at most: without a phone,
without a permission, met by nobody who sends. The database's clock decides what still holds.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.identity.steps import tell_guide
from members.registration.channel_codes import ask_for_contact_way
from members.registration.clock import database_now
from members.registration.errors import RegistrationError
from members.registration.models import ChannelCode, Registration, Scene, StartedOn
from members.registration.models_of_tablet import Invitation
from members.registration.visits import begin_visit
from stores.org.models import Guide

LIVES = timedelta(minutes=10)
MOST_SPARES = 20
# A guide greets fewer people than this in a day; more is a machine.
MOST_A_DAY = 400
MOST_IN_A_BATCH = 50
LONGEST_NAME = 20
_TOKEN_LENGTH = 22
# A pending row without a phone is of no use once its code is over.
_PENDING_STAYS = timedelta(hours=1)


class Outcome(StrEnum):
    """What became of one begun registration that an iPad reports."""

    BEGUN = "begun"
    KNOWN = "known"
    EXPIRED = "expired"
    REFUSED = "refused"


class TooManyInvitations(RegistrationError):
    """今天开始的注册太多了，请明天再试，或者请店长看看。"""


class InvitationGone(RegistrationError):
    """这个码已经不能用了，请导购再出示一个。"""


@dataclass(frozen=True, slots=True)
class Begun:
    """One entry of an iPad's queue. Its clock is a claim; `called` only with the customer's yes."""

    client_id: uuid.UUID
    token: str = ""
    called: str = ""
    said_at: datetime | None = None


@action
def fetch_spares(guide_id: int, *, want: int, by: Actor) -> list[Invitation]:
    """So many more single-use codes for one iPad, good until the store's midnight.

    Asking again gives others: two iPads never hold the same. Refuses too many in a day.
    """
    guide = _locked_guide(guide_id)
    now = database_now()
    want = max(0, min(want, MOST_SPARES))
    if not want:
        return []
    _count_today(guide, now, more=want)
    code = _tablet_code(guide)
    midnight = _next_midnight(guide, now)
    return Invitation.objects.bulk_create(
        Invitation(
            guide=guide, store=guide.store, channel_code=code, fetched_at=now, expires_at=midnight
        )
        for _ in range(want)
    )


@action
def begin_registration(
    guide_id: int, *, client_id: uuid.UUID, by: Actor, called: str = ""
) -> Invitation:
    """Begin with network: a code good for ten minutes. The same client id again: the same code."""
    guide = _locked_guide(guide_id)
    known = _known(guide, client_id)
    if known is not None:
        return known
    now = database_now()
    _count_today(guide, now, more=1)
    invitation = Invitation.objects.create(
        guide=guide,
        store=guide.store,
        channel_code=_tablet_code(guide),
        client_id=client_id,
        fetched_at=now,
        begun_at=now,
        expires_at=now + LIVES,
    )
    _keep_pending(invitation, called)
    return invitation


@action
def replay_begun(guide_id: int, entries: Sequence[Begun], *, by: Actor) -> list[Outcome]:
    """What an iPad began without network, in any order and as often as it likes.

    Each counts once; server time wins. A code that is somebody else's, or was begun under another
    client id, is refused alike. She may have finished already: then only the record is kept.
    """
    guide = _locked_guide(guide_id)
    now = database_now()
    outcomes = [_replay(guide, entry, now) for entry in entries[:MOST_IN_A_BATCH]]
    if Outcome.BEGUN in outcomes:
        tell_guide(guide, kind="member")
    return outcomes


def _replay(guide: Guide, entry: Begun, now: datetime) -> Outcome:
    known = _known(guide, entry.client_id)
    if known is not None:
        return Outcome.KNOWN if known.token == entry.token else Outcome.REFUSED
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(token=entry.token, guide=guide, client_id=None)
        .first()
    )
    if invitation is None:
        return Outcome.REFUSED
    invitation.client_id, invitation.begun_at = entry.client_id, now
    invitation.said_begun_at = entry.said_at
    invitation.save(update_fields=["client_id", "begun_at", "said_begun_at"])
    if invitation.opened_at is None and invitation.expires_at <= now:
        return Outcome.EXPIRED
    if invitation.done_at is None:
        _keep_pending(invitation, entry.called)
    return Outcome.BEGUN


@action
def take_invitation(invitation_id: int, *, by: Actor) -> Registration:
    """The one who comes first has it: her visit begins. Refuses a second and a late one alike.

    The iPad may not have reported yet: a spare code is as good as a begun one.
    """
    now = database_now()
    # Of its own columns only: with a join PostgreSQL would not look again after waiting.
    taken = Invitation.objects.filter(pk=invitation_id, opened_at=None, expires_at__gt=now).update(
        opened_at=now
    )
    if not taken:
        raise InvitationGone
    invitation = Invitation.objects.select_related("channel_code__guide__store", "member").get(
        pk=invitation_id
    )
    if invitation.channel_code.guide.left_on is not None:
        raise InvitationGone
    registration = begin_visit(invitation.channel_code, started_on=StartedOn.TABLET)
    invitation.registration = registration
    invitation.save(update_fields=["registration"])
    _keep_pending(invitation, "")
    return registration


@action
def finish_invitation(registration_id: int, *, by: Actor) -> bool:
    """Her phone is proven: the pending row goes, how she is called passes on. Again: False."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("member", "registration", "guide__store")
        .filter(registration=registration_id, done_at=None)
        .first()
    )
    if invitation is None or invitation.registration is None:
        return False
    pending, member_id = invitation.member, invitation.registration.member_id
    invitation.member, invitation.done_at = None, database_now()
    invitation.save(update_fields=["member", "done_at"])
    if pending is not None:
        if pending.name and member_id is not None:
            _pass_on_name(member_id, str(pending.name))
        pending.delete()
    tell_guide(invitation.guide, kind="member")
    return True


@action
def forget_pending(*, by: Actor) -> int:
    """Pending rows whose code was over an hour ago and who never proved a phone; how many went.

    The visit itself may still be finished: then she is a member without what was typed for her.
    """
    late = database_now() - _PENDING_STAYS
    over = Invitation.objects.filter(expires_at__lt=late, done_at=None).exclude(member=None)
    gone, _ = Member.objects.filter(
        state=MemberState.PENDING, pk__in=over.values("member")
    ).delete()
    spare = Invitation.objects.filter(expires_at__lt=late, begun_at=None, opened_at=None)
    spare.delete()
    return gone


# ---------------------------------------------------------------- reads


def at_her_store(actor: Actor, guide: Guide) -> Actor:
    """The guide while she begins a registration: a pending row is nobody's but her store's."""
    stores = actor.scope.stores | {guide.store_id}
    return replace(actor, scope=replace(actor.scope, stores=stores))


def invitation_by_token(token: str) -> Invitation | None:
    """Whoever it was for, in whatever state; nothing for anything that is no token of ours."""
    if len(token) != _TOKEN_LENGTH:
        return None
    return (
        Invitation.objects.select_related(
            "guide", "store__entity", "channel_code__guide", "channel_code__store"
        )
        .filter(token=token)
        .first()
    )


def begun_of(guide: Guide, *, since: datetime) -> QuerySet[Invitation]:
    """What she began lately, newest first."""
    return (
        Invitation.objects.filter(guide=guide, begun_at__gte=since)
        .select_related("member", "registration__member")
        .order_by("-begun_at", "-pk")
    )


def is_open(invitation: Invitation) -> bool:
    """Whether somebody may still take it, by the database's clock."""
    return invitation.opened_at is None and invitation.expires_at > database_now()


# ---------------------------------------------------------------- parts


def _locked_guide(guide_id: int) -> Guide:
    return Guide.objects.select_for_update(of=("self",)).select_related("store").get(pk=guide_id)


def _known(guide: Guide, client_id: uuid.UUID) -> Invitation | None:
    return Invitation.objects.filter(guide=guide, client_id=client_id).first()


def _count_today(guide: Guide, now: datetime, *, more: int) -> None:
    since = now - timedelta(days=1)
    if Invitation.objects.filter(guide=guide, fetched_at__gt=since).count() + more > MOST_A_DAY:
        raise TooManyInvitations


def _tablet_code(guide: Guide) -> ChannelCode:
    """The code under which what she begins on the iPad is counted; nobody prints it."""
    code, _ = ChannelCode.objects.get_or_create(
        guide=guide,
        store=guide.store,
        scene=Scene.TABLET,
        campaign="",
        is_active=True,
        handed_from=None,
        roster=None,
    )
    ask_for_contact_way(code, guide)
    return code


def _next_midnight(guide: Guide, now: datetime) -> datetime:
    zone = ZoneInfo(guide.store.time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)


def _keep_pending(invitation: Invitation, called: str) -> None:
    """A pending member, once; `called` fills an empty name only. A step."""
    must_be_in_action()
    called = " ".join(called.split())[:LONGEST_NAME]
    if invitation.member is None:
        invitation.member = _pending_row(invitation, called)
        invitation.save(update_fields=["member"])
    elif called and not invitation.member.name:
        invitation.member.name = called
        invitation.member.save(update_fields=["name"])


def _pending_row(invitation: Invitation, called: str) -> Member:
    while True:
        try:
            with transaction.atomic():
                return Member.objects.create(
                    entity_id=invitation.store.entity_id,
                    state=MemberState.PENDING,
                    name=called or None,
                    home_store=invitation.store,
                    card_no=f"{secrets.randbelow(10**10):010d}",
                )
        except IntegrityError:
            # Somebody has this card number: draw another.
            continue


def _pass_on_name(member_id: int, called: str) -> None:
    """Only where she has no name of her own."""
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    if not member.name:
        member.name, member.version = called, member.version + 1
        member.save(update_fields=["name", "version"])


def state_of(invitation: Invitation, now: datetime) -> tuple[str, str]:
    """How far she is: a word for the screen and its tone."""
    if invitation.done_at is not None:
        return "已成为会员", "good"
    if invitation.opened_at is not None:
        return "她正在自己的手机上填", "accent"
    if invitation.expires_at <= now:
        return "没有扫，码已过期", ""
    return "等她扫码", "warn"
