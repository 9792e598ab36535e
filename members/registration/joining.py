"""Actions that end a visit: the code is compared, the phone is proven, she is a member."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.models import Method, Purpose
from members.consent.steps import Circumstances, Proof, record_decisions
from members.identity.errors import AlreadySomebody
from members.identity.models import Contact, Identity, IdentityKind, Member, MemberState
from members.identity.queries import digest_of, member_by_identity
from members.identity.steps import (
    bind_identity,
    contest_identity,
    give_owner,
    join_contact,
    present_member,
    tell_guide,
)
from members.registration.comparing import Proven, compare_code
from members.registration.models import OneTimeCode, Outcome, Registration, RegistrationState
from members.registration.steps import locked_registration
from members.rewards.steps import give_welcome_gift
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch

__all__ = ["Proven", "try_code"]

State = RegistrationState
# What she was before says who she is now; whoever had left, or was erased, is back.
_OUTCOMES = {MemberState.ACTIVE: Outcome.KNOWN, MemberState.PENDING: Outcome.NEW}


@action
def try_code(registration_id: int, *, code: str, by: Actor) -> Proven:
    """Compare what she typed with the visit's newest code; the right one ends the visit.

    Every try counts, also a parallel one. The right code again, by a second tap, is right and does
    nothing more.
    """
    row = (
        OneTimeCode.objects.filter(registration=registration_id).order_by("-made_at", "-pk").first()
    )
    now = timezone.now()
    found = compare_code(row, code, now)
    if found == Proven.AGAIN:
        is_done = Registration.objects.filter(pk=registration_id, state=State.DONE).exists()
        return Proven.YES if is_done else Proven.EXPIRED
    if found == Proven.YES and row is not None:
        _finish(locked_registration(registration_id), row, now)
    return found


def _finish(registration: Registration, code: OneTimeCode, now: datetime) -> Member:
    """The phone is proven: the visit ends in a member, a new one or the one she was before."""
    member, outcome = _member_of_phone(registration, str(code.phone), now)
    _bind_wechat(registration, member, now)
    record_decisions(
        member,
        {Purpose.MEMBERSHIP: True, **_decisions(registration)},
        _around(registration, code),
        keep_granted=True,
    )
    give_owner(member, registration.guide, at=now, reason="registration")
    give_welcome_gift(member, at=now)
    registration.member, registration.state, registration.finished_at = member, State.DONE, now
    registration.outcome = outcome
    registration.save(update_fields=["member", "state", "finished_at", "outcome"])
    shown = shown_id(member.public_id)
    record_touch(
        TouchKind.REGISTRATION,
        once=f"registration:{shown_id(registration.public_id)}",
        at=now,
        member_no=member.pk,
        guide_no=registration.guide_id,
        store_no=registration.store_id,
        source=shown_id(registration.channel_code.public_id),
    )
    emit(
        "member_registered",
        subject=f"member:{shown}",
        once=f"member_registered:{shown_id(registration.public_id)}",
        member=member.pk,
        registration=registration.pk,
        guide=registration.guide_id,
        is_new=outcome == Outcome.NEW,
    )
    tell_guide(registration.guide, kind="member", subject=shown)
    return member


def _decisions(registration: Registration) -> Mapping[str, bool]:
    return {str(purpose): bool(wanted) for purpose, wanted in registration.decisions.items()}


def _around(registration: Registration, code: OneTimeCode) -> Circumstances:
    """She decided when she agreed, not when her phone was proven."""
    return Circumstances(
        method=Method.LANDING,
        at=registration.agreed_at or registration.opened_at,
        notice=registration.notice,
        guide=registration.guide,
        store=registration.store,
        source=shown_id(registration.channel_code.public_id),
        proof=Proof(
            ip=registration.ip or "",
            user_agent=registration.user_agent,
            proven_by=f"one_time_code:{shown_id(code.public_id)}",
        ),
    )


def _member_of_phone(
    registration: Registration, phone: str, now: datetime
) -> tuple[Member, Outcome]:
    """The member to whom the phone leads within the entity, locked; a new one if it leads nowhere.

    Two stores in the same moment: both make a member, one identity wins, the other's member goes.
    """
    known = member_by_identity(IdentityKind.PHONE, phone, registration.store.entity)
    if known is None:
        made = _new_member(registration, phone, now)
        # The constraint waits for a rival and decides; the look says for whom.
        known = member_by_identity(IdentityKind.PHONE, phone, registration.store.entity)
        if known is None or known.pk == made.pk:
            return made, Outcome.NEW
        made.delete()
    # A merge in the same moment is followed: nobody comes back to life under an old number.
    member = present_member(known)
    outcome = _OUTCOMES.get(MemberState(member.state), Outcome.BACK)
    if member.state != MemberState.ACTIVE:
        member.state, member.left_at, member.joined_at = MemberState.ACTIVE, None, now
    member.phone, member.version = phone, member.version + 1
    member.birth_year = registration.birth_year or member.birth_year
    member.save(update_fields=["state", "left_at", "joined_at", "phone", "birth_year", "version"])
    return member, outcome


def _new_member(registration: Registration, phone: str, now: datetime) -> Member:
    entity = registration.store.entity
    member = Member.objects.create(
        entity=entity,
        state=MemberState.ACTIVE,
        phone=phone,
        home_store=registration.store,
        card_no=f"{secrets.randbelow(10**10):010d}",
        birth_year=registration.birth_year,
        joined_at=now,
    )
    mine = Identity(
        entity=entity,
        member=member,
        kind=IdentityKind.PHONE,
        value=phone,
        digest=digest_of(IdentityKind.PHONE, phone, entity),
        verified_at=now,
    )
    Identity.objects.bulk_create([mine], ignore_conflicts=True)
    return member


def _bind_wechat(registration: Registration, member: Member, now: datetime) -> None:
    """Her WeChat identities lead to her, and a contact waiting for them is joined.

    One that leads to somebody else stays where it is: who is who (one person with two records, or a
    family's shared phone) is weighed afterwards, with what speaks against it.
    """
    known = {IdentityKind.UNIONID: registration.unionid, IdentityKind.OPENID: registration.openid}
    for kind, value in known.items():
        if not value:
            continue
        try:
            bind_identity(member, kind, value, verified_at=now)
        except AlreadySomebody:
            other = member_by_identity(kind, value, member.entity)
            if kind == IdentityKind.UNIONID and other is not None:
                contest_identity(member, other, "unionid")
            return
    if not registration.unionid:
        return
    digest = digest_of(IdentityKind.UNIONID, registration.unionid, member.entity)
    waiting = Contact.objects.select_for_update(of=("self",)).filter(
        entity=member.entity_id, unionid_digest=digest, member=None
    )
    for contact in waiting.select_related("guide__store"):
        join_contact(contact, member, how="unionid")
