"""A whole demo of the tests' own, in a folder of its own, and where its processes are."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.supervisor.environment import read_env_file
from tests.house.floors import ROOT

START_SECONDS = 240


@dataclass
class RunningDemo:
    """A demo that is open: its environment, its folder, its parent process."""

    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None

    @property
    def base(self) -> str:
        return self.environment["BASE_URL"]

    def children(self) -> dict[str, int]:
        """Process ids by name (`web`, `worker`, `beat`, `sandbox`, `sms`), as they are now."""
        listed = json.loads((self.folder / "children.json").read_text())
        return {name: int(pid) for name, (pid, _begun) in listed.items()}

    def kill(self, name: str) -> None:
        """`kill -9` one child; the supervisor starts it again."""
        os.kill(self.children()[name], signal.SIGKILL)


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """Open a demo on a free port, wait until it is open, stop it as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    outside = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {key: value for key, value in os.environ.items() if key not in outside}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    log = folder.parent / f"{folder.name}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            env_file = folder / "demo.env"
            if (
                not wait_for(
                    lambda: (
                        process.poll() is not None
                        or read_env_file(env_file).get("DEMO_PID") == str(process.pid)
                    ),
                    seconds=START_SECONDS,
                )
                or process.poll() is not None
            ):
                raise AssertionError(f"the demo did not open:\n{log.read_text()[-3000:]}")
            yield RunningDemo(folder, read_env_file(env_file), process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(condition: Callable[[], object], *, seconds: float) -> bool:
    """Ask again and again until the condition holds; False when the time is over."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        while not over.is_set():
            if condition():
                return True
            over.wait(0.2)
        return False
    finally:
        timer.cancel()
