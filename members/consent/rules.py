"""Pure decisions about permission: which decision holds, and why something may not go to her."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps

PURPOSES = frozenset(
    {
        "membership",
        "order_service",
        "direct_marketing",
        "group_marketing",
        "profiling",
        "chat_archive",
        "link_tracking",
        "share_entity",
        "birthday",
    }
)
ANY_CHANNEL = ""
SHARING = "share_entity"
# What a contract with her needs, a purchase or its return, asks for no consent (PIPL 13(1)(2)).
BY_CONTRACT = frozenset({"order_service"})
# Nobody is asked again this soon after she said no.
NOT_AGAIN_FOR = timedelta(days=180)

REASONS: Mapping[str, str] = {
    "": "可以",
    "not_member": "还不是会员",
    "left": "已经退会",
    "no_consent": "没有同意过这一项",
    "refused": "没有同意这一项",
    "withdrawn": "已经撤回同意",
    "other_entity": "属于另一家公司，她没有同意共享",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it go to her? If not, `reason` says why as a code and `text` in Chinese."""

    allowed: bool
    reason: str
    text: str


def verdict_of(reason: str) -> Verdict:
    """The empty reason allows."""
    return Verdict(allowed=not reason, reason=reason, text=REASONS[reason])


@dataclass(frozen=True, slots=True)
class Standing:
    """Who she is to the asking entity."""

    state: str
    entity: int


@dataclass(frozen=True, slots=True)
class Held:
    """One line of the projection: what holds for a purpose and a channel since a decision."""

    purpose: str
    channel: str
    is_granted: bool
    was_granted: bool
    since: datetime
    # The number of the decision in the log: the newer of two wins.
    order: int


def why_not(
    standing: Standing | None,
    held: Iterable[Held],
    *,
    purpose: str,
    channel: str,
    at: datetime,
    entity: int,
) -> str:
    """The reason against, empty when nothing speaks against it.

    A grant counts from its moment on; a withdrawal counts at once, even when `at` was taken a
    moment earlier: when in doubt nothing is sent.
    """
    if standing is None or standing.state in {"pending", "erased"}:
        return "not_member"
    if standing.state != "active":
        return "left"
    lines = list(held)
    if standing.entity != entity and _against(lines, SHARING, ANY_CHANNEL, at):
        return "other_entity"
    if purpose in BY_CONTRACT and not any(line.purpose == purpose for line in lines):
        return ""
    return _against(lines, purpose, channel, at)


def _against(lines: Sequence[Held], purpose: str, channel: str, at: datetime) -> str:
    covering = [
        line for line in lines if line.purpose == purpose and line.channel in {ANY_CHANNEL, channel}
    ]
    if not covering:
        return "no_consent"
    newest = max(covering, key=lambda line: line.order)
    if newest.is_granted:
        return "" if newest.since <= at else "no_consent"
    return "withdrawn" if newest.was_granted else "refused"


@dataclass(frozen=True, slots=True)
class Decided:
    """One line of the log, oldest first when folded."""

    purpose: str
    channel: str
    decision: str
    order: int


def fold(log: Iterable[Decided]) -> dict[tuple[str, str], tuple[bool, int]]:
    """What the projection must say after the log: per purpose and channel, granted and by which."""
    state: dict[tuple[str, str], tuple[bool, int]] = {}
    for line in sorted(log, key=lambda line: line.order):
        state[line.purpose, line.channel] = (line.decision == "grant", line.order)
    return state


def decision_for(*, wanted: bool, held: bool | None) -> str | None:
    """What to write when she wants `wanted` and `held` holds; None when nothing changes."""
    if wanted:
        return None if held else "grant"
    if held is None:
        return "refuse"
    return "withdraw" if held else None


def digest_of_notice(title: str, summary: str, body: str, items: object) -> str:
    """The digest that every decision points at: the words she was shown, nothing else."""
    text = dumps([title, summary, body, items], ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def fault_of_notice(items: object, known: Iterable[str]) -> str:
    """What keeps a notice from being published, in words for HQ; empty when nothing does."""
    purposes = set(known)
    if not isinstance(items, list):
        return "授权项应是一个列表。"
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or set(item) != {"purpose", "title", "text"}:
            return f"第 {number} 项应写明 purpose、title、text。"
        if item["purpose"] not in purposes or item["purpose"] in {"membership", "order_service"}:
            return f"第 {number} 项的用途“{item['purpose']}”不能在这里单独征求。"
        if item["purpose"] in seen:
            return f"用途“{item['purpose']}”写了两次。"
        seen.add(item["purpose"])
    return ""
