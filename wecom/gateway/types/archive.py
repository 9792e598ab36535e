"""The chat archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
