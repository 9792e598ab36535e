"""Acquisition links (获客助手): links that anybody may open to add a guide, paid for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

ChatState = Literal["silent", "spoke", "unknown"]


@dataclass(frozen=True, slots=True)
class AcquisitionLink:
    """A link; `?customer_channel=` behind its url comes back as the state of who came by it."""

    link_id: str
    name: str
    url: str
    created_at: datetime | None
    skip_verify: bool
    userids: tuple[str, ...]
    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AcquisitionCustomer:
    """Somebody who came by a link, and whether she has said anything."""

    external_userid: str
    userid: str
    chat_state: ChatState
    state: str


@dataclass(frozen=True, slots=True)
class AcquisitionPage:
    """Some of them; `next_cursor` is empty at the end."""

    rows: tuple[AcquisitionCustomer, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class AcquisitionChat:
    """How often a customer who came by a link has written."""

    userid: str
    external_userid: str
    messages: int
    link_id: str
    state: str


@dataclass(frozen=True, slots=True)
class AcquisitionLot:
    """A part of the paid quota, until the day it runs out."""

    balance: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class AcquisitionQuota:
    """What was paid for and what is left of it."""

    total: int
    balance: int
    lots: tuple[AcquisitionLot, ...]


@dataclass(frozen=True, slots=True)
class AcquisitionFigures:
    """What a link brought in a time."""

    clicks: int
    customers: int
