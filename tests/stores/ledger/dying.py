"""A process whose children take in a file and are killed: set up once, it forks for each line.

`python -m tests.stores.ledger.dying`; a line is `<file> <portion> <moment> <n>`. At the n-th
portion the child kills itself by signal 9, `inside` the transaction or `after` it, or `never`.
It prints the child's end: a signal below zero, or the peak of its memory in megabytes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import django

django.setup()

from kit.actor import Actor  # noqa: E402
from stores.ledger import importing  # noqa: E402
from stores.ledger.intake import Answer  # noqa: E402

BY = Actor.system("test")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def take(path: str, portion: str, moment: str, number: str) -> None:
    """Take the file in, and die at the moment named."""
    move_on, seen = importing._move_on, 0

    def and_die(key: int, before: int, rows: Sequence[int], answers: Sequence[Answer]) -> None:
        nonlocal seen
        move_on(key, before, rows, answers)
        seen += 1
        if moment == "inside" and seen == int(number):
            die()

    importing._move_on = and_die
    told = importing.take_file(Path(path), source="history", portion=int(portion), by=BY)
    for count, _ in enumerate(told, start=1):
        if moment == "after" and count == int(number):
            die()


def main() -> None:
    """Read lines until the input ends."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            take(*line.split())
            os._exit(min(255, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 4096))
        _, status = os.waitpid(pid, 0)
        ended = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{ended if ended < 0 else ended * 4}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
