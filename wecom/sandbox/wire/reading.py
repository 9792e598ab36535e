"""Reads request members the way the documents say, and refuses them with their codes."""

import base64
import binascii
import re
from typing import Any

from .errors import ApiError
from .registry import Call

USERID = re.compile(r"[0-9A-Za-z_.@-]{1,64}")


def text(
    body: dict[str, Any],
    name: str,
    *,
    missing: int = 0,
    chars: int = 0,
    bytes: int = 0,
    too_long: int = 40058,
) -> str:
    """A text member; ``missing`` is the errcode when it is absent or empty."""
    value = body.get(name)
    if value is None or value == "":
        if missing:
            raise ApiError(missing)
        return ""
    if not isinstance(value, str):
        raise ApiError(40058, f"invalid string value of {name}")
    if (chars and len(value) > chars) or (bytes and len(value.encode()) > bytes):
        raise ApiError(too_long, f"{name} exceeds its length limit")
    return value


def number(
    body: dict[str, Any],
    name: str,
    default: int | None = None,
    *,
    missing: int = 40063,
    low: int = 0,
    high: int = 2**32 - 1,
    outside: int = 40058,
) -> int:
    """An integer member within bounds; digits in a text are accepted as the vendor does."""
    value = body.get(name)
    if value is None or value == "":
        if default is None:
            raise ApiError(missing)
        return default
    if isinstance(value, bool):
        raise ApiError(40058, f"invalid integer value of {name}")
    try:
        read = int(value)
    except (TypeError, ValueError):
        raise ApiError(40058, f"invalid integer value of {name}") from None
    if not low <= read <= high:
        raise ApiError(outside)
    return read


def flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """A boolean member; 0 and 1 are understood."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool | int):
        raise ApiError(40058, f"invalid boolean value of {name}")
    return bool(value)


def texts(
    body: dict[str, Any],
    name: str,
    *,
    most: int = 0,
    too_many: int = 40058,
    missing: int = 0,
) -> list[str]:
    """A list of texts; anything else, even a bare text, is refused."""
    value = body.get(name)
    if value is None or value == [] or value == "":
        if missing:
            raise ApiError(missing)
        return []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ApiError(40058, f"invalid list value of {name}")
    if most and len(value) > most:
        raise ApiError(too_many)
    return value


def numbers(body: dict[str, Any], name: str) -> list[int]:
    """A list of integers."""
    value = body.get(name)
    if not value:
        return []
    if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
        raise ApiError(40058, f"invalid list value of {name}")
    return value


def mapping(body: dict[str, Any], name: str) -> dict[str, Any]:
    """An object member, empty when absent."""
    value = body.get(name)
    if not value:
        return {}
    if not isinstance(value, dict):
        raise ApiError(40058, f"invalid object value of {name}")
    return value


def page_size(body: dict[str, Any], *, most: int, default: int, above: int | None = None) -> int:
    """``limit``: above the maximum it is silently replaced."""
    wanted = number(body, "limit", default)
    if wanted <= 0:
        return default
    if wanted > most:
        return most if above is None else above
    return wanted


def write_cursor(kind: str, value: str) -> str:
    """An opaque cursor that only fits its own API."""
    return base64.urlsafe_b64encode(f"{kind}\n{value}".encode()).decode()


def read_cursor(kind: str, cursor: str) -> str:
    """The value inside; a foreign or broken cursor is 50100."""
    if not cursor:
        return ""
    try:
        found, _, value = base64.urlsafe_b64decode(cursor).decode().partition("\n")
    except (binascii.Error, ValueError):
        raise ApiError(50100) from None
    if found != kind:
        raise ApiError(50100)
    return value


def cursor_of(call: Call, kind: str, source: dict[str, Any] | None = None) -> str:
    """The request's cursor, decoded."""
    body = call.body if source is None else source
    return read_cursor(kind, text(body, "cursor"))
