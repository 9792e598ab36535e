"""Figures that WeCom counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class BehaviourDay:
    """A day of one guide, or the sum of several: one row for each day.

    `reply_share` is a fraction of 1, `reply_minutes` an average; both None without a chat. Zeros
    stand for a day that WeCom has not counted yet, some hours after its midnight.
    """

    on: date
    chats: int
    messages: int
    reply_share: float | None
    reply_minutes: float | None
    lost: int
    applied: int
    gained: int


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """What happened in groups."""

    new_chats: int
    chats: int
    chats_with_messages: int
    new_members: int
    members: int
    members_with_messages: int
    messages: int


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """The groups of one owner over a time."""

    owner_userid: str
    counts: GroupCounts


@dataclass(frozen=True, slots=True)
class GroupDay:
    """A day of the groups of all owners asked for."""

    on: date
    counts: GroupCounts
