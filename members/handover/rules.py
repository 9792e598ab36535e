"""Who passes on to whom, what WeCom's quotas allow, and what its codes mean. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Documents 96325 and 96331 (2023-12).
AT_ONCE: Final = 100
TAKES_EFFECT: Final = timedelta(hours=24)
TWICE_WITHIN: Final = timedelta(days=90)
MOST_WITHIN: Final = 2
RESIGNED_AT_MOST: Final = timedelta(days=365)
# How long what WeCom said of a full successor is believed.
FULL_FOR: Final = timedelta(days=7)

# While nothing is expected WeCom is asked once an hour, since callbacks get lost; after the
# moment at which it should have happened, every few minutes for a while.
LOOK_EVERY: Final = timedelta(hours=1)
LOOK_SOON: Final = timedelta(minutes=5)

Key = tuple[int, int]  # (contact, 0) or (0, member)

# Asked by the door of those in service of somebody who is not, or the other way round: 40097 for a
# customer, the other two for a whole call.
WRONG_DOOR: Final = frozenset({40003, 40097, 60111})

_FULL: Final = 40099
_TWICE: Final = 40128
_UNDER_WAY: Final = {40100, 40129}
_WORDS: Final[Mapping[int, str]] = {
    40096: "企业微信里找不到这位客户，可能已经互删。",
    40097: "企业微信里她还没有离职，系统会改走在职继承，请再试一次。",
    40098: "接手的人还没有实名认证企业微信，请她认证后再试。",
    40099: "接手的人的企微客户已满，请另选一位。",
    40128: "90 天内已转接过 2 次，过期前不能再转。",
    40130: "原导购和接手的人是同一个人。",
    40131: "她已经不是原导购的企微客户。",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One customer of the guide. `wish` is a person's word about her going along, if there is one.

    `friend_of` are successors who are her friends already; `recent` counts her transfers within
    ninety days.
    """

    key: Key
    address: str
    store: int | None
    is_friend: bool
    is_owned: bool
    friend_of: frozenset[int] = frozenset()
    recent: int = 0
    is_under_way: bool = False
    wish: bool | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A successor's part of the whole."""

    guide: int
    parts: int
    store: int


def kept_because(
    case: Case,
    *,
    reason: str,
    goes_along: str,
    store: int,
    is_gone: bool = False,
    has_resigned: bool = False,
) -> str:
    """Why she does not pass on, as a word of `Because`; empty when she does.

    Only of somebody who moves may customers go along. WeCom's refusals that we know beforehand
    are not tried; twice within ninety days is its limit in service only.
    """
    if reason == "moved" and _goes_along(case, goes_along=goes_along, store=store):
        return "along"
    if not case.is_friend:
        return ""
    if case.is_under_way:
        return "under_way"
    if case.recent >= MOST_WITHIN and not has_resigned:
        return "limit"
    return "gone" if is_gone else ""


def _goes_along(case: Case, *, goes_along: str, store: int) -> bool:
    if case.wish is not None:
        return case.wish
    if goes_along == "friends":
        return case.is_friend
    return goes_along == "others" and case.store != store


def share_out(
    cases: Iterable[Case],
    shares: Sequence[Share],
    *,
    keeps_friends: bool = True,
    keeps_stores_together: bool = False,
) -> dict[Key, int]:
    """Give every case a successor, as near to the shares as the rules allow; always the same way.

    Friends of a successor go to that one; then, if wanted, the members of one store go to one
    successor, of that store where there is one; the others fill up what is missing.
    """
    ordered = sorted(cases, key=lambda case: (case.store or 0, case.key))
    whole = sum(share.parts for share in shares)
    room = {share.guide: len(ordered) * share.parts / whole for share in shares}
    given: dict[Key, int] = {}
    if keeps_friends:
        _give_to_friends(ordered, given, room)
    left = [case for case in ordered if case.key not in given]
    if keeps_stores_together:
        _give_by_store(left, shares, given, room)
    else:
        for case in left:
            _give(case, _roomiest(room), given, room)
    return given


def _give(case: Case, guide: int, given: dict[Key, int], room: dict[int, float]) -> None:
    given[case.key] = guide
    room[guide] -= 1


def _roomiest(room: Mapping[int, float], among: Iterable[int] = ()) -> int:
    """Who lacks most; the first of equals, so that the same question has the same answer."""
    return max(list(among) or room, key=lambda guide: room[guide])


def _give_to_friends(cases: Sequence[Case], given: dict[Key, int], room: dict[int, float]) -> None:
    for case in cases:
        known = [guide for guide in room if guide in case.friend_of]
        if known:
            _give(case, _roomiest(room, known), given, room)


def _give_by_store(
    cases: Sequence[Case],
    shares: Sequence[Share],
    given: dict[Key, int],
    room: dict[int, float],
) -> None:
    by_store: dict[int | None, list[Case]] = defaultdict(list)
    for case in cases:
        by_store[case.store].append(case)
    for store, those in sorted(by_store.items(), key=lambda pair: -len(pair[1])):
        guide = _roomiest(room, (share.guide for share in shares if share.store == store))
        for case in those:
            _give(case, guide, given, room)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What WeCom's code for one row means: a state, and a sentence for people."""

    state: str
    because: str = ""
    words: str = ""


def verdict_on(code: int) -> Verdict:
    """0 was taken; being transferred already is asked about; the rest was turned down."""
    if code == 0 or code in _UNDER_WAY:
        return Verdict("waiting")
    if code == _FULL:
        return Verdict("full", words=_WORDS[code])
    if code == _TWICE:
        return Verdict("kept", because="limit", words=_WORDS[code])
    return Verdict("failed", words=_WORDS.get(code, "企业微信没有接受，请把错误码交给技术人员。"))


def batches(size: int) -> int:
    """How many calls so many customers take."""
    return -(-size // AT_ONCE)
