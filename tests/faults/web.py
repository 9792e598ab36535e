"""A web process that serves the callback door, for tests that kill, flood or just use it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.processes import wait_for
from tests.servers import TestServers
from tests.wecom.inbox.post import AES_KEY, CORP, TOKEN

SERVED = "tests.faults.door_app:application"


@dataclass(frozen=True)
class Web:
    """A web process that serves the door."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def a_web_process(
    servers: TestServers, *, token: str = TOKEN, aes_key: str = AES_KEY
) -> Iterator[Web]:
    """uvicorn with the door alone, as the demo and production run it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": servers.app_url,
        "DATABASE_ROLE": servers.assume_role,
        "REDIS_URL": servers.redis_url,
        "WECOM_CORP_ID": CORP,
        "WECOM_CALLBACK_TOKEN": token,
        "WECOM_CALLBACK_AES_KEY": aes_key,
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "uvicorn", SERVED, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--no-access-log"], env={**os.environ, **known}
    )

    def answers() -> bool:
        assert process.poll() is None, "the web process ended at its start"
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(answers, "the web process")
        yield Web(f"http://127.0.0.1:{port}/wecom/callback/", process)
    finally:
        process.kill()
        process.wait(timeout=10)
