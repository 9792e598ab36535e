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


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about the next thing to do for her."""

    is_friend: bool
    may_write: bool
    why_not: str
    has_left: bool
    joined_at: datetime
    bought_at: datetime | None = None
    coupon: str = ""
    coupon_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next, and why. `icon` is a name of the look's."""

    what: str
    why: str
    icon: str


_COUPON_SOON = timedelta(days=10)
_MOST_STEPS = 3


def next_steps(facts: Facts, at: datetime) -> list[Step]:
    """At most three things, the most useful first; none for who has left.

    Nothing that needs her permission is proposed without it: then the way to ask her is.
    """
    if facts.has_left:
        return []
    steps = []
    if not facts.is_friend:
        steps.append(Step("请她加你的企业微信", "下次到店时出示你的码，之后才能一对一联系", "code"))
    if facts.is_friend and not facts.may_write:
        why = f"{facts.why_not}；她在会员卡的隐私页可以自己打开"
        steps.append(Step("先不要发消息", why, "lock"))
    steps += _worth_saying(facts, at)
    return steps[:_MOST_STEPS]


def _worth_saying(facts: Facts, at: datetime) -> list[Step]:
    """What one could tell her; said at the till when it may not be written."""
    how = "发消息" if facts.is_friend and facts.may_write else "到店时说"
    found = []
    until = facts.coupon_until
    if until is not None and at <= until <= at + _COUPON_SOON:
        days = (until - at).days
        left = "今天到期" if days < 1 else f"还有 {days} 天到期"
        found.append(Step(f"提醒她用“{facts.coupon}”", f"{left} · {how}", "gift"))
    if facts.bought_at is None:
        if at - facts.joined_at <= _LONG_AGO:
            found.append(Step("请她来试第一件", f"入会后还没有买过 · {how}", "tag"))
    elif at - facts.bought_at > _LONG_AGO:
        days = (at - facts.bought_at).days
        found.append(Step("问候一声", f"{days} 天没来了 · {how}", "chat"))
    elif at - facts.bought_at <= _NEW_FOR:
        found.append(Step("问问穿得怎么样", f"这周刚买过 · {how}", "chat"))
    return found
