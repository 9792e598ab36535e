"""Customer groups, the codes that lead into them, and their welcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

GroupStatus = Literal["normal", "owner_left", "inheriting", "inherited"]


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
    admin_userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinWay:
    """A code that leads into one of several groups."""

    config_id: str
    qr_code_url: str


@dataclass(frozen=True, slots=True)
class JoinWayCard:
    """A code into groups with all that WeCom knows of it.

    `room_base_name` and `room_base_id` name the groups that WeCom opens when all are full.
    """

    config_id: str
    chat_ids: tuple[str, ...]
    state: str
    qr_code_url: str
    remark: str
    opens_more: bool
    room_base_name: str
    room_base_id: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in a list: whether its owner left, and whether somebody took it over."""

    chat_id: str
    status: GroupStatus


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups; `next_cursor` is empty at the end."""

    rows: tuple[GroupLine, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class GroupWelcome:
    """A greeting for people who join; its owner binds it to a group in the client."""

    id: str
    text: str
    attachments: tuple[dict[str, Any], ...]
