"""The erasure log as a file beside the backups: digests alone, one line each.

A restored backup brings people back and may be older than their erasure; the file is not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from json import dumps, loads
from pathlib import Path

from kit.actions import scope_of
from kit.actor import Actor
from members.privacy.erasing import replay
from members.privacy.models import Erasure


def write_log(path: Path, *, by: Actor) -> int:
    """Write every erasure into the file, whole or not at all; how many lines."""
    with scope_of(by):
        lines = [
            dumps({"digest": bytes(digest).hex(), "at": at.isoformat()})
            for digest, at in Erasure.objects.order_by("pk").values_list("digest", "at")
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as opened:
        opened.write("".join(f"{line}\n" for line in lines))
        opened.flush()
        os.fsync(opened.fileno())
    Path(half).replace(path)
    return len(lines)


def read_log(path: Path) -> Iterator[bytes]:
    """The digests of a file. Raises ValueError on a line that is none."""
    with path.open() as opened:
        for line in opened:
            if line.strip():
                yield bytes.fromhex(loads(line)["digest"])


def replay_log(path: Path, *, by: Actor, at: datetime) -> int:
    """Erase whom a restored backup brought back; how many it were. Repeating changes nothing."""
    return replay(list(read_log(path)), by=by, at=at)
