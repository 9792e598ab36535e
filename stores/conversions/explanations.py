"""为什么归你: a credit in words that the guide who earned it can check, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stores.conversions.rules import PATH_KINDS, Terms


@dataclass(frozen=True, slots=True)
class Because:
    """What a sentence needs: the reason, the terms, who is spoken of, what backs it."""

    reason: str
    terms: Terms
    who: str = "你"
    is_member: bool = True
    owned_since: datetime | None = None
    touches: int = 0


_TAGS = {
    "owner": "专属会员",
    "locked": "锁客期内",
    "last_touch": "最后互动",
    "first_touch": "最先互动",
    "linear": "共同互动",
    "time_decay": "共同互动",
    "position": "共同互动",
    "server": "接待",
    "server_share": "接待分成",
    "ruling": "裁定",
}


def tag_of(reason: str) -> str:
    """A reason in two or three words, for a list."""
    return "、".join(dict.fromkeys(_TAGS[part] for part in reason.split("+")))


def why(because: Because) -> list[str]:
    """One sentence for each thing that earned the share."""
    return [_sentence(part, because) for part in because.reason.split("+")]


def rule_in_words(terms: Terms) -> list[str]:
    """What the rule says, rung by rung, for whoever wants to check it."""
    said = [_rung(step.kind, step.window_days) for step in terms.ladder]
    if terms.lock_days:
        said.insert(0, f"谁带来的会员，{terms.lock_days} 天内的订单都归谁")
    if terms.server_share:
        said.append(f"接待的导购另得 {terms.server_share}%")
    return said


def _sentence(reason: str, because: Because) -> str:
    who, days = because.who, _window(reason, because.terms)
    counted = f"成交前 {days} 天内"
    if reason == "owner":
        since = because.owned_since
        when = f"（自 {since.year} 年 {since.month} 月 {since.day} 日起）" if since else ""
        times = f"，{counted}你们有 {because.touches} 次互动" if because.touches else ""
        them = times if who == "你" else times.replace("你们", "两人")
        return f"成交时，这位会员是{who}的专属会员{when}{them}。"
    if reason == "locked":
        return f"这位会员由{who}带来，成交时还在 {because.terms.lock_days} 天锁客期内。"
    if reason == "ruling":
        return f"这笔订单经申诉裁定，{who}得这一份；不再按规则计算。"
    if reason == "server":
        nobody = "没有导购符合归属条件" if because.is_member else "这张小票没有会员"
        return f"{nobody}，记给当时接待的{who}。"
    if reason == "server_share":
        return f"{who}接待了这笔订单，按规则得 {because.terms.server_share}%。"
    return {
        "last_touch": f"{counted}，最后一次和这位会员互动的是{who}。",
        "first_touch": f"{counted}，最先和这位会员互动的是{who}。",
        "linear": f"{counted}，按每次互动平分，{who}有 {because.touches} 次。",
        "time_decay": f"{counted}，越近的互动占得越多，{who}有 {because.touches} 次。",
        "position": f"{counted}，首次和末次互动各占四成，{who}有 {because.touches} 次。",
    }[reason]


def _rung(kind: str, days: int | None) -> str:
    if kind == "owner":
        return "归专属导购" + (f"，但成交前 {days} 天内要有互动" if days is not None else "")
    if kind == "server":
        return "归接待的导购"
    return {
        "last_touch": f"归 {days} 天内最后互动的导购",
        "first_touch": f"归 {days} 天内最先互动的导购",
        "linear": f"由 {days} 天内互动过的导购平分",
        "time_decay": f"由 {days} 天内互动过的导购分，越近越多",
        "position": f"由 {days} 天内互动过的导购分，首末各四成",
    }[kind]


def _window(reason: str, terms: Terms) -> int:
    kinds: Sequence[str] = ("owner", *PATH_KINDS)
    found = [step.window_days for step in terms.ladder if step.kind == reason]
    return (found[0] or 0) if reason in kinds and found else 0
