"""The WeCom sandbox's calls and callbacks, against a bare ASGI application on the same server.

Calls: 32 connections ask for customers of a grown corp, and the same of an application that
answers one constant. Callbacks: a crowd arrives at once, from the act until the last event came;
the limit is posting as many letters that were sealed before, over raw connections, to the same
receiver. Both are held at three sizes of the corp: what grows shows.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import httpx
import uvloop
from wechatpy.work.crypto import WeChatCrypto

from bench._ground import median
from wecom.sandbox import crypto

CORP, SECRET, TOKEN = "ww0bench0bench0be", "bench-secret", "benchToken"
AES_KEY: Final = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
AGENT, FRIENDS, CONNECTIONS = 1000002, 20, 32
# Members and customers of the corp, three sizes each.
SIZES: Final = {
    "small": [(50, 1_000), (500, 10_000), (5_000, 100_000)],
    "full": [(500, 10_000), (5_000, 100_000), (50_000, 1_000_000)],
}
CALLS: Final = {"small": 1_500, "full": 6_000}
CROWD: Final = {"small": 500, "full": 2_000}
ROUNDS: Final = 3


@dataclass
class Measured:
    """One size's medians, and whether everything that was answered was right."""

    calls: float
    bare_calls: float
    callbacks: float
    bare_callbacks: float
    wrong: list[str]

    @property
    def call_ratio(self) -> float:
        return self.calls / self.bare_calls

    @property
    def callback_ratio(self) -> float:
        return self.callbacks / self.bare_callbacks


def run(scale: str) -> dict[str, Any]:
    """Each size in turn, both sides alternating; wrong when one answer or one event is."""
    with tempfile.TemporaryDirectory(prefix="bench-sandbox-") as folder:
        measured = {
            customers: _measure(scale, Path(folder), members, customers)
            for members, customers in SIZES[scale]
        }
    largest = measured[max(measured)]
    return {
        "calls_per_s": largest.calls,
        "bare_calls_per_s": largest.bare_calls,
        "ratio": largest.call_ratio,
        "callbacks_per_s": largest.callbacks,
        "bare_callbacks_per_s": largest.bare_callbacks,
        "callback_ratio": largest.callback_ratio,
        "ratios_at_sizes": _at_sizes(measured),
        "goal": "never the bottleneck of another measurement",
        "wrong": [word for each in measured.values() for word in each.wrong],
        "correct": not any(each.wrong for each in measured.values()),
    }


def _at_sizes(measured: dict[int, Measured]) -> str:
    return ", ".join(
        f"{size:,}: calls {each.call_ratio:.2f}, callbacks {each.callback_ratio:.2f}"
        for size, each in sorted(measured.items())
    )


def _measure(scale: str, folder: Path, members: int, customers: int) -> Measured:
    database = folder / f"{customers}.sqlite3"
    command = ["-m", "wecom.sandbox", "--db", str(database)]
    bare_command = ["-m", "uvicorn", "bench._served_answer:application", "--log-level", "error"]
    with _served(bare_command) as bare, _served(command) as sandbox:
        control = httpx.Client(base_url=f"http://127.0.0.1:{sandbox}", timeout=120, trust_env=False)
        letters = httpx.Client(base_url=f"http://127.0.0.1:{bare}", timeout=60, trust_env=False)
        with control, letters:
            token = _grow(control, bare, members, customers)
            wrong = _wrong_answers(control, token, customers)
            calls, bare_calls = [], []
            requests = _requests(token, CALLS[scale], customers)
            for _ in range(ROUNDS):
                calls.append(_per_second(sandbox, requests))
                bare_calls.append(_per_second(bare, requests))
            callbacks, bare_callbacks = [], []
            for number in range(ROUNDS):
                many = CROWD[scale]
                callbacks.append(_crowd(control, letters, f"g{number + 1:06d}", many))
                wrong += _wrong_letters(letters, many, f"g{number + 1:06d}")
                bare_callbacks.append(_per_second(bare, _sealed(many)))
                letters.get("/letters")
    return Measured(
        median(calls), median(bare_calls), median(callbacks), median(bare_callbacks), wrong
    )


def _grow(control: httpx.Client, receiver: int, members: int, customers: int) -> str:
    """A corp of this size whose one application hears of everything; gives a token."""
    app = {
        "name": "bench",
        "agent_id": AGENT,
        "secret": SECRET,
        "callback_url": f"http://127.0.0.1:{receiver}/callback/",
        "callback_token": TOKEN,
        "callback_aes_key": AES_KEY,
    }
    prefix = "/sandbox/control/api"
    control.post(f"{prefix}/seed", json={"corp_id": CORP, "apps": [app]}).raise_for_status()
    sizes = {"members": members, "customers": customers, "friends_per_member": FRIENDS}
    control.post(f"{prefix}/seed/grow", json=sizes).raise_for_status()
    query = {"corpid": CORP, "corpsecret": SECRET}
    answer = control.get("/sandbox/cgi-bin/gettoken", params=query).json()
    return str(answer["access_token"])


