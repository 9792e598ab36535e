"""Workers, pool children and brokers die in the middle of a campaign: F-01 to F-04, F-06, F-08.

Each recipient gets exactly one task in the end. `FAULT_TRIALS=full` runs the sizes of
docs/faults.md; calls, not seconds, say when something dies.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.faults.between import Wire, a_wire_to
from tests.faults.campaign import (
    ADD,
    Campaign,
    Stable,
    a_stable,
    children_of,
    end_worker,
    wait_until_gone,
)
from tests.processes import is_running, wait_for
from tests.sandbox import Sandbox
from tests.servers import TestServers
from wecom.outbox.models import OutboxRow

pytestmark = pytest.mark.django_db(transaction=True)

IS_FULL = os.environ.get("FAULT_TRIALS") == "full"
SEEDS = (1, 2, 3) if IS_FULL else (1,)


@pytest.fixture(scope="module")
def the_wire(sandbox_process: Sandbox) -> Iterator[Wire]:
    with a_wire_to(sandbox_process.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def the_stable(
    servers: TestServers, the_wire: Wire, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stable]:
    folder = tmp_path_factory.mktemp("stable") / "broker"
    with a_stable(servers, f"{the_wire.url}/cgi-bin/", folder) as opened:
        yield opened


@pytest.fixture
def wire(the_wire: Wire, wecom: Sandbox, settings: Settings) -> Wire:
    assert wecom.url
    settings.WECOM_API_BASE_URL = f"{the_wire.url}/cgi-bin/"
    the_wire.asked = the_wire.answered = lambda _: True
    return the_wire


@pytest.fixture
def campaign(wecom: Sandbox, wire: Wire, the_stable: Stable) -> Iterator[Campaign]:
    the_stable.broker.forget()
    yield Campaign(wecom, wire, the_stable)
    the_stable.end_all()


def some_of(count: int, calls: int, seed: int) -> list[int]:
    """So many calls, spread at random."""
    dice = random.Random(seed)  # noqa: S311 - the same moments in every run
    return sorted(dice.sample(range(1, calls), count))


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_workers_killed_in_the_middle(campaign: Campaign, seed: int) -> None:
    rows, kills, processes = (2_000, 60, 4) if IS_FULL else (20, 2, 2)
    campaign.plan(rows)
    worker = [campaign.stable.worker(processes=processes)]
    killed: list[int] = []

    def kill(_: int) -> None:
        end_worker(worker[0], signal.SIGKILL)
        killed.append(worker[0])

    def raise_another() -> None:
        if worker[0] in killed:
            wait_until_gone(worker[0])
            worker[0] = campaign.stable.worker(processes=processes)

    campaign.fault_at(some_of(kills, rows * 2 // 3, seed), kill)
    campaign.go(raise_another)
    end_worker(worker[0], signal.SIGTERM)
    wait_until_gone(worker[0])
    assert len(killed) == kills
    assert campaign.settle() >= kills
    campaign.is_whole()


def test_pool_children_killed_in_the_middle(campaign: Campaign) -> None:
    rows, kills = (1_000, 50) if IS_FULL else (12, 2)
    campaign.plan(rows)
    worker = campaign.stable.worker(processes=2)
    dice = random.Random(2)  # noqa: S311 - the same children in every run

    def kill(_: int) -> None:
        pool = children_of(worker)
        os.kill(dice.choice(pool), signal.SIGKILL)

    campaign.fault_at(some_of(kills, rows * 2 // 3, 2), kill, cut=False)
    campaign.go(lambda: None)
    assert is_running(worker)
    end_worker(worker, signal.SIGTERM)
    wait_until_gone(worker)
    campaign.settle()
    campaign.is_whole()


def test_workers_restarted_in_order_leave_nothing_half_done(campaign: Campaign) -> None:
    rows, restarts = (3_000, 30) if IS_FULL else (10, 1)
    campaign.plan(rows)
    worker = [campaign.stable.worker(processes=2)]
    old: list[int] = []
    told = threading.Event()

    def deploy(_: int) -> None:
        told.set()

    def restart() -> None:
        if told.is_set():
            told.clear()
            end_worker(worker[0], signal.SIGTERM)
            old.append(worker[0])
            worker[0] = campaign.stable.worker(processes=2)

    campaign.fault_at(some_of(restarts, rows * 2 // 3, 3), deploy, cut=False)
    campaign.go(restart)
    for pid in (*old, worker[0]):
        end_worker(pid, signal.SIGTERM)
        wait_until_gone(pid)
    assert campaign.settle() == 0
    campaign.is_whole()


def test_a_broker_that_forgets_and_dies_holds_nothing_back(campaign: Campaign) -> None:
    rows, faults = (5_000, 25) if IS_FULL else (12, 2)
    campaign.plan(rows)
    worker = campaign.stable.worker(processes=2)
    wanted: list[int] = []

    def break_it() -> None:
        while wanted:
            # Every fifth time it only forgets; otherwise it is killed and comes back empty.
            if wanted.pop() % 5 == 1:
                campaign.stable.broker.forget()
            else:
                campaign.stable.broker.restart()

    campaign.fault_at(some_of(faults, rows * 2 // 3, 4), wanted.append, cut=False)
    campaign.go(break_it)
    end_worker(worker, signal.SIGTERM)
    wait_until_gone(worker)
    campaign.settle()
    campaign.is_whole()


def test_a_call_that_outlasts_the_brokers_patience_is_made_once(
    campaign: Campaign, wire: Wire
) -> None:
    # Fifty processes take a while to begin on a small machine.
    rows, patience = (50, 900) if IS_FULL else (2, 60)
    campaign.plan(rows)
    held, let_go = threading.Semaphore(0), threading.Event()

    def hold(api: str) -> bool:
        if api == ADD:
            held.release()
            assert let_go.wait(patience)
        return True

    wire.asked = hold
    campaign.stable.run("sweep")
    pushed = campaign.stable.broker.pushed()
    worker = campaign.stable.worker(processes=rows, visibility=1)
    for _ in range(rows):
        assert held.acquire(timeout=patience)
    other = campaign.stable.worker(processes=1, visibility=1)
    # The broker takes the messages for lost and offers each once more; nobody sweeps meanwhile.
    wait_for(lambda: campaign.stable.broker.pushed() >= pushed + rows, "a second offer", patience)
    wait_for(campaign.stable.broker.is_idle, "somebody who takes it", patience)
    let_go.set()
    campaign.go(lambda: None)
    for pid in (worker, other):
        end_worker(pid, signal.SIGTERM)
        wait_until_gone(pid)
    assert campaign.settle() == 0
    assert len(campaign.wecom.calls(ADD)) == rows
    campaign.is_whole()


def test_a_death_between_commit_and_nudge_loses_nothing(campaign: Campaign, wecom: Sandbox) -> None:
    rounds = 200 if IS_FULL else 3
    for number in range(rounds):
        campaign.stable.run(f"wish_and_die {number}")
    assert OutboxRow.objects.filter(state="planned").count() == rounds
    assert campaign.stable.broker.is_idle()
    worker = campaign.stable.worker(processes=2)
    campaign.go(lambda: None)
    end_worker(worker, signal.SIGTERM)
    wait_until_gone(worker)
    assert len(wecom.calls("message/send")) == rounds
    assert set(OutboxRow.objects.values_list("state", flat=True)) == {"sent"}
