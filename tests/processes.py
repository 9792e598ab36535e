"""What tests of real processes ask: is it so yet, does it still run, who belongs to this folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_SECONDS = 30.0
_between_looks = threading.Event()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Look until it is so; fail with the name of what never came."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        _between_looks.wait(0.01)


def is_running(pid: int) -> bool:
    """Tell whether a process lives; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(*marks: str) -> list[int]:
    """List processes that carry one of the marks in their arguments or their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            carried = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
        except OSError:  # ended meanwhile, or another user's
            continue
        if any(mark.encode() in carried for mark in marks) and is_running(int(entry.name)):
            found.append(int(entry.name))
    return found
