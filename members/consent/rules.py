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
# Nobody under this age is reached for marketing, nobody under that age is a member without a
# guardian (未成年人网络保护条例; PIPL 31).
NO_MARKETING_UNDER = 18
MARKETING = frozenset(
    {"direct_marketing", "group_marketing", "profiling", "link_tracking", "birthday"}
)
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
    "restricted": "她要求只保存、不再使用她的资料",
    "minor": "未满 18 周岁，不发营销内容",
    "merged": "已并入另一份会员记录",
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
    is_restricted: bool = False
    birth_year: int | None = None


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
    if standing.state == "merged":
        return "merged"
    if standing.state != "active":
        return "left"
    if standing.is_restricted:
        return "restricted"
    if purpose in MARKETING and is_minor(standing.birth_year, at):
        return "minor"
    lines = list(held)
    if standing.entity != entity and _against(lines, SHARING, ANY_CHANNEL, at):
        return "other_entity"
    if purpose in BY_CONTRACT and not any(line.purpose == purpose for line in lines):
        return ""
    return _against(lines, purpose, channel, at)


def is_minor(birth_year: int | None, at: datetime) -> bool:
    """Whether she may be under 18: the day is not known, so the whole year of turning 18 counts.

    `at` in the zone of her store. Whoever gave no year is taken for grown up, as she says by
    joining; the notice is for people of 14 and more.
    """
    return birth_year is not None and birth_year > newest_year_of_adults(at)


def newest_year_of_adults(at: datetime) -> int:
    """Who was born in this year or before is 18 whatever her day."""
    return at.year - NO_MARKETING_UNDER - 1


def may_ask_again(refused_at: datetime | None, at: datetime) -> bool:
    """Whether somebody may be asked about a purpose: never within 180 days of her last no."""
    return refused_at is None or at - refused_at >= NOT_AGAIN_FOR


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


def digest_of_notice(
    title: str, summary: str, body: str, items: object, extra: object = None
) -> str:
    """The digest that every decision points at: the words she was shown, nothing else.

    `extra` is what is put in at publishing; the first notices had none.
    """
    words = [title, summary, body, items] if extra is None else [title, summary, body, items, extra]
    text = dumps(words, ensure_ascii=False, sort_keys=True)
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
