"""Departments and guides, and who came through a login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StaffState = Literal["active", "disabled", "inactive", "left"]


@dataclass(frozen=True, slots=True)
class MemberLogin:
    """Who came through WeCom's web login: a guide, or a customer inside WeChat. One is empty."""

    userid: str
    external_userid: str
    # For member_details, half an hour long; only when she agreed to show more of herself.
    ticket: str = ""


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


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent_id` is 0 for the root, larger `order` stands first."""

    id: int
    name: str
    parent_id: int
    order: int


@dataclass(frozen=True, slots=True)
class StaffName:
    """A member of a department in the short list."""

    userid: str
    name: str
    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StaffCard:
    """A member of the corp. A status that nobody knows counts as active: it locks nobody out."""

    userid: str
    name: str
    department_ids: tuple[int, ...]
    main_department: int
    position: str
    state: StaffState


@dataclass(frozen=True, slots=True)
class VisibleRange:
    """Whom the application may see; `is_closed` when an admin has stopped it."""

    userids: tuple[str, ...]
    department_ids: tuple[int, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """What a guide agreed to show of herself (snsapi_privateinfo)."""

    userid: str
    mobile: str
    email: str
    avatar: str
    qr_code_url: str
