"""What is said to customers, in WeCom's shape: text and attachments, with their bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wecom.gateway.bounds import Bounds

# `kind` (image, link, miniprogram, video, file) and its fields side by side.
Attachment = Mapping[str, Any]

_MOST: Final = 9
_TEXT_BYTES: Final = 4000
# Bytes of a field by kind (document 92135).
_FIELDS: Final[Mapping[str, Mapping[str, int]]] = {
    "image": {},
    "video": {},
    "file": {},
    "link": {"title": 128, "desc": 512, "url": 2048, "picurl": 2048},
    "miniprogram": {"title": 64},
}
_NAMES: Final = {
    "title": "标题",
    "desc": "描述",
    "url": "链接地址",
    "picurl": "图片地址",
}


def content_of(api: str, text: str, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Text and attachments in WeCom's shape, none named when empty. Raises NotAsked.

    At least one of the two, 4000 bytes of text, nine attachments: what customers are told.
    """
    bounds = Bounds(api)
    bounds.some("文字与附件", text, attachments)
    bounds.octets("文字", text, _TEXT_BYTES)
    bounds.count("附件", attachments, _MOST)
    for one in attachments:
        _check(bounds, one)
    content: dict[str, Any] = {}
    if text:
        content["text"] = {"content": text}
    if attachments:
        content["attachments"] = [wecom_attachment(one) for one in attachments]
    return content


def wecom_attachment(ours: Attachment) -> dict[str, Any]:
    """One attachment of ours (`kind` and its fields side by side) in WeCom's nested shape."""
    kind = str(ours["kind"])
    fields = {name: value for name, value in ours.items() if name != "kind" and value != ""}
    return {"msgtype": kind, kind: fields}


def _check(bounds: Bounds, one: Attachment) -> None:
    kind = str(one.get("kind", ""))
    bounds.one_of("附件类型", kind, _FIELDS)
    for field, most in _FIELDS[kind].items():
        bounds.octets(f"附件{_NAMES[field]}", str(one.get(field, "")), most)
