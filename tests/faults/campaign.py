"""A campaign under faults: rows on their way, workers and a broker of the test's own.

A fault happens at the n-th call, inside it, just before WeCom hears or just after it did.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from django.db.models import F

from config.embedded.valkey import ValkeyServer, start_valkey
from kit.events import DomainEvent
from tests.faults.between import Wire
from tests.processes import is_running, wait_for
from tests.sandbox import Sandbox
from tests.servers import TestServers
from tests.wecom.outbox.wishes import a_mass_send
from wecom.outbox.asking import recover
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow

ADD = "externalcontact/add_msg_template"
PATIENCE_SECONDS = 120.0 if os.environ.get("FAULT_TRIALS") != "full" else 3600.0


class Stable:
    """The process that forks workers for us, with a broker that may be broken."""

    def __init__(self, process: subprocess.Popen[str], broker: Broker) -> None:
        self._process = process
        self._started: list[int] = []
        self.broker = broker

    def start(self, line: str) -> int:
        """Begin a task in a fork; its pid."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self._started.append(pid)
        return pid

    def end_all(self) -> None:
        """Leave nobody behind, however a test ended."""
        for pid in self._started:
            end_worker(pid, signal.SIGKILL)
            wait_until_gone(pid)
        self._started.clear()

    def run(self, line: str) -> None:
        """A task in a fork, to its end."""
        wait_until_gone(self.start(line))

    def worker(self, *, processes: int = 2, visibility: int = 600) -> int:
        """A whole worker."""
        return self.start(f"work {processes} {visibility}")


class Broker:
    """A Valkey that keeps nothing: whoever restarts it has lost every message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: ValkeyServer = start_valkey(folder, _quiet, durable=False)
        self.url = self._server.url
        self._store = redis.Redis.from_url(self.url)

    def forget(self) -> None:
        """FLUSHALL."""
        self._store.flushall()

    def restart(self) -> None:
        """kill -9, and a new one at the same address."""
        self._server.process.kill()
        self._server.stop()
        port = self._server.port
        self._server = start_valkey(self._folder, _quiet, durable=False, port=port)

    def is_idle(self) -> bool:
        """Nobody is asked for anything that was not taken yet."""
        return not any(self._store.llen(f"house:{name}") for name in ("urgent", "default", "bulk"))

    def pushed(self) -> int:
        """How many messages were ever put into a queue, at first or once more."""
        counted: Any = self._store.info("commandstats")
        both = (counted.get(f"cmdstat_{name}", {}) for name in ("lpush", "rpush"))
        return sum(int(one.get("calls", 0)) for one in both)

    def stop(self) -> None:
        self._store.close()
        self._server.stop()


def _quiet(_: str) -> None:
    """The server reports to people; a test wants no report."""


@contextmanager
def a_stable(servers: TestServers, api_url: str, folder: Path) -> Iterator[Stable]:
    """Everything that workers of these trials need; whatever was started ends here."""
    broker = Broker(folder)
    known = {
        **servers.environment(),
        "CELERY_BROKER_URL": broker.url,
        "WECOM_API_BASE_URL": api_url,
        # A killed worker's place at WeCom stays taken for a minute; there are many of them here.
        "WECOM_LIMITS": '{"*": {"in_flight": 0}}',
        "WECOM_BREAKER_AFTER": "100000",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.stable"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **known},
    )
    try:
        yield Stable(process, broker)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)
        broker.stop()


def end_worker(pid: int, signal_no: int) -> None:
    """A signal to the whole group, or to its leader alone when it is to end in order."""
    with suppress(ProcessLookupError):
        if signal_no == signal.SIGKILL:
            os.killpg(pid, signal_no)
        else:
            os.kill(pid, signal_no)


def wait_until_gone(pid: int) -> None:
    wait_for(lambda: not is_running(pid), f"the end of process {pid}", PATIENCE_SECONDS)


def children_of(pid: int) -> list[int]:
    """The pool of a worker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(entry.parent.name))
    return sorted(found)


@dataclass
class Campaign:
    """So many tasks for one guide, each with words of its own."""

    wecom: Sandbox
    wire: Wire
    stable: Stable
    rows: list[OutboxRow] = field(default_factory=list)
    calls: int = 0
    _swept_at: float = 0.0

    def plan(self, count: int) -> None:
        self.rows = [a_mass_send(f"第 {number} 条") for number in range(count)]

    def fault_at(
        self, moments: Sequence[int], what: Callable[[int], None], *, cut: bool = True
    ) -> None:
        """At each of these calls, in turn before WeCom hears and after, let `what` happen.

        With `cut` neither side hears more of that call.
        """
        order, lock = list(moments), threading.Lock()
        due: dict[str, int] = {}

        def look(api: str, when: str) -> bool:
            if api != ADD:
                return True
            with lock:
                if when == "asked":
                    self.calls += 1
                    if self.calls in order:
                        due["asked" if order.index(self.calls) % 2 else "answered"] = self.calls
                number = due.pop(when, None)
            if number is None:
                return True
            what(order.index(number))
            return not cut

        self.wire.asked = lambda api: look(api, "asked")
        self.wire.answered = lambda api: look(api, "answered")

    def go(self, tick: Callable[[], None]) -> None:
        """Sweep, and let `tick` mend, until no row is planned any more."""

        def is_through() -> bool:
            tick()
            if not OutboxRow.objects.filter(state="planned").exists():
                return True
            if time.monotonic() - self._swept_at > 1 and self.stable.broker.is_idle():
                self.stable.run("sweep")
                self._swept_at = time.monotonic()
            return False

        wait_for(is_through, "the end of the campaign", PATIENCE_SECONDS)

    def settle(self) -> int:
        """What died half-way is asked after, as it would be minutes later; how many did."""
        self.wire.asked = self.wire.answered = lambda _: True
        left = OutboxRow.objects.filter(state="sending").count()
        for minutes in (3, 10):
            passed = timedelta(minutes=minutes)
            OutboxRow.objects.filter(state="sending").update(
                claimed_at=F("claimed_at") - passed, ask_at=F("ask_at") - passed
            )
            while recover():
                pass
        for key in OutboxRow.objects.filter(state="planned").values_list("pk", flat=True):
            deliver(key)
        return left

    def is_whole(self) -> None:
        """Each recipient has exactly one task, and each row knows which."""
        wanted = Counter(str(row.payload["text"]) for row in self.rows)
        made = self.wecom.get("tasks", userid="LinXiao", limit=5000)["tasks"]
        assert Counter(task["text"] for task in made) == wanted
        assert set(OutboxRow.objects.values_list("state", flat=True)) == {"sent"}
        answers = OutboxRow.objects.values_list("answer__msgid", flat=True)
        assert set(answers) == {task["msgid"] for task in made}
        assert DomainEvent.objects.filter(kind="outbox.sent.mass_send").count() == len(wanted)
