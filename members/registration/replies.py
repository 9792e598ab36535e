"""Texts that people send back to our number: who writes 退订 is written to no more.

The gateway hands each text over once; what it said and whose number it was is not kept.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from kit.actions import action
from kit.actor import Actor
from members.consent.models import Channel, Method, Purpose
from members.consent.steps import Circumstances, record_decisions
from members.identity.models import IdentityKind, Member, MemberState
from members.identity.queries import member_by_identity
from members.identity.rules import read_phone
from members.registration.models_of_phones import TextReply
from stores.org.models import LegalEntity

# What the carriers' rules and people's thumbs make of a refusal, alone in the text.
_WORDS: Final = frozenset(
    {"r", "t", "n", "td", "tt", "qx", "tuiding", "jushou", "stop", "unsubscribe", "取消", "不要"}
)
_SAID: Final = re.compile(r"退[订訂定](?![单單金货貨])|拒收|拒绝接收|别再?发|不要再?发|勿扰")
_FILLING: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 24


def is_refusal(text: str) -> bool:
    """Whether a reply says that she wants no more texts; an order to be returned is none.

    Full-width letters, blanks, dots and capitals make no difference; a leading 回复 neither.
    """
    plain = _FILLING.sub("", unicodedata.normalize("NFKC", text)).lower()
    plain = plain.removeprefix("回复").removeprefix("回")
    if plain in _WORDS:
        return True
    return len(plain) <= _LONGEST and _SAID.search(plain) is not None


@action
def take_reply(message_id: str, *, phone: str, text: str, at: datetime, by: Actor) -> int:
    """Read a text once: a refusal ends marketing by SMS for whoever's number it is, in every
    company of the brand. How many members it concerned; the same text again changes nothing.
    """
    row, is_fresh = TextReply.objects.get_or_create(
        message_id=message_id, defaults={"is_refusal": is_refusal(text), "at": at}
    )
    number = read_phone(phone)
    if not is_fresh or not row.is_refusal or number is None:
        return row.members
    around = Circumstances(method=Method.SMS_REPLY, at=at, source=f"text:{message_id}"[:80])
    for entity in LegalEntity.objects.order_by("pk"):
        known = member_by_identity(IdentityKind.PHONE, number, entity)
        if known is None or known.state != MemberState.ACTIVE:
            continue
        member = Member.objects.select_for_update(of=("self",)).get(pk=known.pk)
        record_decisions(member, {Purpose.DIRECT_MARKETING: False}, around, channel=Channel.SMS)
        row.members += 1
    row.save(update_fields=["members"])
    return row.members
