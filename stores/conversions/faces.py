"""Who a member number is, for a screen: asked of a floor above, by a path in the settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Face:
    """A name to show, and her page when the looker may open it."""

    name: str
    href: str = ""


ANONYMOUS = Face("非会员")
OUT_OF_REACH = Face("会员")


class Faces(Protocol):
    """Answers only for members within the scope that is set around the call."""

    def __call__(self, member_nos: Collection[int]) -> dict[int, tuple[str, str]]: ...


class FacesOf:
    """Faces of many numbers, asked once."""

    def __init__(self, member_nos: Collection[int | None]) -> None:
        known = {number for number in member_nos if number is not None}
        self._found: dict[int, tuple[str, str]] = {}
        if known and settings.MEMBER_FACES:
            self._found = cast(Faces, import_string(settings.MEMBER_FACES))(known)

    def __getitem__(self, member_no: int | None) -> Face:
        if member_no is None:
            return ANONYMOUS
        found = self._found.get(member_no)
        return OUT_OF_REACH if found is None else Face(*found)
