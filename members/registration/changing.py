"""A member changes her phone, or her guide: proven, asked of her, never behind her back.

For a new phone two things are proven: that the new one is hers, and that she is the member: by the
old phone, or, when it is lost, by waiting while the old phone is told and a person at HQ looks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.errors import AlreadySomebody
from members.identity.models import Identity, IdentityKind, Member, MemberState
from members.identity.queries import member_by_identity
from members.identity.rules import read_phone
from members.identity.steps import bind_identity, contest_identity, tell_guide
from members.registration.comparing import Proven, compare_code
from members.registration.errors import (
    ChangeTooEarly,
    NoChangeOfPhone,
    NoSuchGuide,
    NotAgreedYet,
    ReasonNeeded,
    SamePhone,
    WrongPhone,
)
from members.registration.limiting import count_request, make_code
from members.registration.models import OneTimeCode, Proof
from members.registration.models_of_phones import ChangeState, PhoneChange
from stores.ledger.steps import set_owner
from stores.org.models import Guide

# So long the old phone can object before a person at HQ may let a change pass.
WAITING: Final = timedelta(days=3)
_OPEN: Final = (ChangeState.ASKED, ChangeState.WAITING)


@action
def ask_for_new_phone(
    member_id: int, *, phone: str, ip: str, by: Actor, is_human: bool = False
) -> PhoneChange:
    """She names another number: a code goes there, whoever's it is. Asking anew begins anew.

    Refuses what is no mobile (WrongPhone), her present one (SamePhone), and what the limits of
    codes refuse.
    """
    member = _locked(member_id)
    number = read_phone(phone)
    if number is None:
        raise WrongPhone
    if number == member.phone:
        raise SamePhone
    now = timezone.now()
    asked = OneTimeCode.objects.filter(member=member, made_at__gt=now - timedelta(days=1))
    count_request(
        number, ip=ip, channel_code=None, asked_here=asked.count(), is_human=is_human, now=now
    )
    _end(PhoneChange.objects.filter(member=member, state__in=_OPEN), ChangeState.TAKEN_BACK, by)
    change = PhoneChange.objects.create(member=member, phone=number, asked_at=now)
    make_code(number, member=member, proof=Proof.NEW_PHONE, now=now)
    return change


@action
def try_new_phone(member_id: int, *, code: str, by: Actor) -> Proven:
    """The code that went to the new number: right, and the number is proven to be hers."""
    member = _locked(member_id)
    now = timezone.now()
    found = compare_code(_newest(member, Proof.NEW_PHONE), code, now)
    if found == Proven.YES:
        PhoneChange.objects.filter(member=member, state=ChangeState.ASKED).update(new_proven_at=now)
    return Proven.YES if found == Proven.AGAIN else found


@action
def try_old_phone(member_id: int, *, code: str, by: Actor) -> Proven:
    """The code that went to the old number: right, and the new one takes its place at once."""
    member = _locked(member_id)
    change = _open_change(member)
    if change is None or change.new_proven_at is None:
        raise NoChangeOfPhone
    now = timezone.now()
    found = compare_code(_newest(member, Proof.OLD_PHONE), code, now)
    if found == Proven.YES:
        change.old_proven_at = now
        change.save(update_fields=["old_proven_at"])
        _settle(member, change, now, by)
    return Proven.YES if found == Proven.AGAIN else found


@action
def wait_for_change(member_id: int, *, by: Actor) -> PhoneChange:
    """The old phone is lost: three days and a person at HQ take its place. Once is enough.

    Emits `phone_change_waiting`: the old phone is told and can object.
    """
    member = _locked(member_id)
    change = _open_change(member)
    if change is None or change.new_proven_at is None:
        raise NoChangeOfPhone
    if change.state == ChangeState.WAITING:
        return change
    change.state, change.waits_until = ChangeState.WAITING, timezone.now() + WAITING
    change.save(update_fields=["state", "waits_until"])
    emit(
        "phone_change_waiting",
        subject=f"member:{shown_id(member.public_id)}",
        once=f"phone_change_waiting:{shown_id(change.public_id)}",
        change=change.pk,
        member=member.pk,
    )
    return change


@action
def take_back_change(member_id: int, *, by: Actor) -> bool:
    """She, or whoever still holds the old phone, stops it; False when nothing was going on."""
    member = _locked(member_id)
    found = PhoneChange.objects.filter(member=member, state__in=_OPEN)
    return _end(found, ChangeState.TAKEN_BACK, by) > 0


@action
def decide_change(change_id: int, *, allow: bool, reason: str, by: Actor) -> PhoneChange:
    """A person at HQ lets a waiting change pass, or refuses it with a reason that she reads.

    Decided before: unchanged. Refuses to let it pass before its time (ChangeTooEarly).
    """
    change = PhoneChange.objects.select_for_update(of=("self",)).get(pk=change_id)
    member = _locked(change.member_id)
    if change.state != ChangeState.WAITING:
        return change
    now = timezone.now()
    if not allow:
        if not reason.strip():
            raise ReasonNeeded
        change.reason = reason.strip()[:200]
        _close(change, ChangeState.REFUSED, now, by)
        return change
    if change.waits_until is None or now < change.waits_until:
        raise ChangeTooEarly
    _settle(member, change, now, by)
    return change


def _settle(member: Member, change: PhoneChange, now: datetime, by: Actor) -> None:
    """The new number leads to her, the old one to nobody; unless another member holds the new one.

    Both are in her hand then: that speaks for the two cards being one person's.
    """
    number = str(change.phone)
    known = member_by_identity(IdentityKind.PHONE, number, member.entity)
    if known is not None and known.pk != member.pk:
        change.reason = "这个号码已有一张会员卡。总部会核对是不是同一位，再为您合并。"
        _close(change, ChangeState.REFUSED, now, by)
        # She may hold somebody else's phone for a moment: a person looks before records are one.
        contest_identity(member, known, "phone_typed")
        return
    Identity.objects.filter(member=member, kind=IdentityKind.PHONE).delete()
    try:
        bind_identity(member, IdentityKind.PHONE, number, verified_at=now)
    except AlreadySomebody as error:
        # Somebody joined with it in this very moment; the whole change is tried again later.
        raise NoChangeOfPhone from error
    member.phone, member.version = number, member.version + 1
    member.save(update_fields=["phone", "version"])
    _close(change, ChangeState.DONE, now, by)
    emit(
        "phone_changed",
        subject=f"member:{shown_id(member.public_id)}",
        once=f"phone_changed:{shown_id(change.public_id)}",
        member=member.pk,
    )


@action
def change_guide(member_id: int, *, guide_id: int, by: Actor) -> bool:
    """She chose another guide of her own company; False when it is hers already.

    Sales from now on count for the new one. Refuses a guide who left, or of another company.
    """
    member = _locked(member_id)
    guide = Guide.objects.select_related("store").get(pk=guide_id)
    if guide.left_on is not None or guide.store.entity_id != member.entity_id:
        raise NoSuchGuide
    if member.owner_id == guide.pk:
        return False
    before = member.owner
    member.owner, member.home_store = guide, guide.store
    member.version += 1
    member.save(update_fields=["owner", "home_store", "version"])
    now = timezone.now()
    set_owner(
        member_no=member.pk, guide_no=guide.pk, store_no=guide.store_id, at=now, reason="her_wish"
    )
    subject = shown_id(member.public_id)
    emit("guide_chosen", subject=f"member:{subject}", member=member.pk, guide=guide.pk)
    for told in filter(None, (before, guide)):
        tell_guide(told, kind="member", subject=subject)
    return True


def _locked(member_id: int) -> Member:
    member = (
        Member.objects.select_for_update(of=("self",))
        .select_related("entity", "owner__store")
        .get(pk=member_id)
    )
    if member.state != MemberState.ACTIVE:
        raise NotAgreedYet
    return member


def _open_change(member: Member) -> PhoneChange | None:
    return PhoneChange.objects.filter(member=member, state__in=_OPEN).first()


def _newest(member: Member, proof: str) -> OneTimeCode | None:
    found = OneTimeCode.objects.filter(member=member, proof=proof)
    return found.order_by("-made_at", "-pk").first()


def _end(found: QuerySet[PhoneChange], state: ChangeState, by: Actor) -> int:
    return found.update(state=state, ended_at=timezone.now(), ended_by=str(by)[:120])


def _close(change: PhoneChange, state: ChangeState, now: datetime, by: Actor) -> None:
    change.state, change.ended_at, change.ended_by = state, now, str(by)[:120]
    change.save(update_fields=["state", "ended_at", "ended_by", "reason"])
