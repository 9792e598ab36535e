"""What WeCom answers, in our words: frozen, typed, missing fields filled. Not: how it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Follower:
    """A guide who has the contact as a friend. `add_way` 0 is unknown, as any number may be."""

    userid: str
    since: datetime
    state: str
    add_way: int
    remark: str


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A person as WeCom knows her. `unionid` is empty until the corp binds the open platform."""

    external_userid: str
    name: str
    avatar: str
    kind: str
    unionid: str
    followers: tuple[Follower, ...]


@dataclass(frozen=True, slots=True)
class GroupPerson:
    """Somebody in a group: a guide (`id` is a userid) or a customer (`id` is external)."""

    id: str
    is_staff: bool
    name: str
    unionid: str
    joined_at: datetime
    join_scene: int
    state: str


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A customer group as it stands. `member_version` changes with its list of people."""

    chat_id: str
    name: str
    owner_userid: str
    created_at: datetime
    member_version: str
    members: tuple[GroupPerson, ...]
    notice: str = ""


@dataclass(frozen=True, slots=True)
class ContactWay:
    """A contact-me code; `qr_code_url` is a picture at WeCom."""

    config_id: str
    qr_code_url: str


@dataclass(frozen=True, slots=True)
class JoinWay:
    """A code that leads into one of several groups."""

    config_id: str
    qr_code_url: str


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
class MemberLogin:
    """Who came through WeCom's web login: a guide, or a customer inside WeChat. One is empty."""

    userid: str
    external_userid: str


@dataclass(frozen=True, slots=True)
class JsSignature:
    """What `ww.register` needs on a side-bar page."""

    corp_id: str
    agent_id: int
    timestamp: int
    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class ServiceAccountPerson:
    """Who came through the service account. `unionid` only with her agreement (snsapi_userinfo)."""

    openid: str
    unionid: str
