"""Contacts, their tags, and the codes that lead to guides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """A guide who has the contact as a friend. `add_way` 0 is unknown, as any number may be."""

    userid: str
    since: datetime
    state: str
    add_way: int
    remark: str
    description: str = ""
    tag_ids: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()


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
class ContactWay:
    """A contact-me code; `qr_code_url` is a picture at WeCom."""

    config_id: str
    qr_code_url: str


@dataclass(frozen=True, slots=True)
class ContactPair:
    """A contact and one of the guides who have her: one row for each pair.

    `tag_ids` are the corp's tags; a guide's own tags have no id.
    """

    external_userid: str
    name: str
    avatar: str
    kind: str
    unionid: str
    userid: str
    since: datetime
    state: str
    add_way: int
    remark: str
    tag_ids: tuple[str, ...]
    mobiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactPairPage:
    """Some pairs; `next_cursor` is empty at the end."""

    pairs: tuple[ContactPair, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class ServedContact:
    """Somebody a guide has served, friend or not: `external_userid` is empty for strangers."""

    is_contact: bool
    temporary_id: str
    external_userid: str
    name: str
    userid: str
    chat_id: str
    chat_name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ServedPage:
    """Some of those served; `next_cursor` is empty at the end."""

    rows: tuple[ServedContact, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the corp. `is_deleted` shows only when asked for by id."""

    id: str
    name: str
    order: int
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class TagGroup:
    """A group of tags; larger `order` stands first."""

    id: str
    name: str
    order: int
    is_deleted: bool
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class ContactWayCard:
    """A contact-me code with all that WeCom knows of it."""

    config_id: str
    state: str
    remark: str
    userids: tuple[str, ...]
    department_ids: tuple[int, ...]
    skip_verify: bool
    qr_code_url: str


@dataclass(frozen=True, slots=True)
class ConvertedId:
    """One of somebody's other keys; a guide of another corp has `corp_id` and `userid`."""

    asked: str
    external_userid: str
    corp_id: str
    userid: str


@dataclass(frozen=True, slots=True)
class UnionidMatch:
    """Who stands behind a unionid; `pending_id` where she is nobody's friend yet."""

    external_userid: str
    pending_id: str
