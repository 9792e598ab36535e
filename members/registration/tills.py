"""The member's card at the till: what it shows for less than two minutes, and who it is.

Whatever fails, a till hears the same: late, invented, used, or another company's. What is tried is
counted per key in the database, exactly, whatever else is down.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.fields import blind_index, shown_id
from members.identity import resolver
from members.identity.errors import AlreadySomebody
from members.identity.models import IdentityKind, Member, MemberState
from members.identity.queries import is_active, member_by_identity
from members.identity.steps import bind_identity, contest_identity, present_member
from members.registration.clock import database_now
from members.registration.models_of_tills import CardChecks, CardCode
from members.registration.rules_of_cards import (
    Read,
    Shown,
    card_keys,
    holds,
    read_code,
    seconds_left,
    shown_for,
    step_at,
)
from stores.ledger.queries import numbers_of, present_numbers

MOST_CHECKS_A_MINUTE = 240
MOST_REFUSED_A_MINUTE = 20
# Two members' numbers that meet are drawn apart.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class CardShown:
    """What stands on her card now, for how many more seconds, and whether a till has read it."""

    text: str
    number: str
    seconds_left: int
    is_used: bool


class NotHers(Exception):
    """The card belongs to nobody who is a member."""


class TooManyChecks(Exception):
    """This key asked too often; it may ask again in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


# ---------------------------------------------------------------- her phone


@action
def show_card(member_id: int, *, by: Actor) -> CardShown:
    """The code of this slice of time, made at the first look; a second look shows the same.

    Two open pages of hers show one code. Refuses who is no member (NotHers).
    """
    member = Member.objects.filter(pk=member_id, state=MemberState.ACTIVE).first()
    if member is None:
        raise NotHers
    now = database_now()
    row = _row_of(member, step_at(now.timestamp()), now)
    shown = _shown(row, member)
    return CardShown(
        shown.text, shown.number, seconds_left(now.timestamp()), is_used=row.used_at is not None
    )


def _row_of(member: Member, step: int, now: datetime) -> CardCode:
    key_id, key = next(iter(card_keys(settings.FIELD_KEYS).items()))
    for nonce in range(_TRIES):
        found = CardCode.objects.filter(member=member, step=step).first()
        if found is not None:
            return found
        shown = shown_for(key_id, key, member=shown_id(member.public_id), step=step, nonce=nonce)
        try:
            with transaction.atomic():
                return CardCode.objects.create(
                    member=member,
                    step=step,
                    key_id=key_id,
                    nonce=nonce,
                    digest=_digest("text", shown.text),
                    number_digest=_digest("number", shown.number),
                    shown_at=now,
                )
        except IntegrityError:
            # Her other page was faster, or another member has this number: look again.
            continue
    raise RuntimeError("no free number for a card")


def _shown(row: CardCode, member: Member) -> Shown:
    key = card_keys(settings.FIELD_KEYS)[row.key_id]
    return shown_for(
        row.key_id, key, member=shown_id(member.public_id), step=row.step, nonce=row.nonce
    )


# ---------------------------------------------------------------- the till


@action
def count_check(key_id: int, *, by: Actor) -> None:
    """One more question of a till; beyond its limits TooManyChecks, and nothing is looked up."""
    now = database_now()
    minute = now.replace(second=0, microsecond=0)
    checks, refused = _bump(key_id, minute, checks=1, refused=0)
    if checks > MOST_CHECKS_A_MINUTE or refused >= MOST_REFUSED_A_MINUTE:
        raise TooManyChecks(max(1, int((minute + timedelta(minutes=1) - now).total_seconds())))


