"""What to do with a message: answer, draft, hand over, or keep quiet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.understanding.calibration import THRESHOLD
from bot.understanding.matcher import Candidate
from bot.understanding.matters import matter_of
from bot.understanding.words import CHATTER, OTHERS, SHOP, asks, is_mentioned, plain, tells

# A second article within this distance means that the question was not understood.
_TOO_CLOSE: Final = 0.05
# Told late (an outage, the first day of the archive): talk has moved on, trouble has not.
_TALK_MINUTES: Final = 120
_TROUBLE_MINUTES: Final = 24 * 60
_LONGEST: Final = 120
# Not sure enough to answer, but sure enough that the shop is asked.
_NEARLY: Final = 0.75
_BARE: Final = 8
_SURE: Final = 0.9


class Reason(StrEnum):
    """Why the bot did not simply answer."""

    HARM = "harm"
    COMPLAINT = "complaint"
    REFUND = "refund"
    MONEY = "money"
    PERSONAL = "personal"
    UNKNOWN = "unknown"
    STALE = "stale"
    UNSENT = "unsent"
    MUTED = "muted"
    NO_PLACE = "no_place"
    STAFF = "staff"
    NOT_TEXT = "not_text"
    CHATTER = "chatter"
    OTHERS = "others"
    OLD = "old"
    SERVED = "served"


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the rules need it."""

    text: str
    is_staff: bool = False
    is_text: bool = True
    minutes_ago: float = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was said: may a program answer there, and do others read along?"""

    may_answer: bool
    is_group: bool
    # A colleague is talking with her there.
    is_served: bool = False
    bot_names: tuple[str, ...] = ("小助手",)


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot says it itself."""

    article: str
    probability: float


@dataclass(frozen=True, slots=True)
class Draft:
    """The bot writes it, a guide sends it. `leads_out`: it only asks her into a private chat."""

    article: str
    probability: float
    leads_out: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """A person is asked, within minutes; `reference` is an article she may quote."""

    reason: Reason
    minutes: int = 10
    reference: str = ""
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing: people talk to people."""

    reason: Reason


Decision = Answer | Draft | Escalate | Silence


def decide(
    said: Said,
    candidates: Sequence[Candidate],
    place: Place,
    *,
    private: frozenset[str] = frozenset(),
    threshold: float = THRESHOLD,
) -> Decision:
    """The one decision about a message. `private` are articles never told in front of others."""
    quiet = _reason_to_be_quiet(said, place)
    if quiet is not None:
        return Silence(quiet)
    text = plain(said.text)
    best = candidates[0] if candidates else None
    probability = best.probability if best else 0.0
    reference = best.key if best and probability >= threshold / 2 else ""
    matter = matter_of(text)
    if matter and (matter != "complaint" or not _is_talk_of_others(text)):
        return Escalate(Reason(matter), reference=reference, probability=probability)
    if said.minutes_ago > _TALK_MINUTES:
        return Silence(Reason.OLD)
    if not _wants_something(said.text, text, place, best):
        return Silence(Reason.CHATTER)
    if place.is_group and _is_talk_of_others(text):
        return Silence(Reason.OTHERS)
    if best and _is_clear(candidates, threshold) and len(text) <= _LONGEST:
        return _tell(best, place, private)
    is_near = probability >= threshold * _NEARLY
    if place.is_group and not is_near and not _is_for_the_shop(said.text, text, place):
        return Silence(Reason.OTHERS)
    return Escalate(Reason.UNKNOWN, reference=reference, probability=probability)


def _tell(best: Candidate, place: Place, private: frozenset[str]) -> Answer | Draft | Escalate:
    """The article is clear: who says it, and is it said in front of others?"""
    if place.is_group and best.key in private:
        return Draft(best.key, best.probability, leads_out=True)
    if place.may_answer:
        return Answer(best.key, best.probability)
    if not place.is_group:
        return Escalate(Reason.MUTED, reference=best.key, probability=best.probability)
    return Draft(best.key, best.probability)


def _reason_to_be_quiet(said: Said, place: Place) -> Reason | None:
    if said.is_staff:
        return Reason.STAFF
    if place.is_served:
        return Reason.SERVED
    if not said.is_text:
        return Reason.NOT_TEXT
    if said.minutes_ago > _TROUBLE_MINUTES:
        return Reason.OLD
    if CHATTER.match(plain(said.text)) or not any(char.isalnum() for char in plain(said.text)):
        return Reason.CHATTER
    return None


def _wants_something(raw: str, text: str, place: Place, best: Candidate | None) -> bool:
    """In a group only a question counts; who writes to customer service wants something anyway."""
    if not place.is_group or asks(text) or is_mentioned(raw, place.bot_names):
        return True
    # Bare words as into a search box: "营业时间", "停车费".
    return len(text) <= _BARE and best is not None and best.probability >= _SURE and not tells(text)


def _is_talk_of_others(text: str) -> bool:
    return bool(OTHERS.search(text))


def _is_for_the_shop(raw: str, text: str, place: Place) -> bool:
    return bool(SHOP.search(text)) or is_mentioned(raw, place.bot_names)


def _is_clear(candidates: Sequence[Candidate], threshold: float) -> bool:
    """Sure of the best, and the second is not nearly as close."""
    best = candidates[0]
    if best.probability < threshold:
        return False
    rivals = [
        one
        for one in candidates[1:]
        if one.probability >= threshold and one.tells != (best.tells or None)
    ]
    return not rivals or best.lead >= _TOO_CLOSE
