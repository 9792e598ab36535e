"""Customer service (微信客服)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class KfMessage:
    """One line of customer service; `origin` is `customer`, `system` or `servicer`."""

    msgid: str
    open_kfid: str
    external_userid: str
    servicer_userid: str
    origin: str
    kind: str
    text: str
    event: str
    at: datetime
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KfPage:
    """A page of customer service. An empty page with `has_more` is possible: go on."""

    messages: tuple[KfMessage, ...]
    next_cursor: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class KfSession:
    """Who serves a customer: `new`, `bot`, `waiting`, `servicer` or `ended`."""

    state: str
    servicer_userid: str
