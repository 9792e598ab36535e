"""Reading what stands in a callback: WeCom leaves out, fills in and spells as it likes.

Every reader takes anything that XML or JSON can hold and answers with a plain value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from typing import Any, Final, TypeVar

Reader = Callable[[Any], Any]
T = TypeVar("T")

_THEIRS: Final = "theirs"
_READER: Final = "reader"
_PRIVATE: Final = "private"


def told(theirs: str, reader: Reader, *, private: bool = False) -> Any:
    """A field of a dataclass that WeCom calls `theirs`; dots lead into what is nested.

    None when WeCom did not name it. A private one stays out of the domain event.
    """
    metadata = {_THEIRS: theirs.split("."), _READER: reader, _PRIVATE: private}
    return field(default=None, metadata=metadata)


def filled(cls: type[T], message: Mapping[str, Any], **known: Any) -> T:
    """A dataclass of `told` fields, made from what WeCom said."""
    for one in fields(cls):  # type: ignore[arg-type]
        if _THEIRS not in one.metadata:
            continue
        found = _at(message, one.metadata[_THEIRS])
        if found is not None:
            known[one.name] = one.metadata[_READER](found)
    return cls(**known)


def open_values(told_ones: Any) -> dict[str, Any]:
    """What of a filled dataclass was named by WeCom and is not private."""
    return {
        # JSON knows lists only.
        one.name: list(value) if isinstance(value, tuple) else value
        for one in fields(told_ones)
        if one.default is not MISSING
        and not one.metadata.get(_PRIVATE)
        and (value := getattr(told_ones, one.name)) is not None
    }


def _at(message: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(message, Mapping):
            return None
        message = message.get(name)
    return message


def text(value: Any) -> str:
    """A text; WeCom's empty elements come as None, nested ones are no text."""
    return str(value) if isinstance(value, str | int | float) else ""


def word(value: Any) -> str:
    """A short text: a kind, a key, an id."""
    return text(value)[:200]


def userid(value: Any) -> str:
    """Member ids ignore case (document 90664): one spelling inside the house."""
    return text(value).strip().lower()


def number(value: Any) -> int:
    """A count or a code; nonsense is 0."""
    digits = text(value).strip()[:18]
    return int(digits) if digits.isascii() and digits.lstrip("-").isdigit() else 0


def decimal(value: Any) -> float:
    """A coordinate; nonsense is 0."""
    try:
        return float(text(value)[:40])
    except ValueError:
        return 0.0


def person(value: Any) -> str:
    """A member's id in lower case, a customer's as it is."""
    key = text(value).strip()
    return key if key.startswith(("wm", "wo")) and len(key) == 32 else key.lower()


def listed(value: Any) -> list[Any]:
    """One or many: XML says one element as it is, and several as a list."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def people(value: Any) -> tuple[str, ...]:
    """`MemChangeList`: one Item, many Items, or (as some SDKs saw) a comma list."""
    found = value.get("Item") if isinstance(value, Mapping) else value
    rows = found if isinstance(found, list) else text(found).split(",")
    return tuple(person(row) for row in rows if text(row).strip())


def userids(value: Any) -> tuple[str, ...]:
    """A comma list of members."""
    return tuple(userid(one) for one in text(value).split(",") if one.strip())


def numbers(value: Any) -> tuple[int, ...]:
    """A comma list of departments, or of anything counted."""
    return tuple(number(one) for one in text(value).split(",") if one.strip())


def texts(value: Any) -> tuple[str, ...]:
    """One element or several of the same name."""
    return tuple(text(one) for one in listed(value) if text(one))


def inside(*path: str, reader: Reader) -> Reader:
    """A list under wrapping elements, each of which may be there once or several times."""

    def read(value: Any) -> tuple[Any, ...]:
        found = [value]
        for name in path:
            here = [one.get(name) for one in found if isinstance(one, Mapping)]
            found = [inner for one in here for inner in listed(one)]
        return tuple(reader(one) for one in found)

    return read