def _customer(number: int) -> str:
    return f"wmGrown{number:025d}"


def _wrong_answers(control: httpx.Client, token: str, customers: int) -> list[str]:
    """Compare answers with what growing promises, before anything is measured."""
    wrong = []
    for number in range(1, customers, customers // 50):
        query = {"access_token": token, "external_userid": _customer(number)}
        told = control.get("/sandbox/cgi-bin/externalcontact/get", params=query).json()
        guide = f"g{1 + (number - 1) // FRIENDS:06d}"
        followers = [each["userid"] for each in told.get("follow_user", [])]
        if told.get("external_contact", {}).get("external_userid") != _customer(number):
            wrong.append(f"{number}: {told.get('errmsg')}")
        elif guide not in followers:
            wrong.append(f"{number}: {followers}")
    query = {"access_token": token, "external_userid": _customer(customers + 1)}
    told = control.get("/sandbox/cgi-bin/externalcontact/get", params=query).json()
    if told["errcode"] == 0:
        wrong.append("an unknown customer was told")
    return wrong


def _requests(token: str, count: int, customers: int) -> list[bytes]:
    """Calls for customers spread over the corp, ready for the wire."""
    path = "/sandbox/cgi-bin/externalcontact/get"
    return [
        (
            f"GET {path}?access_token={token}&external_userid="
            f"{_customer(1 + number * 7919 % customers)} HTTP/1.1\r\nhost: bench\r\n\r\n"
        ).encode()
        for number in range(count)
    ]


def _per_second(port: int, requests: Sequence[bytes]) -> float:
    return len(requests) / uvloop.run(_drive(port, requests))


async def _drive(port: int, requests: Sequence[bytes]) -> float:
    """Send all requests, one at a time on each connection; gives the seconds."""
    waiting = iter(requests)
    begun = time.perf_counter()
    await asyncio.gather(*(_connection(port, waiting) for _ in range(CONNECTIONS)))
    return time.perf_counter() - begun


async def _connection(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] == b"200", head
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(size)
    writer.close()


def _crowd(control: httpx.Client, letters: httpx.Client, userid: str, many: int) -> float:
    """So many customers at once; events delivered a second, from the act until the last came."""
    begun = time.perf_counter()
    body = {"userid": userid, "many": many}
    control.post("/sandbox/control/api/acts/burst", json=body).raise_for_status()
    deadline = time.monotonic() + 300
    while int(letters.get("/count").text) < many:
        assert time.monotonic() < deadline, "the crowd's events do not come"
        # The receiver answers at once, so asking slows it; five times a second is enough.
        time.sleep(0.02)
    return many / (time.perf_counter() - begun)


def _wrong_letters(letters: httpx.Client, many: int, userid: str) -> list[str]:
    """Every letter opens with a library not ours, and tells of another customer of the guide."""
    opener = WeChatCrypto(TOKEN, AES_KEY, CORP)
    seen = set()
    for query, body in letters.get("/letters").json():
        given = dict(parse_qsl(query))
        inner = opener.decrypt_message(
            body, given["msg_signature"], given["timestamp"], given["nonce"]
        )
        event = ElementTree.fromstring(inner)  # noqa: S314 - written by our own sandbox
        if event.findtext("UserID") == userid:
            seen.add(event.findtext("ExternalUserID"))
    return [] if len(seen) == many else [f"{len(seen)} of {many} events of {userid}"]


def _sealed(many: int) -> list[bytes]:
    """Letters of the courier's size, sealed before, ready for the wire."""
    sealed = crypto.encrypt(AES_KEY, "<xml>" + "x" * 500 + "</xml>", CORP)
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    head = "POST /callback/?msg_signature=0&timestamp=0&nonce=0 HTTP/1.1\r\nhost: bench\r\n"
    return [f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()] * many


@contextmanager
def _served(command: Sequence[str]) -> Iterator[int]:
    """A process of its own on a free port; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    arguments = [sys.executable, *command, "--port", str(port)]
    process = subprocess.Popen(arguments)  # noqa: S603 - our own interpreter and words
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, "a server ended at its start"
            assert time.monotonic() < deadline, "a server does not answer"
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
