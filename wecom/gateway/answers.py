"""Reads what WeCom answered: the one place where a peer's JSON becomes values of ours.

A field that is absent or null is filled, a field of the wrong kind raises Unintelligible; nothing
below ever raises KeyError or TypeError for what came over the wire.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from wecom.gateway.errors import Unintelligible

# WeCom counts its days in Shanghai, which has had no summer time since 1991.
SHANGHAI: Final = timezone(timedelta(hours=8))
# What a bigint of the database holds.
_MOST: Final = 2**63 - 1

T = TypeVar("T")


class Answer:
    """One object of an answer. Absent and null are filled; another kind is Unintelligible."""

    __slots__ = ("_api", "_found", "_where")

    def __init__(self, found: Any, api: str, where: str = "") -> None:
        self._api = api
        self._where = where
        if not isinstance(found, Mapping):
            raise Unintelligible(None, f"{where or 'answer'} is no object", api=api)
        self._found: Mapping[str, Any] = found

    def key(self, name: str) -> str:
        """A text without which the rest means nothing. Raises Unintelligible when empty."""
        return self.text(name) or self._no(name, "is missing")

    def userid(self, name: str) -> str:
        """A guide's key, in lower case: WeCom ignores case and answers in either."""
        return self.key(name).lower()

    def text(self, *names: str) -> str:
        """The first of these that is not empty; else the empty text."""
        return next((text for name in names if (text := self._text(name))), "")

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; WeCom writes some as text."""
        value = self._found.get(name)
        if value is None or value == "":
            return default
        number = _whole(value)
        return self._no(name, "is no number") if number is None else number

    def one_of(self, name: str, words: Mapping[int, T], otherwise: T) -> T:
        """The word for WeCom's number; a number that nobody knows is `otherwise`."""
        return words.get(self.number(name, -1), otherwise)

    def real(self, name: str) -> float | None:
        """A number with a fraction; None when absent."""
        value = self._found.get(name)
        if value is None or value == "":
            return None
        try:
            number = float(value) if isinstance(value, int | float | str) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        return number if math.isfinite(number) else self._no(name, "is no number")

    def flag(self, name: str, default: bool = False) -> bool:  # noqa: FBT001, FBT002
        """True or false; WeCom also writes 1 and 0."""
        value = self._found.get(name)
        return value if isinstance(value, bool) else bool(self.number(name, int(default)))

    def at(self, name: str) -> datetime:
        """A moment in WeCom's seconds; nothing is the epoch."""
        return self._moment(name, self.number(name))

    def at_or_none(self, name: str) -> datetime | None:
        """A moment; None for absent and 0."""
        seconds = self.number(name)
        return self._moment(name, seconds) if seconds else None

    def at_milliseconds(self, name: str) -> datetime:
        """A moment where the vendor counts milliseconds: only the archive does (91774)."""
        return self._moment(name, self.number(name) / 1000)

    def day(self, name: str) -> date:
        """The Shanghai day in which a moment lies."""
        return self.at(name).astimezone(SHANGHAI).date()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, without the empty ones."""
        found = (_text(one) for one in self._list(name))
        return tuple(self._no(name, "holds no text") if one is None else one for one in found)

    def userids(self, name: str) -> tuple[str, ...]:
        """A list of guides' keys."""
        return tuple(one.lower() for one in self.texts(name) if one)

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        row = {str(index): one for index, one in enumerate(self._list(name))}
        inner = Answer(row, self._api, f"{self._where}{name}.")
        return tuple(inner.number(index) for index in row)

    def rows(self, name: str, read: Callable[[Answer], T]) -> tuple[T, ...]:
        """A list of objects, each read by `read`."""
        where = f"{self._where}{name}."
        return tuple(read(Answer(one, self._api, where)) for one in self._list(name))

    def part(self, name: str) -> Answer:
        """An object inside; without fields when absent."""
        found = self._found.get(name)
        return Answer({} if found is None else found, self._api, f"{self._where}{name}.")

    def raw(self) -> dict[str, Any]:
        """Everything as it came, fit for a JSON column."""
        return {clean(str(name)): _clean(value) for name, value in self._found.items()}

    def has(self, name: str) -> bool:
        """Is there anything under this name?"""
        return self._found.get(name) is not None

    def _text(self, name: str) -> str:
        found = _text(self._found.get(name))
        return self._no(name, "is no text") if found is None else found

    def _list(self, name: str) -> list[Any]:
        found = self._found.get(name)
        if found is None or found == "":
            return []
        return found if isinstance(found, list) else self._no(name, "is no list")

    def _moment(self, name: str, seconds: float) -> datetime:
        try:
            return datetime.fromtimestamp(seconds, tz=UTC)
        except (ValueError, OverflowError, OSError):
            return self._no(name, "is no moment")

    def _no(self, name: str, why: str) -> Any:
        raise Unintelligible(None, f"{self._where}{name} {why}", api=self._api)


def clean(text: str) -> str:
    """A text that UTF-8 and PostgreSQL can hold: no NUL, no half of a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def midnight(day: date) -> int:
    """The first second of a Shanghai day, as WeCom writes it."""
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp())


def _whole(value: Any) -> int | None:
    """A whole number; None for what is none, or does not fit."""
    try:
        number = int(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None
    if number is None or abs(number) > _MOST or (isinstance(value, float) and value != number):
        return None
    return number


def _text(value: Any) -> str | None:
    """A text, or a number as text; None for what is neither."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(name)): _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value
