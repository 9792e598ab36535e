"""Customer service (微信客服)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
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


@dataclass(frozen=True, slots=True)
class KfAccount:
    """An account of customer service; the API may speak for it only if `is_managed`."""

    open_kfid: str
    name: str
    avatar: str
    is_managed: bool


@dataclass(frozen=True, slots=True)
class KfServicer:
    """Who serves an account: a guide, or a whole department (then `userid` is empty)."""

    userid: str
    department_id: int
    is_serving: bool


@dataclass(frozen=True, slots=True)
class KfServicerRefusal:
    """A guide or department that could not be added or removed."""

    userid: str
    department_id: int
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class KfCustomer:
    """A customer of customer service; `scene` is how she came into the present session."""

    external_userid: str
    name: str
    avatar: str
    unionid: str
    scene: str
    scene_param: str


@dataclass(frozen=True, slots=True)
class KfUpgradeRange:
    """The guides and groups that may be offered to customers as something better."""

    userids: tuple[str, ...]
    department_ids: tuple[int, ...]
    chat_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KfDay:
    """A day of customer service; the shares are fractions of 1, None where nothing was counted."""

    on: date
    sessions: int
    customers: int
    messages: int
    upgraded_customers: int
    bot_sessions: int
    bot_handed_over_share: float | None
    bot_known_share: float | None
    refusing_customers: int


@dataclass(frozen=True, slots=True)
class KfServicerDay:
    """A day of one servicer, or of all; `first_reply_seconds` is an average."""

    on: date
    sessions: int
    customers: int
    messages: int
    replied_share: float | None
    first_reply_seconds: float | None
    satisfied_share: float | None
    refusing_customers: int


@dataclass(frozen=True, slots=True)
class KfKnowledgeGroup:
    """A shelf of the built-in question and answer store; one is there from the start."""

    id: str
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class KfKnowledge:
    """A question of that store, others like it, and its answer."""

    id: str
    group_id: str
    question: str
    similar_questions: tuple[str, ...]
    answer: str
