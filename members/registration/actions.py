"""From a scan to a member: each step of the way is one action, safe to repeat."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import blind_index, shown_id
from members.consent.queries import current_notice
from members.consent.steps import Proof
from members.identity.rules import read_phone
from members.identity.steps import tell_guide
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
from members.registration.rules import CODE_LIVES, LIMITS, exceeded, new_code
from members.registration.steps import digest_of_code, locked_registration
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
    registration = locked_registration(registration_id)
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
    registration = locked_registration(registration_id)
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
    registration = locked_registration(registration_id)
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
    registration = locked_registration(registration_id)
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
    row.sent_at, row.code = timezone.now(), None
    row.save(update_fields=["sent_at", "code"])
