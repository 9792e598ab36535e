"""Pure facts about identifiers: which phone is meant, how it is shown, what a face looks like.
And pure decisions about evidence: what makes two records one person, and which of them is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import phonenumbers

# Mainland mobiles only: codes to any other number are how SMS fraud earns its money.
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_MOBILE_AMONG_WORDS = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_FILLING = re.compile(r"[\s\-()（）·]")
_LONGEST_INPUT = 32
_LONGEST_ACCOUNT = 40

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


def phones_in(remark: str) -> list[str]:
    """Mainland mobiles that somebody wrote among other words."""
    return [re.sub(r"\D", "", found) for found in _MOBILE_AMONG_WORDS.findall(remark)]


def read_account(text: str) -> str | None:
    """A marketplace and a name there as "tmall:name", in one spelling; None for anything else."""
    shop, _, name = unicodedata.normalize("NFKC", text).partition(":")
    shop, name = shop.strip().lower(), name.strip().casefold()
    if not re.fullmatch(r"[a-z0-9_-]{1,20}", shop) or not 0 < len(name) <= _LONGEST_ACCOUNT:
        return None
    return f"{shop}:{name}"


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


# ---------------------------------------------------------------- one person or two

# What speaks for one person, in words that a guide understands. Codes are kept, values never.
EVIDENCE: Mapping[str, str] = {
    "phone_proven": "验证过同一个手机号",
    "unionid": "用同一个微信登录过",
    "external_with_phone": "同一位企微客户，手机号也验证过",
    "card_shown": "收银台出示了会员卡",
    "one_contact": "同一位企微客户，先后认作这两位会员",
    "phone_remarked": "导购给其中一位的企微备注的手机号，是另一位验证过的手机号",
    "phone_typed": "填写过同一个手机号，其中一位还没有验证",
    "name_birth": "姓名和出生年份相同",
    "name_store": "同一家门店，姓名相同",
    "one_unproven": "其中一位没有验证过手机号",
    # Against it:
    "both_phones": "两位各有一个验证过的手机号",
    "both_wechats": "两位各有自己的微信",
}
# Enough by themselves: a code sent to the phone, WeChat's own word, a card in the hand.
PROOFS = frozenset({"phone_proven", "unionid", "external_with_phone", "card_shown"})
# Enough to ask a person: what somebody typed or remarked is a word, not a proof.
LIKENESSES = frozenset({"phone_typed", "phone_remarked", "one_contact"})
# A family shares phones and cards: proofs that contradict one another are for a person to weigh.
CONTRADICTIONS = frozenset({"both_phones", "both_wechats"})


class Judgement(StrEnum):
    """What evidence is good for."""

    MERGE = "merge"
    SUGGEST = "suggest"
    NOTHING = "nothing"


def judge(evidence: Set[str]) -> Judgement:
    """Merge on proof, ask a person on likeness or contradiction, do nothing on a mere name."""
    if evidence & PROOFS:
        return Judgement.SUGGEST if evidence & CONTRADICTIONS else Judgement.MERGE
    is_likely = bool(evidence & LIKENESSES) or any(
        evidence >= {"name_store", more} for more in ("name_birth", "one_unproven")
    )
    return Judgement.SUGGEST if is_likely else Judgement.NOTHING


def contradictions(
    *, phones: tuple[Collection[str], Collection[str]], wechats: tuple[bool, bool]
) -> set[str]:
    """What speaks against: proven phones of both without one in common, a WeChat of each."""
    mine, theirs = set(phones[0]), set(phones[1])
    against = set()
    if mine and theirs and not mine & theirs:
        against.add("both_phones")
    if all(wechats):
        against.add("both_wechats")
    return against


@dataclass(frozen=True, slots=True)
class Record:
    """What decides which of two records is kept."""

    number: int
    is_active: bool
    has_proven_phone: bool
    joined_at: datetime


def kept_first(one: Record, other: Record) -> tuple[Record, Record]:
    """The one that is kept, then the one that goes: who is a member still, whose phone is proven,
    who joined first.
    """

    def rank(record: Record) -> tuple[bool, bool, datetime, int]:
        return (
            not record.is_active,
            not record.has_proven_phone,
            record.joined_at,
            record.number,
        )

    kept, gone = sorted((one, other), key=rank)
    return kept, gone


def owner_after_merge(
    *, kept: int | None, gone: int | None, working: Collection[int]
) -> int | None:
    """Whose she is: the kept one's guide, who won her first; the other's if he has left."""
    for guide in (kept, gone):
        if guide is not None and guide in working:
            return guide
    return None


def plain_name(name: str) -> str:
    """A name as it is compared: without blanks, width and case. Too short compares with nothing."""
    plain = _FILLING.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return plain if len(plain) >= 2 else ""
