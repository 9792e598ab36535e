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
