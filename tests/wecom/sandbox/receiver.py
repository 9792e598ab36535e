"""A tiny product on loopback that receives callbacks, decrypted by a library not ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import xmltodict
from wechatpy.work.crypto import WeChatCrypto

from tests.wecom.sandbox.world import AES_KEY, CORP, TOKEN

PATIENCE_S = 10.0


@dataclass
class Received:
    """One POST as it came in, and the event inside."""

    query: dict[str, str]
    event: dict[str, Any]
    inner_xml: str
    at: float = field(default_factory=time.monotonic)


@dataclass
class Receiver:
    """Answers each delivery with the next planned status, then 200 for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, target: str, body: bytes) -> tuple[int, float]:
        """Check and decrypt one delivery; give status and pause of the answer."""
        query = dict(parse_qsl(urlsplit(target).query))
        crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
        inner = crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        text = inner.decode() if isinstance(inner, bytes) else inner
        with self.changed:
            self.received.append(Received(query, xmltodict.parse(text)["xml"], text))
            self.changed.notify_all()
            status = self.statuses.pop(0) if self.statuses else 200
            delay = self.delays.pop(0) if self.delays else 0.0
        return status, delay

    def wait_for(
        self, many: int, matches: Callable[[Received], bool] | None = None
    ) -> list[Received]:
        """Wait until so many matching deliveries have come."""
        end = time.monotonic() + PATIENCE_S

        def found() -> list[Received]:
            return [each for each in self.received if matches is None or matches(each)]

        with self.changed:
            while len(found()) < many:
                if not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"only {len(found())} of {many} deliveries came")
            return found()


def start_receiver() -> tuple[Receiver, ThreadingHTTPServer]:
    """A receiver on a free port; the caller shuts the server down."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, delay = receiver.take(self.path, body)
            if delay:
                threading.Event().wait(delay)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/callback/?app=guide"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return receiver, server
