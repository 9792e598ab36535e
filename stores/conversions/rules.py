"""Who is credited for a sale, pure: sale, touches, ownership and terms in, exact shares out.

A rule is a ladder: its steps are tried in order, the first that finds somebody decides. Numbers
here are our own keys; the same facts in any order give the same shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from kit.money import split

PATH_KINDS = ("last_touch", "first_touch", "linear", "time_decay", "position")
STEP_KINDS = ("owner", *PATH_KINDS, "server")
# Touches by which a guide brings a member to herself; only these lock her.
BINDING = ("registration", "friend")
# The reason of a share that no rule gave but a ruling.
RULED = "ruling"
_MOST_DAYS = 3650
_UNIT = 40


@dataclass(frozen=True, slots=True)
class TouchFact:
    """A touch by a guide. `source` only breaks ties, so that no order of arrival can."""

    number: int
    kind: str
    guide: int
    at: datetime
    source: str = ""

    def in_order(self) -> tuple[datetime, str, int, str]:
        return self.at, self.kind, self.guide, self.source


@dataclass(frozen=True, slots=True)
class OwnerFact:
    """That the member belonged to a guide from `since` until `until` (not included).

    `handed_from` is the guide who handed her over: what that one had done for her counts for the
    successor from then on.
    """

    guide: int
    since: datetime
    until: datetime | None = None
    handed_from: int | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Sale:
    """One sold line: what it brought, when, who served."""

    amount: int
    at: datetime
    served_by: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder. An owner's step without a window asks for no touch."""

    kind: str
    window_days: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule says. `windows` gives kinds of touches a shorter (or no) window of their own."""

    ladder: tuple[Step, ...]
    windows: Mapping[str, int] = field(default_factory=dict)
    server_share: int = 0
    lock_days: int = 0
    half_life_days: int = 7

    def reach(self) -> timedelta:
        """How far before a sale a touch can matter, locks apart."""
        return timedelta(days=max((step.window_days or 0 for step in self.ladder), default=0))


@dataclass(frozen=True, slots=True)
class Share:
    """A guide's part of a line, with the touches that earned it."""

    guide: int
    amount: int
    reason: str
    touches: tuple[int, ...] = ()


class BadTerms(ValueError):
    """A rule that cannot be read; the message is for HQ."""


FIRST_TERMS: dict[str, Any] = {
    "ladder": [
        {"kind": "owner", "window_days": 30},
        {"kind": "last_touch", "window_days": 30},
        {"kind": "server"},
    ],
    "windows": {"group_leave": 0},
}


def read_terms(raw: object) -> Terms:
    """The terms in a rule's JSON. Raises BadTerms."""
    if not isinstance(raw, dict):
        raise BadTerms("条件应为一个 JSON 对象。")
    unknown = set(raw) - {"ladder", "windows", "server_share", "lock_days", "half_life_days"}
    if unknown:
        raise BadTerms(f"不认识的条件：{'、'.join(sorted(unknown))}。")
    ladder = raw.get("ladder")
    if not isinstance(ladder, list) or not ladder:
        raise BadTerms("请在 ladder 中至少列出一级归属方式。")
    windows = raw.get("windows", {})
    if not isinstance(windows, dict):
        raise BadTerms("windows 应为「互动方式: 天数」。")
    return Terms(
        ladder=tuple(_read_step(step) for step in ladder),
        windows={str(kind): _days(days, "windows") for kind, days in windows.items()},
        server_share=_number(raw.get("server_share", 0), "server_share", 100),
        lock_days=_days(raw.get("lock_days", 0), "lock_days"),
        half_life_days=max(1, _days(raw.get("half_life_days", 7), "half_life_days")),
    )


def share_sale(
    sale: Sale, touches: Sequence[TouchFact], owners: Sequence[OwnerFact], terms: Terms
) -> list[Share]:
    """The guides' shares of a sale; they sum exactly to its amount, or nobody has any.

    Owners are given best first: of two that hold at once the earlier in the sequence counts.
    """
    return share_by_past(sale, past_of(sale.at, touches, owners), owners, terms)


