"""Demo only: hands `/sandbox/…` unchanged to the sandbox's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"transfer-encoding",
    b"upgrade",
    b"host",
    b"content-length",
}


async def _whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pump(response: httpx.Response, send: Send) -> None:
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class SandboxProxy:
    """An ASGI application that streams both ways, so that live pages work through it."""

    def __init__(self, base_url: str) -> None:
        self.client = httpx.AsyncClient(
            base_url=base_url, timeout=httpx.Timeout(10, read=None), follow_redirects=False
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        body = await _whole_body(receive)
        query = scope["query_string"].decode("latin-1")
        request = self.client.build_request(
            scope["method"],
            scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
            headers=[pair for pair in scope["headers"] if pair[0] not in _HOP_BY_HOP],
            content=body,
        )
        try:
            response = await self.client.send(request, stream=True)
        except httpx.HTTPError:
            await self._away(send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": [
                    (key.lower(), value)
                    for key, value in response.headers.raw
                    if key.lower() not in _HOP_BY_HOP
                ],
            }
        )
        # A live page that is closed must not leave its stream open behind it.
        gone = asyncio.create_task(_until_gone(receive))
        pumping = asyncio.create_task(_pump(response, send))
        await asyncio.wait({gone, pumping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, pumping):
            task.cancel()
        await asyncio.gather(gone, pumping, return_exceptions=True)
        await response.aclose()

    async def _away(self, send: Send) -> None:
        text = "模拟器还没有启动好，请稍等几秒再刷新。".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"2")]
        await send({"type": "http.response.start", "status": 502, "headers": headers})
        await send({"type": "http.response.body", "body": text})
