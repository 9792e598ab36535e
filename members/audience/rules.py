"""What an audience's rule may hold: a tree of all / any / not over terms. No row is read.

The same table of terms checks a rule, publishes its JSON schema and tells the builder what to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from members.consent.rules import PURPOSES

# Deeper trees are nobody's intention and would only tire the planner.
DEEPEST = 6
MOST_TERMS = 60
_LONGEST_LIST = 500
_LONGEST_WORD = 80
_MOST_DAYS = 3660
_MOST = 10**12


class BrokenRule(ValueError):
    """The rule cannot be read; the message says where, in words for HQ."""


def _is_words(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= _LONGEST_LIST
        and all(isinstance(word, str) and 0 < len(word) <= _LONGEST_WORD for word in value)
    )


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_days(value: Any) -> bool:
    return _is_number(value, 1, _MOST_DAYS)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != 10:
        return False
    try:
        year = date.fromisoformat(value).year
    except ValueError:
        return False
    # The day after it has to be one as well.
    return 1900 <= year <= 2200


def _is_purpose(value: Any) -> bool:
    return isinstance(value, str) and value in PURPOSES


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


_IN_FIGURE: Mapping[str, Callable[[Any], bool]] = {
    "at_least": lambda value: _is_number(value, 1, _MOST),
    "at_most": lambda value: _is_number(value, 0, _MOST),
    "within_days": _is_days,
    "since": _is_date,
    "until": _is_date,
    "skus": _is_words,
    "categories": _is_words,
}


def _is_figure(value: Any) -> bool:
    """Bounds of a sum or a count, and of which purchases; days or dates, not both."""
    return (
        isinstance(value, dict)
        and bool({"at_least", "at_most"} & set(value))
        and set(value) <= set(_IN_FIGURE)
        and not ("within_days" in value and {"since", "until"} & set(value))
        and all(_IN_FIGURE[name](inner) for name, inner in value.items())
    )


_WORDS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "maxItems": _LONGEST_LIST,
    "items": {"type": "string", "minLength": 1, "maxLength": _LONGEST_WORD},
}
_DAYS_SCHEMA = {"type": "integer", "minimum": 1, "maximum": _MOST_DAYS}
_DATE_SCHEMA = {"type": "string", "format": "date", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}
_FIGURE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}],
    "not": {
        "required": ["within_days"],
        "anyOf": [{"required": ["since"]}, {"required": ["until"]}],
    },
    "properties": {
        "at_least": {"type": "integer", "minimum": 1, "maximum": _MOST},
        "at_most": {"type": "integer", "minimum": 0, "maximum": _MOST},
        "within_days": _DAYS_SCHEMA,
        "since": _DATE_SCHEMA,
        "until": _DATE_SCHEMA,
        "skus": _WORDS_SCHEMA,
        "categories": _WORDS_SCHEMA,
    },
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a term's value looks like: to a person, to a program, to a check."""

    code: str
    wanted: str
    holds: Callable[[Any], bool]
    schema: Mapping[str, Any]


WORDS = Shape("words", "一个或多个词", _is_words, _WORDS_SCHEMA)
TRUTH = Shape("truth", "true 或 false", _is_truth, {"type": "boolean"})
DAYS = Shape("days", f"天数，1 到 {_MOST_DAYS}", _is_days, _DAYS_SCHEMA)
DATE = Shape("date", "日期，如 2026-01-31", _is_date, _DATE_SCHEMA)
PURPOSE = Shape(
    "purpose",
    "一个授权用途，如 direct_marketing",
    _is_purpose,
    {"type": "string", "enum": sorted(PURPOSES)},
)
FIGURE = Shape(
    "figure",
    '如 {"at_least": 2, "within_days": 90}，还可以有 at_most、since、until、skus、categories',
    _is_figure,
    _FIGURE_SCHEMA,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a rule may ask. `is_personal`: it judges her by what she did (PIPL 24)."""

    title: str
    shape: Shape
    is_personal: bool = False


# The order is that of the builder's list.
TERMS: Mapping[str, Term] = {
    "tier": Term("会员等级", WORDS),
    "stage": Term("生命周期阶段", WORDS, is_personal=True),
    "tag": Term("标签", WORDS, is_personal=True),
    "store": Term("门店", WORDS),
    "region": Term("区域", WORDS),
    "owner": Term("专属导购", WORDS),
    "has_owner": Term("有没有专属导购", TRUTH),
    "is_friend": Term("是不是导购的好友", TRUTH),
    "in_group": Term("在不在客户群里", TRUTH),
    "consent": Term("同意了", PURPOSE),
    "joined_within_days": Term("最近入会", DAYS),
    "joined_since": Term("入会不早于", DATE),
    "joined_before": Term("入会早于", DATE),
    "purchased_within_days": Term("最近买过", DAYS, is_personal=True),
    "purchased": Term("买过几次", FIGURE, is_personal=True),
    "spent": Term("买了多少钱", FIGURE, is_personal=True),
    "opened_within_days": Term("最近打开过链接或小程序", DAYS, is_personal=True),
    "touched_within_days": Term("最近联系过她", DAYS),
}


def check_rule(rule: Any) -> None:
    """Raises BrokenRule with the place of the fault. An empty rule means everybody."""
    if rule == {} and isinstance(rule, dict):
        return
    if sum(1 for _ in _terms(rule, 1, "规则")) > MOST_TERMS:
        raise BrokenRule(f"条件太多，最多 {MOST_TERMS} 条。")


def terms_of(rule: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every term of a rule that holds, with its value."""
    for name, value in rule.items():
        if name in {"all", "any"}:
            for child in value:
                yield from terms_of(child)
        elif name == "not":
            yield from terms_of(value)
        else:
            yield name, value


def is_personal(rule: Mapping[str, Any]) -> bool:
    """Whether the rule judges people by what they did: then only who agreed to that is meant."""
    return any(TERMS[name].is_personal for name, _ in terms_of(rule))


def schema() -> dict[str, Any]:
    """The JSON schema of a rule, for programs; depth and number of terms are checked besides."""
    node = {"$ref": "#/$defs/node"}
    nested = {"type": "array", "minItems": 1, "items": node}

    def alone(name: str, value: Mapping[str, Any], title: str) -> dict[str, Any]:
        return {
            "type": "object",
            "title": title,
            "properties": {name: value},
            "required": [name],
            "additionalProperties": False,
        }

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "人群条件",
        "description": f"空对象表示全部会员；最多嵌套 {DEEPEST} 层，最多 {MOST_TERMS} 条。",
        "anyOf": [{"type": "object", "maxProperties": 0}, node],
        "$defs": {
            "node": {
                "oneOf": [
                    alone("all", nested, "都满足"),
                    alone("any", nested, "满足任一"),
                    alone("not", node, "不满足"),
                    *(alone(name, term.shape.schema, term.title) for name, term in TERMS.items()),
                ]
            }
        },
    }


def _terms(node: Any, depth: int, place: str) -> Iterator[str]:
    if depth > DEEPEST:
        raise BrokenRule(f"{place}：嵌套太深，最多 {DEEPEST} 层。")
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
    shape = TERMS[name].shape
    if not shape.holds(value):
        raise BrokenRule(f"{place}：“{name}”的值应是{shape.wanted}。")
    return name