def past_of(
    at: datetime, touches: Sequence[TouchFact], owners: Sequence[OwnerFact]
) -> list[TouchFact]:
    """The touches as they count at a sale of that moment, oldest first, whatever the terms."""
    past = [touch for touch in touches if touch.at <= at]
    if len(past) > 1:
        past.sort(key=TouchFact.in_order)
    return _inherited(past, owners, at)


def share_by_past(
    sale: Sale, past: Sequence[TouchFact], owners: Sequence[OwnerFact], terms: Terms
) -> list[Share]:
    """The same from the touches that count: two rules about one sale read them once."""
    earned = _locked(sale, past, terms) or _climb(sale, past, owners, terms)
    return _merge(sale.amount, _with_server(sale, earned, terms.server_share)) if earned else []


def share_by_ruling(amount: int, parts: Mapping[int, int]) -> list[Share]:
    """A line as somebody decided it: guides and their parts, whatever a rule would say."""
    guides = sorted(guide for guide, part in parts.items() if part > 0)
    if not guides:
        return []
    amounts = split(amount, [parts[guide] for guide in guides])
    return [Share(guide, part, RULED) for guide, part in zip(guides, amounts, strict=True) if part]


def take_back(shares: Sequence[Share], refunds: Sequence[int]) -> list[list[Share]]:
    """What each refund (a negative amount, in order) takes from whom.

    Each is split over what its sale's guides still have, so nobody falls below zero, and a sale
    taken back in any number of parts ends at nothing. More than was given is never taken.
    """
    left = [share.amount for share in shares]
    taken: list[list[Share]] = []
    for refund in refunds:
        part = min(-refund, sum(left))
        if part <= 0 or min(left, default=0) < 0:
            taken.append([])
            continue
        pieces = split(part, left)
        left = [have - piece for have, piece in zip(left, pieces, strict=True)]
        taken.append(
            [
                Share(share.guide, -piece, share.reason, share.touches)
                for share, piece in zip(shares, pieces, strict=True)
                if piece
            ]
        )
    return taken


def path_weights(kind: str, ages: Sequence[float], half_life: float = 7.0) -> list[int]:
    """How much each touch of a path weighs, oldest first; `ages` in days before the sale."""
    n = len(ages)
    if kind == "last_touch":
        return [0] * (n - 1) + [1]
    if kind == "first_touch":
        return [1] + [0] * (n - 1)
    if kind == "linear" or (n <= 2 and kind == "position"):
        return [1] * n
    if kind == "position":
        # 40 % for the first and the last, 20 % shared by those between.
        return [2 * (n - 2)] + [1] * (n - 2) + [2 * (n - 2)]
    if kind == "time_decay":
        return [max(1, round(2.0 ** (_UNIT - min(age / half_life, _UNIT)))) for age in ages]
    raise ValueError(kind)


@dataclass(frozen=True, slots=True)
class _Earning:
    """A weight before it is money."""

    guide: int
    weight: int
    reason: str
    touches: tuple[int, ...] = ()


def _locked(sale: Sale, past: Sequence[TouchFact], terms: Terms) -> list[_Earning]:
    """The guide whose lock holds at the sale: it begins with a binding touch while none holds."""
    if not terms.lock_days:
        return []
    lock: TouchFact | None = None
    length = timedelta(days=terms.lock_days)
    for touch in past:
        if touch.kind in BINDING and (lock is None or touch.at >= lock.at + length):
            lock = touch
    if lock is None or sale.at >= lock.at + length:
        return []
    return [_Earning(lock.guide, 1, "locked", (lock.number,))]


def _with_server(sale: Sale, earned: list[_Earning], percent: int) -> list[_Earning]:
    """Set the server's percentage aside, unless the whole is hers for serving already."""
    if not percent or sale.served_by is None or earned[0].reason == "server":
        return earned
    total = sum(earning.weight for earning in earned)
    rest = [
        _Earning(each.guide, each.weight * (100 - percent), each.reason, each.touches)
        for each in earned
    ]
    return [*rest, _Earning(sale.served_by, total * percent, "server_share")]


