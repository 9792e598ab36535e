"""Groups of staff, robots in groups, and the card a robot shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaffGroup:
    """A group of staff only, made by this application (appchat)."""

    chat_id: str
    name: str
    owner_userid: str
    userids: tuple[str, ...]
