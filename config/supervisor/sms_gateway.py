"""The demo's SMS gateway: takes messages over HTTP and shows them on a page instead of sending
them.

A server of its own on loopback, so that the product talks to it exactly as to a real one. It
forgets everything when it ends.
"""

import argparse
import hmac
import html
import os
import re
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

KEPT_MESSAGES = 500
_LONGEST_TEXT = 500
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3"><title>手机短信（模拟）</title>
<style>
:root {{ color-scheme: light dark; --ink: #222; --muted: #666; --paper: #f4f3f1; --card: #fff; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #eee; --muted: #aaa; --paper: #161514; --card: #242220; }}
}}
body {{ margin: 0 auto; max-width: 32rem; padding: 16px;
  background: var(--paper); color: var(--ink);
  font: 17px/1.5 "PingFang SC", "Noto Sans CJK SC", sans-serif; }}
h1 {{ font-size: 20px; }} p.note {{ color: var(--muted); font-size: 15px; }}
article {{ background: var(--card); border-radius: 12px; padding: 12px 16px; margin: 12px 0; }}
header {{ color: var(--muted); font-size: 15px; display: flex; justify-content: space-between; }}
article p {{ margin: 4px 0; font-variant-numeric: tabular-nums; }}
</style></head><body>
<h1>手机短信</h1><p class="note">模拟的短信网关，不会真的发送。最新的在最上面，页面每 3 秒刷新。</p>
<main>{messages}</main></body></html>"""


@dataclass(frozen=True)
class Message:
    """One message as it was taken."""

    id: int
    phone: str
    text: str
    sent_at: int


class Gateway:
    """The messages taken so far, newest last, each request id once."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._taken = 0

    async def send(self, request: Request) -> Response:
        """Take a message; the same ``request_id`` again answers the same and takes nothing."""
        if self._key and not hmac.compare_digest(
            request.headers.get("authorization", "").encode(), f"Bearer {self._key}".encode()
        ):
            return _refusal("key", 401)
        try:
            body = await request.json()
        except ValueError:
            return _refusal("not JSON", 400)
        if not isinstance(body, dict):
            return _refusal("not an object", 400)
        phone, text = body.get("phone"), body.get("text")
        if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
            return _refusal("phone", 400)
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT:
            return _refusal("text", 400)
        message = self._take(phone, text, str(body.get("request_id") or ""))
        return JSONResponse({"ok": True, "id": message.id})

    def _take(self, phone: str, text: str, request_id: str) -> Message:
        known = self._messages.get(request_id)
        if known is not None:
            return known
        self._taken += 1
        message = Message(self._taken, phone, text, int(time.time()))
        self._messages[request_id or f"#{self._taken}"] = message
        while len(self._messages) > KEPT_MESSAGES:
            self._messages.popitem(last=False)
        return message

    async def messages(self, request: Request) -> Response:
        """List messages, of one ``phone`` or of all, oldest first."""
        phone = request.query_params.get("phone")
        found = [asdict(m) for m in self._messages.values() if phone in (None, m.phone)]
        return JSONResponse({"messages": found})

    async def page(self, _: Request) -> Response:
        """Show a person what her phone would have received."""
        cards = [_card(message) for message in reversed(self._messages.values())]
        return HTMLResponse(_PAGE.format(messages="".join(cards) or "<p>还没有短信。</p>"))

    async def health(self, _: Request) -> Response:
        """Answer as long as the process is alive."""
        return JSONResponse({"ok": True})

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/send", self.send, methods=["POST"]),
                Route("/messages", self.messages),
                Route("/healthz", self.health),
                Route("/", self.page),
            ]
        )


def _card(message: Message) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(message.sent_at))
    return (
        f"<article><header><span>{html.escape(message.phone)}</span><time>{clock}</time></header>"
        f"<p>{html.escape(message.text)}</p></article>"
    )


def _refusal(reason: str, status: int) -> Response:
    return JSONResponse({"ok": False, "error": reason}, status_code=status)


def main() -> None:
    """Serve on a loopback port; a key in SMS_GATEWAY_KEY is demanded from senders."""
    parser = argparse.ArgumentParser(prog="python -m config.supervisor.sms_gateway")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    gateway = Gateway(os.environ.get("SMS_GATEWAY_KEY", ""))
    uvicorn.run(gateway.application(), host="127.0.0.1", port=port, access_log=False)


if __name__ == "__main__":
    main()
