"""From a scan to a member: each step of the way is one action, safe to repeat."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models import F
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import blind_index, shown_id
from members.consent.models import Method, Purpose
from members.consent.queries import current_notice
from members.consent.steps import Circumstances, Proof, record_decisions
from members.identity.errors import AlreadySomebody
from members.identity.models import Contact, Identity, IdentityKind, Member, MemberState
from members.identity.queries import digest_of, member_by_identity
from members.identity.rules import read_phone
from members.identity.steps import bind_identity, give_owner, join_contact, tell_guide
from members.registration.errors import (
    NoNotice,
    NotAgreedYet,
    NoticeChanged,
    TooManyCodes,
    WrongPhone,
)
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Registration,
    RegistrationState,
)
from members.registration.rules import CODE_LIVES, LIMITS, MOST_TRIES, exceeded, new_code
from members.rewards.steps import give_welcome_gift
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch

State = RegistrationState


@action
def open_registration(channel_code_id: int, *, by: Actor) -> Registration:
    """One visit to a code's page: a scan, counted once. Nothing about the visitor is kept."""
    code = ChannelCode.objects.select_related("guide__store", "store").get(pk=channel_code_id)
    registration = Registration.objects.create(
        channel_code=code, guide=code.guide, store=code.store
    )
    record_touch(
        TouchKind.SCAN,
        once=f"scan:{shown_id(registration.public_id)}",
        at=registration.opened_at,
        guide_no=code.guide_id,
        store_no=code.store_id,
        source=shown_id(code.public_id),
    )
    tell_guide(code.guide, kind="scan", subject=shown_id(code.public_id))
    return registration


@action
def agree(
    registration_id: int,
    *,
    notice_id: int,
    granted: set[str],
    proof: Proof,
    by: Actor,
) -> Registration:
    """She read the notice and goes on: what she ticked is kept until she is a member.

    Agreeing again replaces what she ticked. Refuses a notice that is no longer the newest.
    """
    registration = _locked(registration_id)
    notice = current_notice(registration.store.entity)
    if notice is None:
        raise NoNotice
    if notice.pk != notice_id:
        raise NoticeChanged
    if registration.state == State.DONE:
        return registration
    offered = [item["purpose"] for item in notice.items]
    registration.notice = notice
    registration.decisions = {purpose: purpose in granted for purpose in offered}
    registration.agreed_at = timezone.now()
    registration.ip, registration.user_agent = proof.ip or None, proof.user_agent[:300]
    registration.state = State.AGREED
    registration.save(
        update_fields=["notice", "decisions", "agreed_at", "ip", "user_agent", "state"]
    )
    return registration


@action
def decline(registration_id: int, *, by: Actor) -> Registration:
    """She would rather not: whatever the visit held about her is emptied."""
    registration = _locked(registration_id)
    if registration.state == State.DONE:
        return registration
    registration.state = State.DECLINED
    registration.notice, registration.decisions, registration.agreed_at = None, {}, None
    registration.ip = registration.unionid = registration.openid = None
    registration.user_agent = ""
    registration.save()
    OneTimeCode.objects.filter(registration=registration).delete()
    return registration


@action
def keep_wechat_identity(
    registration_id: int, *, openid: str, unionid: str, by: Actor
) -> Registration:
    """What the service account's OAuth says of her; only after she agreed (else NotAgreedYet)."""
    registration = _locked(registration_id)
    if registration.agreed_at is None:
        raise NotAgreedYet
    if registration.state != State.DONE:
        registration.openid, registration.unionid = openid or None, unionid or None
        registration.save(update_fields=["openid", "unionid"])
    return registration


