"""The stage of a member and its next change, from plain values; what a play's words mean.

`scoring.py` says the same to PostgreSQL; a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import md5
from typing import Final

# A forecast grows old faster while she buys often.
REFRESH_SOON: Final = 7
REFRESH_LATER: Final = 28
QUIET_FOR: Final = 60
# What `expected_purchases` and `value_minor` look ahead.
AHEAD_DAYS: Final = 365

STOPS: Final[Mapping[str, str]] = {
    "purchase": "她买了",
    "withdrawal": "她撤回了授权",
    "stage_change": "她的阶段变了",
    "not_needed": "她说不需要",
    "ignored": "连续两次没有回应",
}
_SHARES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger says of one person: days on which she bought, net of what she returned."""

    joined_on: date
    frequency: int = 0
    first_on: date | None = None
    last_on: date | None = None
    monetary_minor: int = 0
    repeat_minor: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of a rule."""

    growing_purchases: int = 2
    mature_purchases: int = 4
    mature_spend: int | None = None
    dormant_after: int = 120
    lapsed_after: int = 365


def stage_of(her: Facts, limits: Limits, on: date) -> str:
    """Silence decides first: who bought much and stays away is dormant all the same."""
    quiet = (on - (her.last_on or her.joined_on)).days
    if quiet > limits.lapsed_after:
        return "lapsed"
    if quiet > limits.dormant_after:
        return "dormant"
    is_big = limits.mature_spend is not None and her.monetary_minor >= limits.mature_spend
    if her.frequency >= limits.mature_purchases or (her.frequency > 0 and is_big):
        return "mature"
    return "growing" if her.frequency >= limits.growing_purchases else "new"


def look_again_on(her: Facts, limits: Limits, on: date) -> date:
    """The next day on which time alone changes her stage or makes her forecast too old."""
    heard_on = her.last_on or her.joined_on
    quiet = (on - heard_on).days
    refresh = REFRESH_SOON if her.frequency and quiet < QUIET_FOR else REFRESH_LATER
    soonest = on + timedelta(days=refresh)
    if quiet <= limits.dormant_after:
        return min(soonest, heard_on + timedelta(days=limits.dormant_after + 1))
    if quiet <= limits.lapsed_after:
        return min(soonest, heard_on + timedelta(days=limits.lapsed_after + 1))
    return soonest


def entered_on(her: Facts, limits: Limits, stage: str) -> date:
    """Since when she has stood there, as far as the facts tell."""
    heard_on = her.last_on or her.joined_on
    if stage == "lapsed":
        return heard_on + timedelta(days=limits.lapsed_after + 1)
    if stage == "dormant":
        return heard_on + timedelta(days=limits.dormant_after + 1)
    return heard_on


def is_kept_out(play: str, member_no: int, percent: int) -> bool:
    """Whether a member belongs to a play's holdout: always the same answer, no dice are thrown."""
    digest = md5(f"{play}:{member_no}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % _SHARES < percent * _SHARES // 100


@dataclass(frozen=True, slots=True)
class Why:
    """What the reasons to greet her today are made of; None where nothing is known or allowed."""

    stage: str | None
    frequency: int | None
    quiet: int | None
    dormant_after: int | None
    coupon_days: int | None
    p_alive: float | None
    joined_days: int


def reasons_to_greet(her: Why) -> list[tuple[str, str]]:
    """(code, sentence) of every reason that holds, the weightiest first."""
    found: list[tuple[str, str]] = []
    bought, quiet = her.frequency or 0, her.quiet
    if bought > 1 and quiet is not None and her.dormant_after is not None:
        left = her.dormant_after - quiet
        if 0 <= left <= 21:
            found.append(("dormant_soon", f"{quiet} 天没来了，再过 {left} 天就到休眠期"))
    if her.coupon_days is not None:
        when = "今天" if her.coupon_days <= 0 else f" {her.coupon_days} 天后"
        found.append(("coupon", f"有一张券{when}到期"))
    if bought >= 3 and her.p_alive is not None and 0.2 <= her.p_alive <= 0.6:
        found.append(("falling", f"买过 {bought} 次，最近比她平常的节奏慢了"))
    if bought == 1 and quiet is not None and 14 <= quiet <= 60:
        found.append(("second", f"第一次买是 {quiet} 天前，还没有第二次"))
    if her.stage == "new" and bought == 0 and 3 <= her.joined_days <= 14:
        found.append(("welcome", f"入会 {her.joined_days} 天，还没有买过"))
    return found
