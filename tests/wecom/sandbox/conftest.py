"""A sandbox of the test's own, really served on loopback, and a receiver of its callbacks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from tests.wecom.sandbox.receiver import Receiver, start_receiver
from tests.wecom.sandbox.world import Api, seed_of
from wecom.sandbox.app import create_app
from wecom.sandbox.options import Options


@contextmanager
def serve(options: Options) -> Iterator[str]:
    """Serve a sandbox on a free port, the way its own command does."""
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    config = uvicorn.Config(
        create_app(options), port=0, log_level="warning", timeout_graceful_shutdown=1
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where the guide application's callbacks go."""
    receiver, server = start_receiver()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """One served sandbox for all tests; each begins by emptying it."""
    with serve(Options(public_url="http://shop.example")) as address:
        yield address


@pytest.fixture
def empty_api(sandbox: str) -> Iterator[Api]:
    """A sandbox that nobody has seeded."""
    with httpx.Client(base_url=sandbox, timeout=10, trust_env=False) as client:
        api = Api(client)
        api.control("reset", {})
        yield api


@pytest.fixture
def api(empty_api: Api) -> Api:
    """A sandbox with the small world, and nobody listening to callbacks."""
    empty_api.control("seed", seed_of())
    return empty_api


@pytest.fixture
def heard_api(empty_api: Api, receiver: Receiver) -> Api:
    """A sandbox with the small world whose callbacks reach the receiver."""
    empty_api.control("seed", seed_of(receiver.url))
    empty_api.control("switches", {"callback_retry_pause_s": 0.05})
    return empty_api
