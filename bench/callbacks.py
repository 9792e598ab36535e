"""The callback door, against a bare ASGI application that only verifies and decrypts.

The product's path: verify, decrypt, check, recognise repeats, a durable row, the answer after its
commit. Both sides are real uvicorn processes with one worker; 64 connections load them in turn.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import uvloop
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import connection

from bench._ground import fresh_database, median, peak_megabytes
from config.embedded.valkey import start_valkey
from wecom.inbox.models import InboxMessage

REQUESTS: Final = {"small": 4_000, "full": 20_000}
ROUNDS: Final = {"small": 5, "full": 11}
CONNECTIONS: Final = 64
CORP, TOKEN = "ww5a7d0e1c2b3f4a68", "QDG6eK"
AES_KEY: Final = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
_KEY: Final = base64.b64decode(AES_KEY + "=")


@dataclass(frozen=True)
class Server:
    """A running uvicorn process."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """The processor time it has used; unlike its speed, the same on a busy machine."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What a round of load saw."""

    seconds: float
    cpu_seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    echo_ms: list[float] = field(default_factory=list)

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / sum(self.statuses.values()) * 1e6

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds


def run(scale: str) -> dict[str, Any]:
    """Alternate both sides; the ratio is of medians. Wrong when an answered callback has no row."""
    count = REQUESTS[scale]
    with fresh_database(), tempfile.TemporaryDirectory(prefix="bench-valkey-") as folder:
        valkey = start_valkey(Path(folder), lambda _: None, durable=False)
        known = _environment(valkey.url)
        try:
            with _served("_served_door", known) as door, _served("_served_bare", known) as bare:
                ours, limits = _alternate(door, bare, count, ROUNDS[scale])
                sizes = {size: _load(door, size) for size in (count // 4, count // 2)}
                repeated = _requests(200)
                again = [uvloop.run(_drive(door.port, repeated)) for _ in range(4)]
        finally:
            valkey.stop()
        sent = count * len(ours) + sum(sizes) + len(repeated)
        stored = InboxMessage.objects.count()
        repeats = sum(InboxMessage.objects.values_list("repeats", flat=True))
        accepted = all(set(load.statuses) == {200} for load in (*ours, *again, *sizes.values()))
        ratio = median([load.per_second for load in ours]) / median(
            [load.per_second for load in limits]
        )
        return {
            "callbacks": count,
            "door_per_s": median([load.per_second for load in ours]),
            "bare_per_s": median([load.per_second for load in limits]),
            "ratio": ratio,
            "goal": "≥ 0.7",
            "door_cpu_µs": median([load.cpu_us for load in ours]),
            "bare_cpu_µs": median([load.cpu_us for load in limits]),
            "door_p50_ms": _percentile(ours, 0.50),
            "door_p99_ms": _percentile(ours, 0.99),
            "bare_p99_ms": _percentile(limits, 0.99),
            "echo_p99_ms": _percentile(ours, 0.99, echo=True),
            "µs_each_at_sizes": _costs({**sizes, count: ours[-1]}),
            "more_memory_mb": peak_megabytes(),
            "correct": accepted and stored == sent and repeats == 3 * len(repeated),
        }


def _alternate(
    door: Server, bare: Server, count: int, rounds: int
) -> tuple[list[Load], list[Load]]:
    for server in (door, bare):
        _load(server, 500)
    InboxMessage.objects.all().delete()
    ours, limits = [], []
    for _ in range(rounds):
        ours.append(_load(door, count, echo=True))
        limits.append(_load(bare, count))
    return ours, limits


def _load(server: Server, count: int, *, echo: bool = False) -> Load:
    requests = _requests(count)
    before = server.cpu_seconds()
    load = uvloop.run(_drive(server.port, requests, echo=echo))
    load.cpu_seconds = server.cpu_seconds() - before
    return load


async def _drive(port: int, requests: Sequence[bytes], *, echo: bool = False) -> Load:
    """Send all requests over 64 connections, one at a time on each, with an echo now and then."""
    waiting = iter(requests)
    load = Load(seconds=0)
    over = asyncio.Event()
    echoes = asyncio.create_task(_echo(port, load, over)) if echo else None
    begun = time.perf_counter()
    await asyncio.gather(*(_connection(port, waiting, load) for _ in range(CONNECTIONS)))
    load.seconds = time.perf_counter() - begun
    over.set()
    if echoes is not None:
        await echoes
    return load


async def _connection(port: int, waiting: Iterator[bytes], load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        load.milliseconds.append((time.perf_counter() - begun) * 1000)
        load.statuses[int(head[9:12])] += 1
    writer.close()


async def _echo(port: int, load: Load, over: asyncio.Event) -> None:
    """WeCom's question whether the address is ours, ten times a second under load."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    query = _signed(_encrypt(b"1616140317555161061"), nonce="echo", as_echo=True)
    request = f"GET /wecom/callback/?{query} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()
    while not over.is_set():
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(size)
        load.echo_ms.append((time.perf_counter() - begun) * 1000)
        try:
            await asyncio.wait_for(over.wait(), 0.1)
        except TimeoutError:
            continue
    writer.close()


def _requests(count: int) -> list[bytes]:
    """Genuine callbacks, each another event, ready for the wire."""
    return [_request(number) for number in range(count)]


def _request(number: int) -> bytes:
    text = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{int(time.time())}</CreateTime>"
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
        "<ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[lin]]></UserID>"
        f"<ExternalUserID><![CDATA[wm{os.urandom(15).hex()}]]></ExternalUserID>"
        f"<State><![CDATA[poster_{number}]]></State>"
        f"<WelcomeCode><![CDATA[{os.urandom(16).hex()}]]></WelcomeCode></xml>"
    )
    encrypted = _encrypt(text.encode())
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    query = _signed(encrypted, nonce=str(number))
    return (
        f"POST /wecom/callback/?{query} HTTP/1.1\r\nhost: bench\r\ncontent-type: text/xml\r\n"
        f"content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _encrypt(text: bytes) -> str:
    plain = os.urandom(16) + len(text).to_bytes(4, "big") + text + CORP.encode()
    pad = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad)).decode()


def _signed(encrypted: str, *, nonce: str, as_echo: bool = False) -> str:
    timestamp = str(int(time.time()))
    text = "".join(sorted([TOKEN, timestamp, nonce, encrypted]))
    query = {
        "msg_signature": sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return urlencode({**query, "echostr": encrypted} if as_echo else query)


def _environment(redis_url: str) -> dict[str, str]:
    """What both servers read; the database is the one Django is led to."""
    found = connection.settings_dict
    user, password = found["USER"], found["PASSWORD"]
    address = f"{found['HOST']}:{found['PORT']}/{found['NAME']}"
    return {
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "DEBUG": "1",
        "SECRET_KEY": "bench",
        "DATABASE_URL": f"postgresql://{user}:{password}@{address}",
        "DATABASE_ROLE": "",
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": redis_url,
        "WECOM_CORP_ID": CORP,
        "WECOM_CALLBACK_TOKEN": TOKEN,
        "WECOM_CALLBACK_AES_KEY": AES_KEY,
        "WECOM_APPS": "",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def _served(module: str, known: dict[str, str]) -> Iterator[Server]:
    """uvicorn with one worker, as in production."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", f"bench.{module}:application"]
    options = ["--port", str(port), "--log-level", "error", "--no-access-log"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [*command, *options], env={**os.environ, **known}
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, f"{module} ended at its start"
            assert time.monotonic() < deadline, f"{module} does not answer"
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _percentile(loads: Sequence[Load], part: float, *, echo: bool = False) -> float:
    values = sorted(
        value for load in loads for value in (load.echo_ms if echo else load.milliseconds)
    )
    return values[min(len(values) - 1, int(len(values) * part))]


def _costs(loads: dict[int, Load]) -> str:
    """Microseconds for each callback at three sizes: what grows shows."""
    return ", ".join(f"{size}: {1e6 / load.per_second:.0f}" for size, load in sorted(loads.items()))