@action
def request_code(registration_id: int, *, phone: str, ip: str, by: Actor) -> OneTimeCode:
    """A one-time code for a mainland mobile; older ones of the visit stop counting.

    Known and unknown phones are treated alike: nobody looks whose phone it is. Refuses what is no
    mobile (WrongPhone), what breaks a limit (TooManyCodes) and who did not agree (NotAgreedYet).
    """
    registration = _locked(registration_id)
    if registration.agreed_at is None or registration.state == State.DONE:
        raise NotAgreedYet
    number = read_phone(phone)
    if number is None:
        raise WrongPhone
    now = timezone.now()
    _count_request(registration, number, ip, now)
    OneTimeCode.objects.filter(registration=registration, used_at=None).update(used_at=now)
    plain = new_code()
    row = OneTimeCode(
        registration=registration,
        phone=number,
        code=plain,
        made_at=now,
        expires_at=now + CODE_LIVES,
    )
    row.digest = digest_of_code(row, plain)
    row.save()
    registration.state = State.PHONE
    registration.save(update_fields=["state"])
    emit("code_requested", subject=f"code:{shown_id(row.public_id)}", one_time_code=row.pk)
    return row


def digest_of_code(row: OneTimeCode, plain: str) -> bytes:
    """Keyed and bound to its row, so that a table of all million codes helps nobody."""
    return blind_index("one_time_code", plain, within=shown_id(row.public_id))


def _count_request(registration: Registration, phone: str, ip: str, now: datetime) -> None:
    """Count one more request, or refuse: exact even when many ask in the same moment."""
    code = registration.channel_code
    digests = {
        "phone_digest": blind_index("sms_phone", phone, within="brand"),
        "ip_digest": blind_index("sms_ip", ip, within="brand"),
    }
    _lock_keys([*digests.values(), blind_index("sms_code", str(code.pk), within="brand")])
    filters: dict[str, dict[str, object]] = {
        "phone": {"phone_digest": digests["phone_digest"]},
        "ip": {"ip_digest": digests["ip_digest"]},
        "channel_code": {"channel_code": code},
    }
    asked: dict[str, list[datetime]] = {}
    for key, chosen in filters.items():
        longest = max(limit.within for limit in LIMITS if limit.key == key)
        asked[key] = list(
            CodeRequest.objects.filter(**chosen, at__gt=now - longest).values_list("at", flat=True)
        )
    if exceeded(asked, now) is not None:
        raise TooManyCodes
    CodeRequest.objects.create(channel_code=code, at=now, **digests)


def _lock_keys(digests: list[bytes]) -> None:
    """Wait for others who count the same phone, address or code; always in the same order."""
    keys = sorted(int.from_bytes(digest[:8], "big", signed=True) for digest in digests)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


class Proven(StrEnum):
    """What became of a try."""

    YES = "yes"
    WRONG = "wrong"
    EXPIRED = "expired"
    TOO_MANY = "too_many"


@action
def try_code(registration_id: int, *, code: str, by: Actor) -> Proven:
    """Compare what she typed with the visit's newest code. Every try counts, also a parallel one.

    It answers rather than raises, since a raised error would take the count back with it.
    """
    row = (
        OneTimeCode.objects.filter(registration=registration_id).order_by("-made_at", "-pk").first()
    )
    now = timezone.now()
    if row is not None and _was_right(row, code):
        return Proven.YES
    if row is None or not row.is_open(now):
        return Proven.EXPIRED
    # The database counts: two tries in one moment never share a number.
    counted = OneTimeCode.objects.filter(pk=row.pk, tries__lt=MOST_TRIES, used_at=None).update(
        tries=F("tries") + 1
    )
    if not counted:
        row.refresh_from_db()
        return Proven.YES if _was_right(row, code) else Proven.TOO_MANY
    if not hmac.compare_digest(bytes(row.digest), digest_of_code(row, code)):
        return Proven.WRONG
    taken = OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now)
    if not taken:
        return Proven.EXPIRED
    _finish(_locked(registration_id), str(row.phone), now)
    return Proven.YES


def _was_right(row: OneTimeCode, code: str) -> bool:
    """A second tap on the same right code, while the first is at work or done."""
    is_same = hmac.compare_digest(bytes(row.digest), digest_of_code(row, code))
    return is_same and row.used_at is not None


