"""Pure facts about identifiers: which phone is meant, how it is shown, what a face looks like."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Literal

import phonenumbers

# Mainland mobiles only: codes to any other number are how SMS fraud earns its money.
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_FILLING = re.compile(r"[\s\-()（）·]")
_LONGEST_INPUT = 32

# WeCom's numbers for friends whom a colleague or a manager handed on (document 92114, 2024-06):
# nobody has won them.
HANDED_ON = frozenset({201, 202})

Tone = Literal["a", "b", "c"]
TONES: tuple[Tone, ...] = ("a", "b", "c")


def read_phone(text: str) -> str | None:
    """A mainland mobile as +8613800000001; None for anything else."""
    if len(text) > _LONGEST_INPUT:
        return None
    digits = _FILLING.sub("", unicodedata.normalize("NFKC", text))
    matched = _MOBILE.fullmatch(digits)
    if matched is None:
        return None
    number = phonenumbers.parse(matched.group(1), "CN")
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def masked_phone(phone: str | None) -> str:
    """138****0001; empty without a phone."""
    if not phone:
        return ""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"


def masked_id(value: str) -> str:
    """The ends of an identifier: enough to recognise it, too little to use it."""
    return f"{value[:3]}…{value[-3:]}" if len(value) > 8 else "…"


def face_of(name: str) -> str:
    """The one character in the round face: the family name, or the first letter."""
    name = name.strip()
    return name[:1].upper() if name else "客"


def tone_of(number: int) -> Tone:
    """Which of the three soft colours a face has; always the same for the same person."""
    return TONES[number % len(TONES)]


class Verdict(StrEnum):
    """What becomes of a friendship that WeCom shows."""

    MISSING = "missing"
    SAME = "same"
    RENEWED = "renewed"
    LEAVE = "leave"


def verdict_on(
    *,
    begun_at: datetime | None,
    ended_at: datetime | None,
    ended_by: str,
    wecoms_since: datetime,
    asked_at: datetime,
) -> Verdict:
    """Compare the newest friendship that we hold with WeCom's, which began at `wecoms_since`.

    A customer who deletes the guide stays in WeCom's lists with the old beginning: that is no
    friendship. What ended after WeCom was asked is newer than the answer.
    """
    if begun_at is None:
        return Verdict.MISSING
    if ended_at is not None and ended_at >= asked_at:
        return Verdict.LEAVE
    if wecoms_since > begun_at:
        return Verdict.RENEWED
    if ended_at is None:
        return Verdict.SAME
    return Verdict.LEAVE if ended_by == "customer" else Verdict.MISSING
