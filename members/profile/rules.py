"""Pure words about a member: the one line that says why she is in a list, what is free to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_NEW_FOR = timedelta(days=7)
_LONG_AGO = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Known:
    """What a list knows of a member."""

    joined_at: datetime
    is_friend: bool
    bought_at: datetime | None
    has_left: bool = False


def why_of(known: Known, at: datetime) -> str:
    """The one line under her name: what a colleague would mention first."""
    if known.has_left:
        return "已退会，不再联系"
    if not known.is_friend and at - known.joined_at <= _NEW_FOR:
        return "新会员，还没加你的企业微信"
    if known.bought_at is None:
        return "还没有买过" if known.is_friend else "还没有买过，也没加企业微信"
    days = (at - known.bought_at).days
    when = "今天" if days < 1 else "昨天" if days < 2 else f"{days} 天前"
    if at - known.bought_at > _LONG_AGO:
        return f"上次购买是 {when}"
    return f"{when}买过" if known.is_friend else f"{when}买过，还没加企业微信"
