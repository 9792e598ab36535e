"""From a scan to a member: each step of the way is one action, safe to repeat."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.fields import shown_id
from members.consent.models import Notice
from members.consent.queries import current_notice
from members.consent.steps import Proof
from members.identity.rules import read_phone
from members.identity.steps import tell_guide
from members.privacy.steps import record_disclosure
from members.registration.ages import Age, age_by_year
from members.registration.errors import (
    NoNotice,
    NotAgreedYet,
    NoticeChanged,
    TooYoung,
    WrongPhone,
)
from members.registration.limiting import count_request, make_code
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Registration,
    RegistrationState,
)
from members.registration.steps import day_at, locked_registration
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch

State = RegistrationState
_AGREED = ("notice", "decisions", "agreed_at", "ip", "user_agent", "birth_year", "state")


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
    offered: set[str] | None = None,
    birth_year: int | None = None,
) -> Registration:
    """She read the notice and goes on: what she ticked is kept until she is a member.

    `offered` is what the page asked about, all of the notice's without it: what she was not asked
    she has not refused. Agreeing again replaces what she ticked. Refuses a notice that is no longer
    the newest, and a year of birth that makes her too young for sure (kept only where it is asked).
    """
    registration = locked_registration(registration_id)
    notice = _shown_now(registration, notice_id)
    if registration.state == State.DONE:
        return registration
    registration.birth_year = _year_to_keep(registration, notice, birth_year)
    registration.notice = notice
    registration.decisions = {
        item["purpose"]: item["purpose"] in granted
        for item in notice.items
        if offered is None or item["purpose"] in offered
    }
    registration.agreed_at = timezone.now()
    registration.ip, registration.user_agent = proof.ip or None, proof.user_agent[:300]
    registration.state = State.AGREED
    registration.save(update_fields=_AGREED)
    return registration


def _shown_now(registration: Registration, notice_id: int) -> Notice:
    notice = current_notice(registration.store.entity)
    if notice is None:
        raise NoNotice
    if notice.pk != notice_id:
        raise NoticeChanged
    return notice


def _year_to_keep(registration: Registration, notice: Notice, year: int | None) -> int | None:
    if year is None or not notice.asks_birth_year:
        return None
    today = day_at(registration.store, timezone.now())
    if age_by_year(year, today) == Age.TOO_YOUNG:
        raise TooYoung
    return year


@action
def decline(registration_id: int, *, by: Actor) -> Registration:
    """She would rather not: whatever the visit held about her is emptied."""
    registration = locked_registration(registration_id)
    if registration.state == State.DONE:
        return registration
    registration.state = State.DECLINED
    registration.notice, registration.decisions, registration.agreed_at = None, {}, None
    registration.ip = registration.unionid = registration.openid = None
    registration.user_agent, registration.birth_year = "", None
    registration.save()
    OneTimeCode.objects.filter(registration=registration).delete()
    return registration


@action
def keep_wechat_identity(
    registration_id: int, *, openid: str, unionid: str, by: Actor
) -> Registration:
    """What the service account's OAuth says of her; only after she agreed (else NotAgreedYet)."""
    registration = locked_registration(registration_id)
    if registration.agreed_at is None:
        raise NotAgreedYet
    if registration.state != State.DONE:
        registration.openid, registration.unionid = openid or None, unionid or None
        registration.save(update_fields=["openid", "unionid"])
    return registration


@action
def request_code(
    registration_id: int, *, phone: str, ip: str, by: Actor, is_human: bool = False
) -> OneTimeCode:
    """A one-time code for a mainland mobile; older ones of the visit stop counting.

    Known and unknown phones are treated alike: nobody looks whose phone it is. Refuses what is no
    mobile (WrongPhone), what breaks a limit (TooManyCodes), who must read a picture before
    (PictureFirst, unless `is_human`) and who did not agree (NotAgreedYet).
    """
    registration = locked_registration(registration_id)
    if registration.agreed_at is None or registration.state == State.DONE:
        raise NotAgreedYet
    number = read_phone(phone)
    if number is None:
        raise WrongPhone
    now = timezone.now()
    count_request(
        number,
        ip=ip,
        channel_code=registration.channel_code,
        asked_here=OneTimeCode.objects.filter(registration=registration).count(),
        is_human=is_human,
        now=now,
    )
    row = make_code(number, registration=registration, now=now)
    registration.state = State.PHONE
    registration.save(update_fields=["state"])
    return row


@action
def forget_expired(*, by: Actor) -> int:
    """Delete what is kept no longer: codes and their counters after 7 days, visits that led to no
    member after 30. How many rows went.
    """
    now = timezone.now()
    week, month = now - timedelta(days=7), now - timedelta(days=30)
    codes, _ = OneTimeCode.objects.filter(made_at__lt=week).delete()
    requests, _ = CodeRequest.objects.filter(at__lt=week).delete()
    visits, _ = Registration.objects.filter(member=None, opened_at__lt=month).delete()
    return codes + requests + visits


@action
def mark_code_sent(one_time_code_id: int, *, by: Actor) -> None:
    """The gateway took the code: from here on only its digest is kept."""
    row = OneTimeCode.objects.select_for_update(of=("self",)).get(pk=one_time_code_id)
    if row.sent_at is not None:
        return
    row.sent_at, row.code = timezone.now(), None
    row.save(update_fields=["sent_at", "code"])
    _disclose_phone("手机验证码")


@action
def note_text_sent(purpose: str, *, by: Actor) -> None:
    """The gateway took a text that is no code: it was given a phone number for it."""
    _disclose_phone(purpose)


def _disclose_phone(purpose: str) -> None:
    record_disclosure(what="sms", recipient="短信网关", purpose=purpose, fields=["phone"], count=1)
