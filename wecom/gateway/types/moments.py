"""Moments (客户朋友圈): what guides were asked to publish, and who saw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

JobState = Literal["waiting", "working", "done"]


@dataclass(frozen=True, slots=True)
class MomentJob:
    """A moment in the making. When `done`: its id, or the code that refused it.

    The invalid ones were left out, the others were asked.
    """

    state: JobState
    moment_id: str
    code: int
    message: str
    invalid_userids: tuple[str, ...]
    invalid_department_ids: tuple[int, ...]
    invalid_tag_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in WeCom's own list; `creator_userid` is empty for one made by a program."""

    moment_id: str
    creator_userid: str
    created_at: datetime
    is_personal: bool
    is_public: bool
    text: str
    picture_ids: tuple[str, ...]
    video_id: str
    link_title: str
    link_url: str


@dataclass(frozen=True, slots=True)
class MomentTask:
    """What one guide was asked to publish."""

    userid: str
    is_published: bool


@dataclass(frozen=True, slots=True)
class MomentReaction:
    """Somebody liked it or wrote below it; WeCom does not tell what. `id` is hers or a guide's."""

    id: str
    is_staff: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MomentReactions:
    """What came back on a guide's moment."""

    comments: tuple[MomentReaction, ...]
    likes: tuple[MomentReaction, ...]
