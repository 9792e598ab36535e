"""The chat archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AgreementState = Literal["agreed", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """One message of the chat archive; `text` is empty for anything but text."""

    seq: int
    msgid: str
    sender: str
    recipients: tuple[str, ...]
    chat_id: str
    text: str
    kind: str
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether a customer lets her talk with a guide be archived: agreed, refused or unknown.

    For a group there is no `userid`.
    """

    userid: str
    external_userid: str
    state: AgreementState
    since: datetime | None


@dataclass(frozen=True, slots=True)
class HitRule:
    """A keyword rule of the data zone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class HitMessage:
    """Something said that keyword rules were hit by; the words stay in the zone."""

    msgid: str
    sender: str
    is_staff: bool
    recipients: tuple[str, ...]
    chat_id: str
    at: datetime
    rules: tuple[HitRule, ...]


@dataclass(frozen=True, slots=True)
class HitPage:
    """Some of them; `next_cursor` is where to go on, also when there is nothing more yet."""

    rows: tuple[HitMessage, ...]
    next_cursor: str
    has_more: bool