@action
def verify_card(
    key_id: int,
    *,
    code: str,
    entity_id: int,
    by: Actor,
    request_id: str = "",
    till_number: str = "",
) -> Member | None:
    """The member behind a code that her card shows now, and the code is spent; else None.

    A till that lost the answer asks again with the same `request_id` and hears it again. Of two in
    the same moment one gets her. `till_number`, by which the till knows her, leads to her from now
    on; where it leads to another member, the two are weighed.
    """
    now = database_now()
    row = _spent_or_fresh(code, step_at(now.timestamp()), entity_id)
    if row is not None and row.used_at is None:
        row = row if _spend(row, key_id, request_id, now) else None
    elif row is not None:
        is_again = bool(request_id) and row.used_by_id == key_id
        row = row if is_again and row.used_request == request_id else None
    if row is None:
        _bump(key_id, now.replace(second=0, microsecond=0), checks=0, refused=1)
        return None
    if till_number:
        _know_by_till(row.member, till_number, now)
    return row.member


def _know_by_till(member: Member, till_number: str, now: datetime) -> None:
    """The card in her hand proves whose the till's own number is."""
    hers = present_member(member)
    try:
        bind_identity(hers, IdentityKind.TILL, till_number, verified_at=now)
    except AlreadySomebody:
        other = member_by_identity(IdentityKind.TILL, till_number, hers.entity)
        if other is not None:
            contest_identity(hers, other, "card_shown")


def _spent_or_fresh(code: str, now_step: int, entity_id: int) -> CardCode | None:
    """The row of a code that holds now, whoever used it; None for whatever else it is."""
    read = read_code(code)
    row = None if read is None else _row_read(read)
    if read is None or row is None or row.key_id not in card_keys(settings.FIELD_KEYS):
        return None
    shown = _shown(row, row.member)
    is_ours = hmac.compare_digest(
        (shown.number if read.is_number else shown.text).encode(), read.value.encode()
    )
    is_hers = is_active(row.member) and row.member.entity_id == entity_id
    return row if is_ours and is_hers and holds(row.step, now_step) else None


def _row_read(read: Read) -> CardCode | None:
    found = CardCode.objects.select_related("member__entity")
    if read.is_number:
        return found.filter(number_digest=_digest("number", read.value)).first()
    return found.filter(digest=_digest("text", read.value)).first()


def _spend(row: CardCode, key_id: int, request_id: str, now: datetime) -> bool:
    """The database says who came first."""
    must_be_in_action()
    return bool(
        CardCode.objects.filter(pk=row.pk, used_at=None).update(
            used_at=now, used_by=key_id, used_request=request_id
        )
    )


def _bump(key_id: int, minute: datetime, *, checks: int, refused: int) -> tuple[int, int]:
    must_be_in_action()
    table = CardChecks._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS t (key_id, minute, checks, refused)"  # noqa: S608 - our name
            " VALUES (%s, %s, %s, %s) ON CONFLICT (key_id, minute) DO UPDATE"
            " SET checks = t.checks + EXCLUDED.checks, refused = t.refused + EXCLUDED.refused"
            " RETURNING checks, refused",
            [key_id, minute, checks, refused],
        )
        counted, in_vain = cursor.fetchone()
    return int(counted), int(in_vain)


def _digest(kind: str, value: str) -> bytes:
    return blind_index(f"card_{kind}", value, within="brand")


# ---------------------------------------------------------------- the receipt


def was_shown(member_no: int, *, source: str, at: datetime) -> bool:
    """Whether a till of this source has read her card within the day before."""
    mine = numbers_of([member_no])[member_no]
    return CardCode.objects.filter(
        member__in=mine,
        used_by__source=source,
        used_at__gt=at - timedelta(days=1),
        used_at__lte=at,
    ).exists()


def member_no_of(claim: dict[str, str], *, entity_id: int) -> int | None:
    """The resolver of the purchases API: a code that a till has verified stands for her card.

    A card's own number and everything else goes the way of `identity.resolver`.
    """
    read = read_code(claim.get("card", ""))
    row = None if read is None else _row_read(read)
    if row is None or row.used_at is None:
        return resolver.member_no_of(claim, entity_id=entity_id)
    if row.member.entity_id != entity_id:
        return None
    return present_numbers([row.member_id])[row.member_id]
