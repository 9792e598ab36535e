"""A sandbox of the test's own, in memory, and a receiver of its callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.wecom.sandbox.receiver import Receiver, start_receiver
from tests.wecom.sandbox.world import Api, seed_of
from wecom.sandbox.app import create_app
from wecom.sandbox.options import Options


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where the guide application's callbacks go."""
    receiver, server = start_receiver()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def empty_api() -> Iterator[Api]:
    """A sandbox that nobody has seeded."""
    options = Options(public_url="http://shop.example")
    with TestClient(create_app(options), base_url="http://sandbox.example") as client:
        yield Api(client)


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
