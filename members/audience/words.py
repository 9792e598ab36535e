"""A rule as a person would say it, and what is different between two of them. No row is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Names of codes: term → code → what stands on screens.
Names = Mapping[str, Mapping[str, str]]
_SHOWN = 6


def say(rule: Mapping[str, Any], names: Names) -> str:
    """金卡及以上，且 90 天内没买过，且同意一对一消息."""
    return _say(rule, names, inside=False) if rule else "全部会员"


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Names) -> str:
    """What was added, what was taken away; for rules of another build, both as a whole."""
    if before is None:
        return "新建"
    if before == after:
        return "条件没有变"
    if next(iter(before), "") == "any" or next(iter(after), "") == "any":
        return f"从“{say(before, names)}”改为“{say(after, names)}”"
    old, new = _phrases(before, names), _phrases(after, names)
    added = [phrase for phrase in new if phrase not in old]
    gone = [phrase for phrase in old if phrase not in new]
    parts = []
    if gone:
        parts.append("去掉：" + "；".join(gone))
    if added:
        parts.append("加上：" + "；".join(added))
    return "。".join(parts) or "条件的写法变了，意思没有变"


def _phrases(rule: Mapping[str, Any], names: Names) -> list[str]:
    if not rule:
        return []
    name, value = next(iter(rule.items()))
    children = value if name == "all" else [rule]
    return [_say(child, names, inside=True) for child in children]


def _say(node: Mapping[str, Any], names: Names, *, inside: bool) -> str:
    name, value = next(iter(node.items()))
    if name in {"all", "any"}:
        parts = [_say(child, names, inside=True) for child in value]
        joined = _joined("，且" if name == "all" else "，或", parts)
        return f"（{joined}）" if inside and len(value) > 1 else joined
    if name == "not":
        return _say_not(value, names)
    return _TERMS[name](value, names.get(name, {}), False)  # noqa: FBT003


def _joined(word: str, parts: Sequence[str]) -> str:
    """Parts with a word between them; a figure stands apart from it."""
    return parts[0] + "".join(
        f"{word}{' ' if part[:1].isdigit() else ''}{part}" for part in parts[1:]
    )


def _say_not(node: Mapping[str, Any], names: Names) -> str:
    name, value = next(iter(node.items()))
    if name == "not":
        return _say(value, names, inside=True)
    if name in {"all", "any"}:
        return (
            f"不是{_say(node, names, inside=True)}" if len(value) > 1 else _say_not(value[0], names)
        )
    return _TERMS[name](value, names.get(name, {}), True)  # noqa: FBT003


def _listed(values: Sequence[str], names: Mapping[str, str]) -> str:
    shown = [names.get(value, value) for value in values[:_SHOWN]]
    more = f"等 {len(values)} 个" if len(values) > _SHOWN else ""
    return "、".join(shown) + more


def _tier(values: Sequence[str], names: Mapping[str, str], no: bool) -> str:  # noqa: FBT001
    ranks = list(names)
    chosen = sorted({ranks.index(value) for value in values if value in ranks})
    upward = len(chosen) > 1 and chosen == list(range(chosen[0], len(ranks)))
    said = f"{names[ranks[chosen[0]]]}及以上" if upward else "或".join(
        names.get(value, value) for value in sorted(values, key=_rank(ranks))
    )  # fmt: skip
    return f"不是{said}" if no else said


def _rank(ranks: Sequence[str]) -> Callable[[str], int]:
    return lambda value: ranks.index(value) if value in ranks else len(ranks)


def _words(yes: str, never: str) -> Callable[[Any, Mapping[str, str], bool], str]:
    def phrase(values: Sequence[str], names: Mapping[str, str], no: bool) -> str:  # noqa: FBT001
        return f"{never if no else yes}{_listed(values, names)}"

    return phrase


def _truth(yes: str, never: str) -> Callable[[Any, Mapping[str, str], bool], str]:
    return lambda value, _, no: yes if value is not no else never


def _days(yes: str, never: str) -> Callable[[Any, Mapping[str, str], bool], str]:
    return lambda value, _, no: f"{value} 天内{never if no else yes}"


def _figure(yes: str, unit: Callable[[int], str]) -> Callable[[Any, Mapping[str, str], bool], str]:
    def phrase(value: Mapping[str, Any], _: Mapping[str, str], no: bool) -> str:  # noqa: FBT001
        least, most = value.get("at_least"), value.get("at_most")
        bounds = " ".join(
            part
            for part in (
                "" if least is None else f"至少 {unit(least)}",
                "" if most is None else f"至多 {unit(most)}",
            )
            if part
        )
        said = f"{_window(value)}{yes}{_of_what(value)}{bounds}"
        return f"不是“{said}”" if no else said

    return phrase


def _window(value: Mapping[str, Any]) -> str:
    if "within_days" in value:
        return f"{value['within_days']} 天内"
    since, until = value.get("since"), value.get("until")
    if since and until:
        return f"{since} 至 {until} "
    if since:
        return f"{since} 以来"
    return f"{until} 及以前" if until else "一共"


def _of_what(value: Mapping[str, Any]) -> str:
    what = [*value.get("categories", ()), *value.get("skus", ())]
    return f"（{_listed(what, {})}）" if what else ""


def _yuan(minor: int) -> str:
    whole, rest = divmod(minor, 100)
    return f"{whole:,} 元" if not rest else f"{whole:,}.{rest:02d} 元"


def _consent(value: str, names: Mapping[str, str], no: bool) -> str:  # noqa: FBT001
    return f"{'没有同意' if no else '同意'}{names.get(value, value)}"


def _dated(yes: str, never: str) -> Callable[[Any, Mapping[str, str], bool], str]:
    return lambda value, _, no: f"{value} {never if no else yes}"


_TERMS: Mapping[str, Callable[[Any, Mapping[str, str], bool], str]] = {
    "tier": _tier,
    "stage": _words("处于", "不处于"),
    "tag": _words("有标签 ", "没有标签 "),
    "store": _words("属于 ", "不属于 "),
    "region": _words("在 ", "不在 "),
    "owner": _words("专属导购是 ", "专属导购不是 "),
    "has_owner": _truth("有专属导购", "没有专属导购"),
    "is_friend": _truth("加了导购的企业微信", "没有加导购的企业微信"),
    "in_group": _truth("在客户群里", "不在任何客户群里"),
    "consent": _consent,
    "joined_within_days": _days("入会", "没有入会"),
    "joined_since": _dated("及以后入会", "以前入会"),
    "joined_before": _dated("以前入会", "及以后入会"),
    "purchased_within_days": _days("买过", "没买过"),
    "purchased": _figure("买过", lambda times: f"{times} 次"),
    "spent": _figure("买了", _yuan),
    "opened_within_days": _days("打开过链接或小程序", "没打开过链接或小程序"),
    "touched_within_days": _days("联系过", "没联系过"),
}