def _inherited(past: list[TouchFact], owners: Sequence[OwnerFact], at: datetime) -> list[TouchFact]:
    """The touches as they count at a sale: a customer who was handed over brings hers along.

    Several hand-overs pass them on one after the other; sales before a hand-over see none of it.
    """
    found = past
    handed = [fact for fact in owners if fact.handed_from is not None and fact.since <= at]
    for fact in sorted(handed, key=lambda one: (one.since, one.guide)):
        found = [
            replace(touch, guide=fact.guide)
            if touch.guide == fact.handed_from and touch.at <= fact.since
            else touch
            for touch in found
        ]
    return found


def _climb(
    sale: Sale, past: Sequence[TouchFact], owners: Sequence[OwnerFact], terms: Terms
) -> list[_Earning]:
    for step in terms.ladder:
        near = _within(sale, past, step, terms)
        if step.kind == "owner":
            found = _owner(sale, near, owners, step)
        elif step.kind == "server":
            found = [] if sale.served_by is None else [_Earning(sale.served_by, 1, "server")]
        else:
            found = _path(sale, near, step.kind, terms) if near else []
        if found:
            return found
    if terms.server_share and sale.served_by is not None:
        return [_Earning(sale.served_by, 1, "server")]
    return []


def _within(sale: Sale, past: Sequence[TouchFact], step: Step, terms: Terms) -> list[TouchFact]:
    if step.window_days is None:
        return []
    near = []
    for touch in past:
        days = min(step.window_days, terms.windows.get(touch.kind, step.window_days))
        if days and sale.at - touch.at <= timedelta(days=days):
            near.append(touch)
    return near


def _owner(
    sale: Sale, near: Sequence[TouchFact], owners: Sequence[OwnerFact], step: Step
) -> list[_Earning]:
    owner = next((fact for fact in owners if fact.holds_at(sale.at)), None)
    if owner is None:
        return []
    hers = tuple(touch.number for touch in near if touch.guide == owner.guide)
    if not hers and step.window_days is not None:
        return []
    return [_Earning(owner.guide, 1, "owner", hers)]


def _path(sale: Sale, near: Sequence[TouchFact], kind: str, terms: Terms) -> list[_Earning]:
    ages = [(sale.at - touch.at) / timedelta(days=1) for touch in near]
    weights = path_weights(kind, ages, terms.half_life_days)
    return [
        _Earning(touch.guide, weight, kind, (touch.number,))
        for touch, weight in zip(near, weights, strict=True)
        if weight
    ]


def _merge(amount: int, earned: Sequence[_Earning]) -> list[Share]:
    """One share for each guide, whatever she earned it by; odd cents go to the lower number."""
    if len(earned) == 1 and earned[0].weight:
        alone = earned[0]
        return [Share(alone.guide, amount, alone.reason, alone.touches)] if amount else []
    weights: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    touches: dict[int, list[int]] = {}
    for earning in earned:
        if not earning.weight:
            continue
        weights[earning.guide] = weights.get(earning.guide, 0) + earning.weight
        said = reasons.setdefault(earning.guide, [])
        if earning.reason not in said:
            said.append(earning.reason)
        touches.setdefault(earning.guide, []).extend(earning.touches)
    guides = sorted(weights)
    amounts = split(amount, [weights[guide] for guide in guides])
    return [
        Share(guide, part, "+".join(reasons[guide]), tuple(touches[guide]))
        for guide, part in zip(guides, amounts, strict=True)
        if part
    ]


def _read_step(raw: object) -> Step:
    if not isinstance(raw, dict) or raw.get("kind") not in STEP_KINDS:
        raise BadTerms(f"每一级的 kind 应为 {'、'.join(STEP_KINDS)} 之一。")
    kind, days = raw["kind"], raw.get("window_days")
    if kind in PATH_KINDS and days is None:
        raise BadTerms(f"{kind} 须写明 window_days（天数）。")
    return Step(kind, None if days is None else _days(days, "window_days"))


def _days(raw: object, name: str) -> int:
    return _number(raw, name, _MOST_DAYS)


def _number(raw: object, name: str, most: int) -> int:
    if type(raw) is not int or not 0 <= raw <= most:
        raise BadTerms(f"{name} 应为 0 至 {most} 的整数。")
    return raw
