"""A process that raises workers to be killed: set up once, it forks one for each line it reads.

`python -m tests.faults.nursery`; a line is `deliver <key>`, `sweep <key>` or `read`. It prints the
worker's pid at once, and `ended` when the worker has ended, however that was.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Read lines until the input ends."""
    import django

    django.setup()
    for line in sys.stdin:
        task, *arguments = line.split()
        pid = os.fork()
        if pid == 0:
            _work(task, arguments)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os.waitpid(pid, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


def _work(task: str, arguments: list[str]) -> None:
    """What a Celery worker would do on that message."""
    from wecom import tasks

    if task == "deliver":
        tasks.deliver(int(arguments[0]))
    elif task == "sweep":
        tasks.carry_on_sweep(int(arguments[0]))
    else:
        tasks.read_inbox()


if __name__ == "__main__":
    main()
