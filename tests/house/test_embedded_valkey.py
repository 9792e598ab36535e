"""The embedded Valkey as a process: begun, killed, found again. Every test uses a folder of its
own.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded.processes import FolderInUseError, find_processes
from config.embedded.valkey import start_valkey
from tests.processes import wait_for

ROOT = Path(__file__).resolve().parents[2]


def quiet(_: str) -> None:
    """These tests look at what the servers do, not at what is said."""


def test_a_durable_server_keeps_its_data_at_the_same_address(tmp_path: Path) -> None:
    first = start_valkey(tmp_path, quiet)
    redis.Redis.from_url(first.url).set("word", "kept")
    first.stop()
    first.stop()
    second = start_valkey(tmp_path, quiet)
    try:
        assert second.url == first.url
        assert redis.Redis.from_url(second.url).get("word") == b"kept"
    finally:
        second.stop()


def test_a_killed_server_keeps_what_was_on_disk(tmp_path: Path) -> None:
    first = start_valkey(tmp_path, quiet)
    client = redis.Redis.from_url(first.url)
    client.set("word", "kept")
    assert client.waitaof(1, 0, 5000) == [1, 0]
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    first.stop()
    second = start_valkey(tmp_path, quiet)
    try:
        assert redis.Redis.from_url(second.url).get("word") == b"kept"
    finally:
        second.stop()


def test_the_password_is_wanted_and_stands_in_no_argument(tmp_path: Path) -> None:
    server = start_valkey(tmp_path, quiet, durable=False)
    try:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)).ping()
        password = (tmp_path / "password").read_text()
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        assert (tmp_path / "valkey.conf").stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    server = start_valkey(tmp_path, quiet, durable=False)
    try:
        with pytest.raises(FolderInUseError):
            start_valkey(tmp_path, quiet, durable=False)
        assert find_processes(tmp_path, "valkey-server") == [server.pid]
    finally:
        server.stop()


def test_the_server_dies_with_its_starter(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from config.embedded.valkey import start_valkey\n"
        f"start_valkey(Path({str(tmp_path)!r}), lambda word: None)\n"
        "print('started', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    wait_for(lambda: not find_processes(tmp_path, "valkey-server"), "the end of the server")


def test_an_orphan_is_stopped_so_that_one_alone_writes(tmp_path: Path) -> None:
    first = start_valkey(tmp_path, quiet)
    program = os.readlink(f"/proc/{first.pid}/exe")
    first.stop()
    orphan = subprocess.Popen([program, "valkey.conf"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    client = redis.Redis.from_url(first.url)
    wait_for(lambda: can_reach(client), "the orphan")
    client.set("word", "kept")
    second = start_valkey(tmp_path, quiet)
    try:
        assert orphan.wait() == 0
        assert find_processes(tmp_path, "valkey-server") == [second.pid]
        assert redis.Redis.from_url(second.url).get("word") == b"kept"
    finally:
        second.stop()


def can_reach(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
