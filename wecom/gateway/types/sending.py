"""Mass sends and messages to guides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wecom.gateway.types.moments import JobState


@dataclass(frozen=True, slots=True)
class MassSendReceipt:
    """A mass send that now waits for its guide's confirmation; nothing was sent by the call."""

    msgid: str
    unreachable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MassSendTask:
    """What one guide was asked to confirm."""

    userid: str
    is_confirmed: bool
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class MassSendResult:
    """One recipient: `unsent`, `sent`, `not_friend` or `over_quota`. Group sends name a chat id."""

    recipient: str
    userid: str
    state: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MassSendRecord:
    """A mass send in WeCom's own list, for asking whether one of ours arrived."""

    msgid: str
    created_at: datetime
    text: str
    attachments: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AppMessageReceipt:
    """An app message; `unreached` are the userids that WeCom did not know or may not reach."""

    msgid: str
    unreached: tuple[str, ...]
    # Lets a card with buttons be changed once, within 72 hours.
    response_code: str = ""


@dataclass(frozen=True, slots=True)
class FetchJob:
    """WeCom fetching a file by its address. When `done`: its media id, or the code that refused."""

    state: JobState
    media_id: str
    code: int
    message: str
