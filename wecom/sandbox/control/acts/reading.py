"""How an act reads what it was asked with."""

from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import chats
from wecom.sandbox.world import Refused, World

Body = dict[str, Any]
Act = Callable[[World, Body], dict[str, Any]]


def need(body: Body, name: str) -> str:
    """A text that the act cannot do without."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"缺少 {name}")
    return value.strip()


def optional(body: Body, name: str) -> str:
    """A text that may be absent."""
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""


def content_of(body: Body) -> chats.Content:
    """``content`` as given, or ``text`` as a text message."""
    content = body.get("content")
    if isinstance(content, dict) and isinstance(content.get("msgtype"), str):
        return content
    return chats.text_content(need(body, "text"))


def number(body: Body, name: str, default: int | None = None) -> int:
    """A whole number; one that is needed and absent is refused."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name} 必须是整数")
    return value


def listed(body: Body, name: str) -> list[Any]:
    """A list, empty when absent; one value alone is a list of one."""
    value = body.get(name)
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]
