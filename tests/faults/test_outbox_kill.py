"""kill -9 of a worker at the two worst moments: just before WeCom hears, just after it did.

In both, the row says `sending`; nothing is sent blindly; in the end every recipient has one task.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db.models import F

from kit.events import DomainEvent
from tests.faults.between import Wire, a_wire_to
from tests.sandbox import CHEN, Sandbox
from tests.servers import TestServers
from tests.wecom.outbox.wishes import a_mass_send
from wecom.outbox.asking import recover
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 200 if os.environ.get("FAULT_TRIALS") == "full" else 12
ADD = "externalcontact/add_msg_template"


class Nursery:
    """The process that forks workers for us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, line: str) -> int:
        """Have a worker begin with a task; its pid."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._line())

    def wait(self) -> None:
        """Until that worker has ended."""
        assert self._line() == "ended"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def a_nursery(servers: TestServers, api_url: str) -> Iterator[Nursery]:
    known = {
        **servers.environment(),
        "WECOM_API_BASE_URL": api_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **known},
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)


@pytest.fixture
def wire(wecom: Sandbox) -> Iterator[Wire]:
    with a_wire_to(wecom.url) as opened:
        yield opened


def tasks_of(wecom: Sandbox) -> list[str]:
    found = wecom.get("tasks", userid="LinXiao", limit=str(2 * ROUNDS))["tasks"]
    return sorted(task["text"] for task in found)


def let_pass(**time: float) -> None:
    """All begun rows as they would be later."""
    passed = timedelta(**time)
    OutboxRow.objects.filter(state="sending").update(
        claimed_at=F("claimed_at") - passed, ask_at=F("ask_at") - passed
    )


def kill_at(moment: str, wire: Wire, nursery: Nursery, row: OutboxRow) -> None:
    """Deliver the row in a worker and kill it when the wire sees the moment."""
    pids: queue.Queue[int] = queue.Queue()

    def look(api: str) -> bool:
        if api != ADD:
            return True
        os.kill(pids.get(timeout=20), signal.SIGKILL)
        return moment == "answered"

    def go_on(_: str) -> bool:
        return True

    wire.asked, wire.answered = (look, go_on) if moment == "asked" else (go_on, look)
    pids.put(nursery.start(f"deliver {row.pk}"))
    nursery.wait()
    wire.asked = wire.answered = go_on


def test_killed_after_wecom_heard_each_task_exists_once(
    wecom: Sandbox, wire: Wire, servers: TestServers
) -> None:
    rows = [a_mass_send(f"第 {number} 条") for number in range(ROUNDS)]
    with a_nursery(servers, f"{wire.url}/cgi-bin/") as nursery:
        for row in rows:
            kill_at("answered", wire, nursery, row)
    assert set(OutboxRow.objects.values_list("state", flat=True)) == {"sending"}
    assert all(not deliver(row.pk) for row in rows)
    let_pass(minutes=3)
    assert recover() == ROUNDS
    assert set(OutboxRow.objects.values_list("state", flat=True)) == {"sent"}
    assert tasks_of(wecom) == sorted(row.payload["text"] for row in rows)
    assert DomainEvent.objects.filter(kind="outbox.sent.mass_send").count() == ROUNDS
    assert len({row.answer["msgid"] for row in OutboxRow.objects.all()}) == ROUNDS


def test_killed_before_wecom_heard_each_task_exists_once_in_the_end(
    wecom: Sandbox, wire: Wire, servers: TestServers
) -> None:
    rows = [a_mass_send(f"第 {number} 条") for number in range(ROUNDS)]
    with a_nursery(servers, f"{wire.url}/cgi-bin/") as nursery:
        for row in rows:
            kill_at("asked", wire, nursery, row)
    assert tasks_of(wecom) == []
    let_pass(minutes=3)
    recover()
    # Three minutes are too few to be sure: a call may still be under way.
    assert set(OutboxRow.objects.values_list("state", flat=True)) == {"sending"}
    let_pass(minutes=10)
    recover()
    assert all(deliver(row.pk) for row in rows)
    assert tasks_of(wecom) == sorted(row.payload["text"] for row in rows)


def test_the_same_words_to_the_same_person_by_two_pushes_are_two_tasks(
    wecom: Sandbox, wire: Wire, servers: TestServers
) -> None:
    rows = [a_mass_send("同样的话", recipients=(CHEN,)) for _ in range(4)]
    with a_nursery(servers, f"{wire.url}/cgi-bin/") as nursery:
        for number, row in enumerate(rows):
            kill_at("answered" if number % 2 else "asked", wire, nursery, row)
    let_pass(minutes=3)
    recover()
    let_pass(minutes=10)
    recover()
    for row in rows:
        deliver(row.pk)
    assert tasks_of(wecom) == ["同样的话"] * 4
    assert len({row.answer["msgid"] for row in OutboxRow.objects.all()}) == 4
