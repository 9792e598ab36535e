"""The sandbox as WeCom, and a Redis without tokens, for every test of this floor that asks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from tests.sandbox import SERVICE_AGENT, SERVICE_SECRET, Sandbox, running_sandbox
from tests.servers import TestServers


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One process for the run."""
    with (
        tempfile.TemporaryDirectory(prefix="sandbox-") as folder,
        running_sandbox(Path(folder)) as sandbox,
    ):
        yield sandbox


@pytest.fixture
def no_tokens(servers: TestServers, settings: Settings) -> None:
    """A Redis of the tests' own in which nobody has put a token yet."""
    settings.REDIS_URL = servers.redis_url
    store = redis.Redis.from_url(servers.redis_url)
    for key in store.scan_iter("wecom:*"):
        store.delete(key)
    store.close()


@pytest.fixture
def wecom(sandbox_process: Sandbox, settings: Settings, no_tokens: None) -> Sandbox:
    """A freshly seeded sandbox that the gateway takes for WeCom."""
    url = sandbox_process.url
    settings.WECOM_API_BASE_URL = f"{url}/sandbox/cgi-bin/"
    settings.WECHAT_API_BASE_URL = f"{url}/sandbox"
    settings.WECOM_OPEN_BASE_URL = f"{url}/sandbox"
    settings.WECOM_LOGIN_BASE_URL = f"{url}/sandbox"
    settings.WECOM_ARCHIVE_BRIDGE_URL = f"{url}/sandbox/cgi-bin/msgaudit/chatdata"
    settings.WECOM_APPS = {
        **settings.WECOM_APPS,
        "service": {"agent_id": SERVICE_AGENT, "secret": SERVICE_SECRET},
    }
    sandbox_process.reset()
    return sandbox_process
