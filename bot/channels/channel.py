"""What a channel is: where the bot hears, where it may speak, and how honest it is about both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.understanding.models import HeardOn
from bot.understanding.rules import Place
from groups.chats.models import Group
from members.identity.models import Contact
from stores.org.models import Guide, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message as a channel brings it in, with the people and places it belongs to."""

    heard_on: HeardOn
    msgid: str
    sender: str
    is_staff: bool
    text: str
    is_text: bool
    said_at: datetime
    place: Place
    group: Group | None = None
    contact: Contact | None = None
    open_kfid: str = ""
    store: Store | None = None
    guide: Guide | None = None
    # Her words may be understood, but not kept: she did not agree to the archive.
    is_withheld: bool = False


class Channel(Protocol):
    """One way of hearing. `source` is what screens say about where the words come from."""

    heard_on: HeardOn
    source: str
    may_answer: bool

    def is_open(self) -> bool:
        """Is it set up? Without, every screen says so instead of seeming quiet."""
        ...

    def listen(self, *, subject: str = "", token: str = "") -> int:
        """Fetch and handle what is new; how many messages were new. Safe to repeat."""
        ...
