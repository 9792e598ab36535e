"""The limit's side of `sandbox`: answers every call with one small JSON, keeps every letter.

As little as an ASGI application can do; `GET /letters` tells what was posted since the last time.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

_ANSWER = json.dumps({"errcode": 0, "errmsg": "ok", "external_contact": {"name": "陈静"}}).encode()
_letters: list[tuple[str, str]] = []


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """200 to everybody."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = _ANSWER
    if scope["path"] == "/letters":
        answer = json.dumps(_letters).encode()
        _letters.clear()
    elif scope["path"] == "/count":
        answer = str(len(_letters)).encode()
    elif scope["method"] == "POST":
        _letters.append((scope["query_string"].decode(), body.decode()))
        answer = b""
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
