"""Reactions while registering: codes to phones, WeCom's answers, welcomes, suggestions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from kit.fields import read_id, shown_id
from members.identity.actions import suggest_member
from members.identity.inbound import moment_of
from members.identity.models import Friendship, IdentityKind
from members.identity.rules import masked_phone
from members.registration.actions import mark_code_sent, note_text_sent
from members.registration.channel_codes import keep_contact_way
from members.registration.models import ChannelCode, OneTimeCode, Registration, RegistrationState
from members.registration.models_of_phones import ChangeState, PhoneChange
from members.registration.rules import SUGGEST_WITHIN, WELCOME_WITHIN, evidence_of
from members.registration.sms import sms_gateway
from members.registration.welcomes import put_welcome, record_welcome, show_missed_welcome
from stores.org.models import Guide
from wecom.outbox.models import OutboxRow


def send_code(event: DomainEvent) -> None:
    """Send a one-time code to its phone; the gateway takes the same request only once."""
    by = Actor.system(event.kind)
    with scope_of(by):
        row = (
            OneTimeCode.objects.filter(pk=event.payload["one_time_code"], sent_at=None)
            .select_related("registration__store__entity")
            .first()
        )
        if row is None or row.code is None or not row.is_open(event.at):
            return
        phone, code = str(row.phone), str(row.code)
    text = f"验证码 {code}，10 分钟内有效，用来确认您的手机号。不是您本人操作请忽略。"
    sms_gateway().send(phone=phone, text=text, request_id=event.subject)
    mark_code_sent(row.pk, by=by)


def tell_old_phone(event: DomainEvent) -> None:
    """Somebody wants another phone for her card without the old one: the old one is told."""
    by = Actor.system(event.kind)
    with scope_of(by):
        change = (
            PhoneChange.objects.filter(pk=event.payload["change"], state=ChangeState.WAITING)
            .select_related("member")
            .first()
        )
        if change is None or not change.member.phone or change.waits_until is None:
            return
        phone, new = str(change.member.phone), masked_phone(change.phone)
        until = timezone.localtime(change.waits_until)
    text = (
        f"有人申请把您的会员手机号换成 {new}，{until.month} 月 {until.day} 日后由总部核对。"
        f"不是您本人，请在会员卡里取消：{settings.PUBLIC_URL}{reverse('member-change-phone')}"
    )
    sms_gateway().send(phone=phone, text=text, request_id=f"change:{shown_id(change.public_id)}")
    note_text_sent("有人申请更换会员手机号的提醒", by=by)


def keep_contact_way_of_code(event: DomainEvent) -> None:
    """WeCom made the contact-me code of a channel code."""
    by = Actor.system(event.kind)
    code = _code_of(event.subject, by)
    answer: dict[str, Any] = event.payload.get("answer") or {}
    if code is None or not answer.get("config_id"):
        return
    keep_contact_way(
        code.pk,
        config_id=str(answer["config_id"]),
        qr_code_url=str(answer.get("qr_code_url") or ""),
        by=by,
    )


def welcome_friend(event: DomainEvent) -> None:
    """A new friend is greeted within WeCom's 20 seconds, once, whoever she is.

    Waits for nothing: neither for her card nor for her membership.
    """
    said = event.payload
    welcome_code = str(said.get("welcome_code") or "")
    if not welcome_code:
        return
    by = Actor.system(event.kind)
    with scope_of(by):
        guide = (
            Guide.objects.working()
            .select_related("store")
            .filter(wecom_userid=str(said.get("userid", "")))
            .first()
        )
        code = (
            ChannelCode.objects.select_related("store")
            .filter(wecom_state=str(said.get("state") or ""))
            .first()
        )
    if guide is None:
        return
    put_welcome(
        guide.pk,
        channel_code_id=None if code is None else code.pk,
        welcome_code=welcome_code,
        external_userid=str(said["external_userid"]),
        app=str(said.get("app") or "main"),
        expires_at=moment_of(event) + WELCOME_WITHIN,
        by=by,
    )


def record_welcome_sent(event: DomainEvent) -> None:
    """WeCom took the welcome: that is a touch."""
    by = Actor.system(event.kind)
    with scope_of(by):
        row = OutboxRow.objects.filter(once=event.payload.get("once", "")).first()
    if row is not None:
        record_welcome(
            str(row.payload["external_userid"]),
            userid=str(row.payload["userid"]),
            once=row.once,
            at=row.ended_at or event.at,
            by=by,
        )


def welcome_came_to_nothing(event: DomainEvent) -> None:
    """WeCom refused the welcome or its 20 seconds were over: the guide's Today says so at once."""
    by = Actor.system(event.kind)
    with scope_of(by):
        row = OutboxRow.objects.filter(once=event.payload.get("once", "")).first()
    if row is not None:
        show_missed_welcome(str(row.payload["userid"]), by=by)


