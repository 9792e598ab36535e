"""What changed between the list we hold and the one WeCom gives: set difference, never ±1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

# Documents 92127 (resigned) and ~22 (on the job): a hundred groups a call, three hundred of one
# person a day; on the job each group twice within ninety days.
GROUPS_AT_ONCE: Final = 100
GROUPS_PER_DAY: Final = 300
TWICE_WITHIN: Final = timedelta(days=90)
MOST_WITHIN: Final = 2
# The owner's account was closed, or opened, since it was asked by which door her groups pass on.
WRONG_DOOR: Final = frozenset({90500, 90502})
# How long a group's list is given to name its new owner before it is read again.
LOOK_AGAIN: Final = timedelta(minutes=5)
# How long a group may keep its old owner after WeCom was asked for another.
PATIENCE: Final = timedelta(days=1)

_WORDS_OF_CODES: Final[Mapping[int, str]] = {
    90500: "企业微信里群主还没有离职",
    90501: "不是客户群",
    90502: "群主已经离职，要走离职继承",
    90504: "已经是这位群主",
    90507: "正在另一次继承中",
    90508: "已经继承过了",
    40098: "新群主还没有实名认证企业微信",
    40128: "90 天内已换过 2 次群主",
}

# WeCom writes group details a little after it tells of the change; staff advise two seconds.
LAG = timedelta(seconds=8)


class Person(Protocol):
    """Somebody in WeCom's list."""

    @property
    def id(self) -> str: ...
    @property
    def joined_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """Who came, who left; somebody who left and came back stands in both."""

    came: tuple[str, ...]
    left: tuple[str, ...]


def difference(open_stays: Mapping[str, datetime], people: Iterable[Person]) -> Difference:
    """Compare our open stays (id → joined at) with the list.

    A later moment of joining means that she left and came back in between, unseen.
    """
    now = {person.id: person.joined_at for person in people}
    came = [i for i, joined in now.items() if i not in open_stays or joined > open_stays[i]]
    left = [i for i, joined in open_stays.items() if i not in now or now[i] > joined]
    return Difference(tuple(sorted(came)), tuple(sorted(left)))


def list_may_lag(
    *, told_version: str, read_version: str, held_version: str, told_at: datetime, now: datetime
) -> bool:
    """Whether the list may still be the one from before the change that WeCom told us of.

    Only while nothing new was read and the news is fresh: an old event's version never comes again.
    """
    return (
        bool(told_version)
        and read_version == held_version
        and read_version != told_version
        and now - told_at < LAG
    )


def share_groups(
    groups: Iterable[int], parts: Mapping[int, int], inside: Mapping[int, Collection[int]]
) -> dict[int, int]:
    """Give every group a successor by shares; one who sits in it already gets it."""
    ordered = sorted(groups)
    whole = sum(parts.values())
    room = {guide: len(ordered) * part / whole for guide, part in parts.items()}
    given: dict[int, int] = {}
    # Those with somebody inside first, so that the others fill up what is missing.
    for group in sorted(ordered, key=lambda one: (not inside.get(one), one)):
        known = [guide for guide in room if guide in inside.get(group, ())]
        guide = max(known or room, key=lambda one: room[one])
        given[group] = guide
        room[guide] -= 1
    return given


def words_of_code(code: int) -> str:
    """What WeCom's code for one group means, for people."""
    return _WORDS_OF_CODES.get(code, f"企业微信没有接受（{code}）")
