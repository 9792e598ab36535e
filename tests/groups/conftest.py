"""A sandbox process of these tests' own: the gateway speaks to it as it would to WeCom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cast import Cast
from tests.groups.builders import World, people_of
from tests.sandbox import running_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox whose links lead to the test client; its address."""
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, public_url="http://testserver") as sandbox:
        yield sandbox.url


@pytest.fixture
def world(sandbox_process: str, cast: Cast, settings: Any) -> Iterator[World]:
    """The cast's guides as WeCom knows them; the product's gateway speaks to the sandbox."""
    settings.WECOM_API_BASE_URL = f"{sandbox_process}/sandbox/cgi-bin/"
    settings.WECHAT_API_BASE_URL = f"{sandbox_process}/sandbox"
    settings.QUIET_HOURS = ""
    with httpx.Client(base_url=sandbox_process, timeout=10, trust_env=False) as client:
        found = World(client)
        found.control("reset", {})
        found.control("seed", people_of(cast))
        yield found
