"""Pure decisions of registering: tokens, one-time codes, limits, steps of the way."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_LIVES = timedelta(minutes=10)
MOST_TRIES = 5
# A reload or a second look within this time is the same visit.
VISIT_LASTS = timedelta(minutes=30)
# WeCom takes a welcome for 20 seconds after the friend was added; the call itself needs its share.
WELCOME_WITHIN = timedelta(seconds=18)
# A friend without unionid may be the member who registered through the same code this recently.
SUGGEST_WITHIN = timedelta(minutes=30)


def new_token() -> str:
    """128 random bits in 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def new_wecom_state() -> str:
    """What WeCom carries from the contact-me code to the callback; at most 30 bytes."""
    return "c" + secrets.token_hex(12)


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` requests of one kind of key within a time."""

    key: str
    most: int
    within: timedelta


# A phone's limits are those of the SMS gateways themselves; a shop's guests share one address,
# so an address may ask more often than a phone.
LIMITS: Sequence[Limit] = (
    Limit("phone", 1, timedelta(minutes=1)),
    Limit("phone", 5, timedelta(hours=1)),
    Limit("phone", 10, timedelta(days=1)),
    Limit("ip", 30, timedelta(hours=1)),
    Limit("ip", 150, timedelta(days=1)),
    Limit("channel_code", 200, timedelta(hours=1)),
)


# How often a phone, a visit or an address may ask before somebody has to read a picture. A shop's
# guests share an address: only many of them in an hour look like a machine.
PICTURE_AFTER: Mapping[str, int] = {"phone": 2, "visit": 2, "ip": 20}
# Below so many messages in the window their ratio says nothing.
RATIO_FROM = 20


def wants_picture(asked: Mapping[str, int], *, is_alarmed: bool) -> bool:
    """Whether the next request comes with a picture that somebody has read.

    `asked`: how often the phone asked today, the visit ever, the address in the last hour.
    """
    return is_alarmed or any(asked.get(key, 0) >= most for key, most in PICTURE_AFTER.items())


def is_pumped(*, sent: int, proven: int) -> bool:
    """Customers type what they asked for; who only lets us pay asks and never types."""
    return sent >= RATIO_FROM and sent > 2 * proven


def exceeded(asked: Mapping[str, Sequence[datetime]], at: datetime) -> Limit | None:
    """The first limit that one more request would break; `asked` holds earlier times per key."""
    for limit in LIMITS:
        recent = sum(1 for moment in asked.get(limit.key, ()) if moment > at - limit.within)
        if recent >= limit.most:
            return limit
    return None


def evidence_of(*, registered_at: datetime, friend_at: datetime) -> list[str] | None:
    """Why a new friend may be the member who just registered, in a guide's words, or None."""
    apart = abs(friend_at - registered_at)
    if apart > SUGGEST_WITHIN:
        return None
    seconds = int(apart.total_seconds())
    shown = f"{seconds} 秒" if seconds < 90 else f"{seconds // 60} 分钟"
    return ["扫的是同一个渠道码", f"注册和加好友相隔 {shown}"]


def welcome_text(*, written: str, guide: str, store: str) -> str:
    """What a new friend reads first: HQ's words for the code, or the house's."""
    if written:
        return written.replace("{导购}", guide).replace("{门店}", store)
    return (
        f"您好，我是{store}的{guide}，很高兴认识您。"
        "尺码、到货、穿搭，都可以直接问我；不想收到消息，随时在会员卡里关掉。"
    )
