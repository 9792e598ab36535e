"""A process that raises whole Celery workers to be killed: imported once, each worker is a fork.

`python -m tests.faults.stable`; a line is `work <processes> <visibility seconds>`, `sweep`, or
`wish_and_die <number>`. It prints the fork's pid; whoever asked waits for its end by that. A
worker leads a process group of its own, so that it can be killed with all its children.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import django

django.setup()

from django.db import transaction  # noqa: E402

from config.celery import app  # noqa: E402
from kit.actions import action  # noqa: E402
from kit.actor import Actor  # noqa: E402
from wecom.outbox.actions import nudge_due  # noqa: E402
from wecom.outbox.models import OutboxRow, OutboxState  # noqa: E402
from wecom.outbox.steps import put  # noqa: E402

BY = Actor.system("test")
QUEUES = "welcome,urgent,default,bulk"


def work(processes: str, visibility: str) -> None:
    """A worker as production runs it, until somebody ends it."""
    patience = {"visibility_timeout": int(visibility), "unacked_restore_interval": 1}
    app.conf.broker_transport_options |= patience
    options = ["--concurrency", processes, "-Q", QUEUES, "--loglevel", "CRITICAL"]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle"])


def sweep() -> None:
    """What the ticker has done every two seconds, as if the pause between nudges were over."""
    OutboxRow.objects.filter(state=OutboxState.PLANNED).update(nudged_at=None)
    nudge_due(by=BY)


@action
def _wish(number: str, *, by: Actor) -> None:
    # Registered before the nudge: the process dies after the commit, with nobody told.
    transaction.on_commit(lambda: os._exit(9))
    put("app_message", {"userids": ["linxiao"], "text": number}, once=f"wish:{number}")


def wish_and_die(number: str) -> None:
    """Decide, and die between the commit and the nudge."""
    _wish(number, by=BY)


TASKS: dict[str, Callable[..., None]] = {
    "work": work,
    "sweep": sweep,
    "wish_and_die": wish_and_die,
}


def main() -> None:
    """Read lines until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        task, *arguments = line.split()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            # The pipes are for pids; a worker has a banner.
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            TASKS[task](*arguments)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
