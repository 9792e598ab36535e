"""Pure decisions about tags: which side's change holds, and what a rule may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Standing(Enum):
    """What may be done with a member's tags."""

    ALLOWED = "allowed"
    # She said no, or left: none here, none at WeCom.
    FORBIDDEN = "forbidden"
    # Nobody asked her yet, or her record is frozen: nothing is read and nothing is written.
    UNASKED = "unasked"


_FORBIDDING = frozenset({"refused", "withdrawn", "left"})


def standing_of(reason: str) -> Standing:
    """What follows from a verdict about profiling (`members.consent.rules.REASONS`)."""
    if not reason:
        return Standing.ALLOWED
    return Standing.FORBIDDEN if reason in _FORBIDDING else Standing.UNASKED


@dataclass(frozen=True, slots=True)
class Act:
    """That a tag was put on or taken off here, when, and whether a person did it."""

    at: datetime
    is_human: bool = True


@dataclass(frozen=True, slots=True)
class Sides:
    """One pair's tags: at WeCom now, here now, and when both were last equal.

    `held` is None for a pair never compared. `off`: what persons took off here. `busy`: on its way
    to WeCom at this moment, so that nobody can say what WeCom holds. `seen_at`: the latest moment
    at which somebody may have changed what WeCom shows.
    """

    there: Set[str]
    here: Mapping[str, Act]
    held: Set[str] | None
    seen_at: datetime
    off: Mapping[str, Act] = field(default_factory=dict)
    busy: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What makes both sides equal: to take over from WeCom, and to carry to it."""

    take_on: frozenset[str] = frozenset()
    take_off: frozenset[str] = frozenset()
    push_on: frozenset[str] = frozenset()
    push_off: frozenset[str] = frozenset()


def settle(sides: Sides) -> Settlement:
    """Per tag: the side that changed since both were equal wins.

    A tag is there or not, so when both sides changed it they agree already. One case is left: here
    it was changed and changed back while WeCom changed it; then the last act of a person wins, and
    within what cannot be told apart, WeCom's.
    """
    found: dict[str, set[str]] = {name: set() for name in ("take", "drop", "push", "pull")}
    for tag in (set(sides.there) | set(sides.here) | set(sides.held or ())) - set(sides.busy):
        is_there, is_here = tag in sides.there, tag in sides.here
        if is_there == is_here:
            continue
        if _wecom_wins(sides, tag, is_there=is_there):
            found["take" if is_there else "drop"].add(tag)
        else:
            found["push" if is_here else "pull"].add(tag)
    return Settlement(*(frozenset(found[name]) for name in ("take", "drop", "push", "pull")))


def _wecom_wins(sides: Sides, tag: str, *, is_there: bool) -> bool:
    here, off = sides.here.get(tag), sides.off.get(tag)
    if sides.held is None:
        # Never compared: neither side's lack is an act, unless a person took it off here.
        return is_there and off is None
    if (tag in sides.held) == is_there:
        return False
    last = here if here is not None and here.is_human else off
    return last is None or last.at <= sides.seen_at


def terms_in(rule: Any) -> Iterator[str]:
    """The names of the terms that an audience's rule is made of."""
    if not isinstance(rule, dict):
        return
    for name, value in rule.items():
        if name in {"all", "any"} and isinstance(value, list):
            for child in value:
                yield from terms_in(child)
        elif name == "not":
            yield from terms_in(value)
        else:
            yield str(name)


def fault_of_rule(rule: Any) -> str:
    """Why this may not be a tag's rule, in words for HQ; empty when it may."""
    if rule == {}:
        return "规则是空的：那就是所有会员，不必打标签。"
    if "tag" in set(terms_in(rule)):
        return "标签的规则里不能再用标签，否则它们会互相改来改去。"
    return ""
