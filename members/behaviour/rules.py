"""What a line about behaviour must look like, and which permission each kind asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

MOST_LINES: Final = 10_000
# Later than this nobody knows any more whether she allowed it; and keys are kept for longer.
LATEST: Final = timedelta(days=30)
# A clock may be early by so much; what it says is then taken for now.
EARLY: Final = timedelta(minutes=10)

TOUCHPOINTS: Final = frozenset({"mini_program", "app", "web_shop", "service_account", "link"})

LINKS, LIKING = "link_tracking", "profiling"
# kind → the permission it is kept under
KINDS: Final[Mapping[str, str]] = {
    "opened": LINKS,
    "read": LINKS,
    "shared": LINKS,
    "coupon_taken": LINKS,
    "booked": LINKS,
    "viewed": LIKING,
    "searched": LIKING,
    "favoured": LIKING,
    "carted": LIKING,
}
CLAIMS: Final = ("card", "unionid", "openid", "phone", "external_userid", "till")
# A code of ours; words a person typed have no place here.
_OBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,79}")
_EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,80}")


class Outcome(StrEnum):
    """What became of a line."""

    KEPT = "kept"
    KNOWN = "known"
    # Nobody of ours, or somebody who does not allow it: the teller is not told which.
    COUNTED = "counted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One event as told, checked."""

    event_id: str
    kind: str
    touchpoint: str
    at: datetime
    claim: tuple[str, str]
    object: str = ""
    store: str = ""


class Unreadable(ValueError):
    """The line cannot be taken; `where` and the message say why."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(text)
        self.where = where


def read_line(raw: object, *, now: datetime) -> Line:
    """The line, or Unreadable with the first thing that is wrong."""
    if not isinstance(raw, dict):
        raise Unreadable("", "每行应是一个 JSON 对象。")
    unknown = set(raw) - {"event_id", "kind", "touchpoint", "at", "member", "object", "store"}
    if unknown:
        raise Unreadable(sorted(unknown)[0], "没有这个字段；不认识的内容一律不收。")
    return Line(
        event_id=_matching(raw, "event_id", _EVENT_ID, "事件号是 1 至 80 个可见字符。"),
        kind=_one_of(raw, "kind", KINDS),
        touchpoint=_one_of(raw, "touchpoint", TOUCHPOINTS),
        at=_moment(raw.get("at"), now),
        claim=_claim(raw.get("member")),
        object=_matching(raw, "object", _OBJECT, "对象是货号、素材编号等代码，不收文字。")
        if raw.get("object")
        else "",
        store=_text(raw, "store"),
    )


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or len(value) > 80:
        raise Unreadable(name, "应是不超过 80 个字符的文本。")
    return value


def _matching(raw: Mapping[str, Any], name: str, form: re.Pattern[str], wrong: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise Unreadable(name, wrong)
    return value


def _one_of(raw: Mapping[str, Any], name: str, known: Mapping[str, str] | frozenset[str]) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or value not in known:
        raise Unreadable(name, f"应是 {'、'.join(sorted(known))} 之一。")
    return value


def _moment(value: object, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Unreadable("at", "时间应是带时区的 ISO 8601。")
    try:
        age = now - at
    except OverflowError:
        raise Unreadable("at", "时间应是带时区的 ISO 8601。") from None
    if age > LATEST:
        raise Unreadable("at", f"超过 {LATEST.days} 天的事件不再接收。")
    if age < -EARLY:
        raise Unreadable("at", "时间在将来；请校准时钟后重报。")
    return min(at, now)


def _claim(value: object) -> tuple[str, str]:
    if not isinstance(value, dict) or len(value) != 1:
        raise Unreadable("member", f"恰好给出一项：{'、'.join(CLAIMS)}。")
    kind, said = next(iter(value.items()))
    if kind not in CLAIMS or not isinstance(said, str) or not 0 < len(said.strip()) <= 80:
        raise Unreadable("member", f"恰好给出一项：{'、'.join(CLAIMS)}。")
    return kind, said.strip()


def is_allowed(line: Line, grants: Mapping[str, datetime]) -> bool:
    """Whether she allowed this kind when it happened, and has not taken it back since.

    `grants`: purpose → since when she has agreed to it without a break.
    """
    since = grants.get(KINDS[line.kind])
    return since is not None and since <= line.at