def suggest_for_friend(event: DomainEvent) -> None:
    """A friend of unknown identity came by a code that somebody registered with just now: ask."""
    by = Actor.system(event.kind)
    with scope_of(by):
        friendship = (
            Friendship.objects.select_related("contact", "guide")
            .filter(pk=event.payload["friendship"], until=None, contact__member=None)
            .exclude(state="")
            .first()
        )
        if friendship is None:
            return
        found = _registered_nearby(friendship)
        if found is None or found.member_id is None or found.finished_at is None:
            return
        evidence = evidence_of(registered_at=found.finished_at, friend_at=friendship.since)
    if evidence:
        suggest_member(
            friendship.contact_id,
            found.member_id,
            friendship.guide_id,
            evidence=evidence,
            by=by,
        )


def suggest_for_member(event: DomainEvent) -> None:
    """The other way round: she added the guide first and registered after."""
    by = Actor.system(event.kind)
    with scope_of(by):
        registration = (
            Registration.objects.select_related("channel_code")
            .filter(pk=event.payload["registration"])
            .exclude(finished_at=None)
            .first()
        )
        if registration is None or registration.finished_at is None:
            return
        friendship = (
            Friendship.objects.select_related("contact")
            .filter(
                state=registration.channel_code.wecom_state,
                until=None,
                contact__member=None,
                since__gte=registration.finished_at - SUGGEST_WITHIN,
            )
            .order_by("-since")
            .first()
        )
        if friendship is None or _is_known(registration, friendship):
            return
        evidence = evidence_of(registered_at=registration.finished_at, friend_at=friendship.since)
    if evidence and registration.member_id is not None:
        suggest_member(
            friendship.contact_id,
            registration.member_id,
            friendship.guide_id,
            evidence=evidence,
            by=by,
        )


def _registered_nearby(friendship: Friendship) -> Registration | None:
    """The newest registration by the same code around the friendship, of a member unknown there.

    Two known unionids that differ are two people: nothing is suggested against better knowledge.
    """
    found = Registration.objects.filter(
        channel_code__wecom_state=friendship.state,
        channel_code__guide=friendship.guide,
        state=RegistrationState.DONE,
        finished_at__gte=friendship.since - SUGGEST_WITHIN,
        finished_at__lte=friendship.since + SUGGEST_WITHIN,
        member__contacts=None,
    ).order_by("-finished_at")
    if friendship.contact.unionid_digest is not None:
        found = found.exclude(member__identities__kind=IdentityKind.UNIONID)
    return found.first()


def _is_known(registration: Registration, friendship: Friendship) -> bool:
    """She has a contact already, or both unionids are known and would have joined them."""
    member = registration.member
    if member is None or member.contacts.exists():
        return True
    return (
        friendship.contact.unionid_digest is not None
        and member.identities.filter(kind=IdentityKind.UNIONID).exists()
    )


def _code_of(subject: str, by: Actor) -> ChannelCode | None:
    """The channel code that a subject `channel_code:<shown id>` names."""
    name, _, shown = subject.partition(":")
    if name != "channel_code":
        return None
    with scope_of(by):
        return ChannelCode.objects.filter(public_id=read_id(shown)).first()
