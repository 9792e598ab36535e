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
