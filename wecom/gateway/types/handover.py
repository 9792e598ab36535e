"""Customers and groups that go from one guide to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TransferState = Literal["done", "waiting", "refused", "full", "none"]


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One customer of a transfer asked for: 0 has begun, everything else is WeCom's reason."""

    external_userid: str
    code: int


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How a transfer stands; `none` means that WeCom has no record of it."""

    external_userid: str
    state: TransferState
    takes_effect_at: datetime | None


@dataclass(frozen=True, slots=True)
class TransferPage:
    """Some results; `next_cursor` is empty at the end."""

    rows: tuple[TransferResult, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A customer whose guide left and who has no other yet."""

    handover_userid: str
    external_userid: str
    left_at: datetime


@dataclass(frozen=True, slots=True)
class UnassignedPage:
    """Some of them; `next_cursor` is empty at the end."""

    rows: tuple[Unassigned, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class GroupRefusal:
    """A group that was not handed over; those not named were."""

    chat_id: str
    code: int
    message: str
