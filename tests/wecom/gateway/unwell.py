"""A WeCom that is unwell: a real HTTP server on loopback that does what a test tells it to."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[["Exchange"], None]


class Exchange:
    """One request, and the ways to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, number: int, over: threading.Event) -> None:
        parts = urlsplit(handler.path)
        self._handler = handler
        self.api = parts.path.removeprefix("/cgi-bin/")
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        size = int(handler.headers.get("content-length") or 0)
        self.body: bytes = handler.rfile.read(size)
        self.over = over
        self._socket = handler.connection
        # Which call of this API it is, from 1.
        self.number = number

    def say(self, **fields: Any) -> None:
        """An answer as WeCom gives it."""
        self.send(200, json.dumps({"errcode": 0, "errmsg": "ok", **fields}).encode())

    def send(self, status: int, body: bytes) -> None:
        """Any HTTP answer."""
        self._handler.send_response(status)
        self._handler.send_header("content-length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def raw(self, answer: bytes) -> None:
        """Bytes as they are; whoever has hung up meanwhile does not hear them."""
        with contextlib.suppress(OSError):
            self._socket.sendall(answer)

    def reset(self) -> None:
        """Close so that the other side is told of an error."""
        self._handler.close_connection = True
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The handler's own files keep a socket open that is merely closed.
        os.close(self._socket.detach())

    def hang_up(self) -> None:
        """Close without a word."""
        self._handler.close_connection = True
        with contextlib.suppress(OSError):
            self._handler.connection.shutdown(2)


class Unwell:
    """Counts calls; answers `gettoken` by itself unless told otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Answer] = {"gettoken": _give_token}
        self.heard: list[Exchange] = []
        # Set at the end of a test, so that whoever hangs lets go.
        self.over = threading.Event()
        self._lock = threading.Lock()

    def count(self, api: str) -> int:
        """How often an API was called."""
        return len([one for one in self.heard if one.api == api])

    def hear(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request."""
        with self._lock:
            api = urlsplit(handler.path).path.removeprefix("/cgi-bin/")
            exchange = Exchange(handler, self.count(api) + 1, self.over)
            self.heard.append(exchange)
        self.answers[exchange.api](exchange)


def _give_token(exchange: Exchange) -> None:
    exchange.say(access_token=f"token-{exchange.number}", expires_in=7200)


def never(exchange: Exchange) -> None:
    """No answer before the test is over."""
    exchange.over.wait(60)


@contextmanager
def an_unwell_wecom() -> Iterator[Unwell]:
    """Listen on a free port until the test ends."""
    unwell = Unwell()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes: without this the second waits 40 ms for an acknowledgement.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            unwell.hear(self)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Tests keep their own count."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    unwell.url = f"http://127.0.0.1:{server.server_address[1]}/cgi-bin/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield unwell
    finally:
        unwell.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
