"""What changed between the list we hold and the one WeCom gives: set difference, never ±1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

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