def _finish(registration: Registration, phone: str, now: datetime) -> Member:
    """The phone is proven: the visit ends in a member, a new one or the one she was before."""
    member, is_new = _member_of_phone(registration, phone, now)
    _bind_wechat(registration, member, now)
    record_decisions(
        member,
        {Purpose.MEMBERSHIP: True, **_decisions(registration)},
        _around(registration),
        keep_granted=True,
    )
    give_owner(member, registration.guide, at=now, reason="registration")
    give_welcome_gift(member, at=now)
    registration.member, registration.state, registration.finished_at = member, State.DONE, now
    registration.save(update_fields=["member", "state", "finished_at"])
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
        is_new=is_new,
    )
    tell_guide(registration.guide, kind="member", subject=shown)
    return member


def _decisions(registration: Registration) -> Mapping[str, bool]:
    return {str(purpose): bool(wanted) for purpose, wanted in registration.decisions.items()}


def _around(registration: Registration) -> Circumstances:
    """She decided when she agreed, not when her phone was proven."""
    return Circumstances(
        method=Method.LANDING,
        at=registration.agreed_at or registration.opened_at,
        notice=registration.notice,
        guide=registration.guide,
        store=registration.store,
        source=shown_id(registration.channel_code.public_id),
        proof=Proof(ip=registration.ip or "", user_agent=registration.user_agent),
    )


def _member_of_phone(registration: Registration, phone: str, now: datetime) -> tuple[Member, bool]:
    """The member to whom the phone leads within the entity, locked; a new one if it leads nowhere.

    Two stores in the same moment: both make a member, one identity wins, the other's member goes.
    """
    known = member_by_identity(IdentityKind.PHONE, phone, registration.store.entity)
    if known is None:
        made = _new_member(registration, phone, now)
        # The constraint waits for a rival and decides; the look says for whom.
        known = member_by_identity(IdentityKind.PHONE, phone, registration.store.entity)
        if known is None or known.pk == made.pk:
            return made, True
        made.delete()
    member = Member.objects.select_for_update(of=("self",)).get(pk=known.pk)
    if member.state != MemberState.ACTIVE:
        member.state, member.left_at, member.joined_at = MemberState.ACTIVE, None, now
    member.phone, member.version = phone, member.version + 1
    member.save(update_fields=["state", "left_at", "joined_at", "phone", "version"])
    return member, False


def _new_member(registration: Registration, phone: str, now: datetime) -> Member:
    entity = registration.store.entity
    member = Member.objects.create(
        entity=entity,
        state=MemberState.ACTIVE,
        phone=phone,
        home_store=registration.store,
        card_no=f"{secrets.randbelow(10**10):010d}",
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

    One that leads to somebody else (a family's shared phone) stays where it is: the phone in her
    hand was proven, whose WeChat it is was not.
    """
    known = {IdentityKind.UNIONID: registration.unionid, IdentityKind.OPENID: registration.openid}
    for kind, value in known.items():
        if not value:
            continue
        try:
            bind_identity(member, kind, value, verified_at=now)
        except AlreadySomebody:
            return
    if not registration.unionid:
        return
    digest = digest_of(IdentityKind.UNIONID, registration.unionid, member.entity)
    waiting = Contact.objects.select_for_update(of=("self",)).filter(
        entity=member.entity_id, unionid_digest=digest, member=None
    )
    for contact in waiting.select_related("guide__store"):
        join_contact(contact, member, how="unionid")


def _locked(registration_id: int) -> Registration:
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related("channel_code", "guide__store", "store__entity", "notice", "member")
        .get(pk=registration_id)
    )


@action
def mark_code_sent(one_time_code_id: int, *, by: Actor) -> None:
    """The gateway took the code: from here on only its digest is kept."""
    row = OneTimeCode.objects.select_for_update(of=("self",)).get(pk=one_time_code_id)
    row.sent_at, row.code = timezone.now(), None
    row.save(update_fields=["sent_at", "code"])
