"""A wire from the product to the sandbox, on which a test sees and stops each exchange.

Outside demos the product refuses an address below `/sandbox/`; the wire hides it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

# Called with the API's path; True lets the exchange go on, False cuts the wire.
Look = Callable[[str], bool]


class Wire:
    """`asked` is called before WeCom hears of a request, `answered` before we hear the answer."""

    def __init__(self, url: str) -> None:
        self.url = ""
        self.asked: Look = lambda _: True
        self.answered: Look = lambda _: True
        self._there = httpx.Client(base_url=url, timeout=10)

    def carry(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request to the sandbox and its answer back."""
        api = handler.path.partition("?")[0].partition("/cgi-bin/")[2]
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        if not self.asked(api):
            handler.close_connection = True
            return
        answer = self._there.request(handler.command, f"/sandbox{handler.path}", content=body)
        if not self.answered(api):
            handler.close_connection = True
            return
        handler.send_response(answer.status_code)
        handler.send_header("content-length", str(len(answer.content)))
        handler.end_headers()
        handler.wfile.write(answer.content)


@contextmanager
def a_wire_to(url: str) -> Iterator[Wire]:
    """Listen on a free port until the test ends."""
    wire = Wire(url)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wire.carry(self)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """The sandbox keeps its own count."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    wire.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
