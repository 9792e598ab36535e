"""What may stand in a variant: length as WeCom counts it, and where a link may lead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

K = TypeVar("K")

# Bytes of a mass message's text, UTF-8 (doc 92135, 2025-11-17).
TEXT_LIMIT = 4000
# What we keep free for the tracked link that is added to the text.
LINK_ROOM = 200


def text_fault(text: str) -> str:
    """Why this text cannot be sent, or nothing."""
    size = len(text.encode())
    if not text.strip():
        return "请填写文字。"
    if size > TEXT_LIMIT - LINK_ROOM:
        return f"文字有 {size} 字节，最多 {TEXT_LIMIT - LINK_ROOM} 字节，请缩短一些。"
    return ""


def host_is_allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether a link may lead there: http(s), one of the hosts, no credentials in the address.

    A backslash or a blank is refused, since browsers and parsers read them differently.
    """
    if any(sign in url for sign in "\\ \t\r\n"):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or parts.username is not None:
        return False
    return host in hosts or f"{host}:{port}" in hosts


def variant_for(tier: str, variants: Mapping[str, K]) -> K | None:
    """Her tier's variant, else the one for everybody, else none."""
    return variants.get(tier, variants.get(""))
