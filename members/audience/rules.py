"""What an audience's rule may hold: a tree of all / any / not over terms. No row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from members.consent.rules import PURPOSES

# Deeper trees are nobody's intention and would only tire the planner.
_DEEPEST = 6
_MOST_TERMS = 60
_LONGEST_LIST = 500


class BrokenRule(ValueError):
    """The rule cannot be read; the message says where, in words for HQ."""


def _is_words(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= _LONGEST_LIST
        and all(isinstance(word, str) and word for word in value)
    )


def _is_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 3660


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != 10:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_purpose(value: Any) -> bool:
    return isinstance(value, str) and value in PURPOSES


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


# term → what its value must be, and how that is said to a person
TERMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "tier": (_is_words, "一个或多个等级"),
    "store": (_is_words, "一个或多个门店编号"),
    "region": (_is_words, "一个或多个区域名称"),
    "owner": (_is_words, "一个或多个导购工号"),
    "has_owner": (_is_truth, "true 或 false"),
    "consent": (_is_purpose, "一个授权用途，如 direct_marketing"),
    "joined_since": (_is_date, "日期，如 2026-01-31"),
    "joined_within_days": (_is_days, "天数"),
    "purchased_within_days": (_is_days, "天数"),
    "is_friend": (_is_truth, "true 或 false"),
}


def check_rule(rule: Any) -> None:
    """Raises BrokenRule with the place of the fault. An empty rule means everybody."""
    if rule == {}:
        return
    if sum(1 for _ in _terms(rule, 1, "规则")) > _MOST_TERMS:
        raise BrokenRule(f"条件太多，最多 {_MOST_TERMS} 条。")


def _terms(node: Any, depth: int, place: str) -> Iterator[str]:
    if depth > _DEEPEST:
        raise BrokenRule(f"{place}：嵌套太深，最多 {_DEEPEST} 层。")
    if not isinstance(node, dict) or len(node) != 1:
        raise BrokenRule(f"{place}：每个条件恰好写一个名字和它的值。")
    name, value = next(iter(node.items()))
    if name in {"all", "any"}:
        if not isinstance(value, list) or not value:
            raise BrokenRule(f"{place}：“{name}”后面是一组条件。")
        for number, child in enumerate(value, 1):
            yield from _terms(child, depth + 1, f"{place} › {name} 第 {number} 条")
    elif name == "not":
        yield from _terms(value, depth + 1, f"{place} › not")
    else:
        yield _term(name, value, place)


def _term(name: str, value: Any, place: str) -> str:
    if name not in TERMS:
        raise BrokenRule(f"{place}：没有“{name}”这个条件。")
    holds, wanted = TERMS[name]
    if not holds(value):
        raise BrokenRule(f"{place}：“{name}”的值应是{wanted}。")
    return name
