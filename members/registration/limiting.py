"""Steps that count one-time codes: exact for a phone, an address, a code and the whole brand.

All counters are rows or locks of PostgreSQL, so that many processes asking in the same moment get
exactly as many codes as one after another would.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import blind_index, shown_id
from members.identity.models import Member
from members.registration.errors import BudgetSpent, PictureFirst, TooManyCodes
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Proof,
    Registration,
)
from members.registration.models_of_phones import CodeAlarm, CodeBudget
from members.registration.rules import CODE_LIVES, LIMITS, exceeded, new_code, wants_picture
from members.registration.steps import digest_of_code

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def count_request(
    phone: str,
    *,
    ip: str,
    channel_code: ChannelCode | None,
    asked_here: int,
    is_human: bool,
    now: datetime,
) -> None:
    """Count one more code for a phone, or refuse. A step.

    `asked_here` is how often this visit asked before; `is_human` says that a picture was read just
    now. Raises TooManyCodes, PictureFirst, BudgetSpent.
    """
    must_be_in_action()
    digests = {
        "phone_digest": blind_index("sms_phone", phone, within="brand"),
        "ip_digest": blind_index("sms_ip", ip, within="brand"),
    }
    keys = list(digests.values())
    filters: dict[str, dict[str, object]] = {
        "phone": {"phone_digest": digests["phone_digest"]},
        "ip": {"ip_digest": digests["ip_digest"]},
    }
    if channel_code is not None:
        keys.append(blind_index("sms_code", str(channel_code.pk), within="brand"))
        filters["channel_code"] = {"channel_code": channel_code}
    _lock_keys(keys)
    asked = {key: _asked_since(now - _longest(key), chosen) for key, chosen in filters.items()}
    if exceeded(asked, now) is not None:
        raise TooManyCodes
    if not is_human:
        _refuse_without_picture(asked, asked_here, now)
    CodeRequest.objects.create(channel_code=channel_code, at=now, **digests)
    _spend(now)


def _asked_since(since: datetime, chosen: dict[str, object]) -> list[datetime]:
    return list(CodeRequest.objects.filter(**chosen, at__gt=since).values_list("at", flat=True))


def _longest(key: str) -> timedelta:
    return max(limit.within for limit in LIMITS if limit.key == key)


def _refuse_without_picture(
    asked: dict[str, list[datetime]], asked_here: int, now: datetime
) -> None:
    counts = {
        "phone": len(asked["phone"]),
        "visit": asked_here,
        "ip": sum(1 for moment in asked["ip"] if moment > now - _HOUR),
    }
    if wants_picture(counts, is_alarmed=is_alarmed(now)):
        raise PictureFirst


def is_alarmed(now: datetime) -> bool:
    """Whether codes were asked for as no customers do within the last hour."""
    return CodeAlarm.objects.filter(raised_at__gt=now - _HOUR).exists()


def hour_of(at: datetime) -> datetime:
    """The hour whose budget a moment spends."""
    return at.replace(minute=0, second=0, microsecond=0)


def _spend(now: datetime) -> None:
    """One message of this hour's budget. The last lock taken: the row is everybody's."""
    table = CodeBudget._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS b (hour, sent) SELECT %s, 1 WHERE %s > 0"
            " ON CONFLICT (hour) DO UPDATE SET sent = b.sent + 1 WHERE b.sent < %s",
            [hour_of(now), settings.SMS_HOURLY_BUDGET, settings.SMS_HOURLY_BUDGET],
        )
        if cursor.rowcount != 1:
            raise BudgetSpent


def _lock_keys(digests: list[bytes]) -> None:
    """Wait for others who count the same phone, address or code; always in the same order."""
    keys = sorted(int.from_bytes(digest[:8], "big", signed=True) for digest in digests)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def make_code(
    phone: str,
    *,
    now: datetime,
    registration: Registration | None = None,
    member: Member | None = None,
    proof: str = Proof.JOIN,
) -> OneTimeCode:
    """A new code on its way to a phone; older ones for the same stop counting. A step.

    Emits `code_requested`. Whose phone it is, nobody looks: known and unknown ones are alike.
    """
    must_be_in_action()
    before = OneTimeCode.objects.filter(
        registration=registration, member=member, proof=proof, used_at=None
    )
    before.update(used_at=now)
    plain = new_code()
    row = OneTimeCode(
        registration=registration,
        member=member,
        proof=proof,
        phone=phone,
        code=plain,
        made_at=now,
        expires_at=now + CODE_LIVES,
    )
    row.digest = digest_of_code(row, plain)
    row.save()
    emit("code_requested", subject=f"code:{shown_id(row.public_id)}", one_time_code=row.pk)
    return row
