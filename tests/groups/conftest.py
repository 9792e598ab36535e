"""A sandbox process of these tests' own: the gateway speaks to it as it would to WeCom."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cast import Cast
from tests.groups.builders import World, people_of

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox, started by its own command on a free port; its address."""
    folder = tmp_path_factory.mktemp("sandbox")
    port = _free_port()
    command = [
        sys.executable, "-m", "wecom.sandbox", "--port", str(port), "--host", "127.0.0.1",
        "--db", str(folder / "sandbox.sqlite3"), "--public-url", "http://testserver",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "the sandbox ended"
        try:
            if httpx.get(f"{address}/sandbox/healthz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            # Asked again: a process says by its port that it is ready.
            time.sleep(0.05)
    raise AssertionError("the sandbox did not start")


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
