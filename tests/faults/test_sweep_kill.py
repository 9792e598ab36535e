"""kill -9 of a worker that has compared a portion and not yet saved where it is.

The portion is compared once more by whoever comes next: everything found is written once, nothing
is left out. The bad build saves the cursor first, and loses what the dead worker had in its hands.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from django.db import connection

from groups.chats.models import Group, GroupMember
from stores.ledger.models import Touch, TouchKind
from tests.cast import make_cast
from tests.faults.between import Wire
from tests.faults.test_outbox_kill import a_nursery, wire
from tests.processes import wait_for
from tests.sandbox import CHEN, WU, Sandbox
from tests.servers import TestServers
from wecom.directory import actions, sweeping
from wecom.directory.models import Sweep, SweepState

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["wire"]
GROUPS = 30


@contextmanager
def the_row_held(sweep: Sweep) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody else holds the sweep's row: whoever wants to save waits in PostgreSQL."""
    settings = connection.get_connection_params()
    settings.pop("cursor_factory", None)
    settings.pop("context", None)
    with psycopg.connect(**settings) as other:
        other.execute("SELECT 1 FROM wecom_sweep WHERE id = %s FOR UPDATE", [sweep.pk])
        yield other
        other.rollback()


def waits_to_save(other: psycopg.Connection[tuple[object, ...]]) -> bool:
    # What others run is hidden from a working role; that somebody waits for a lock is not.
    found = other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return found is not None and found[0] == 1


def gone_on(sweep: Sweep, portions: int) -> bool:
    sweeping.carry_on(sweep.pk)
    return Sweep.objects.filter(pk=sweep.pk, portions=portions).exists()


def test_a_killed_sweep_goes_on_and_doubles_nothing(
    wecom: Sandbox, wire: Wire, servers: TestServers
) -> None:
    make_cast()
    chats = [f"wrKill{n:026d}" for n in range(GROUPS)]
    wecom.post(
        "seed",
        groups=[
            {"chat_id": chat, "name": f"群{chat[-2:]}", "owner": "LinXiao", "members": [CHEN, WU]}
            for chat in chats
        ],
    )
    sweep = actions.begin_sweep("groups", by=sweeping.SWEEPER)
    handled = []
    with a_nursery(servers, f"{wire.url}/cgi-bin/") as nursery:
        for portions in range(3):
            with the_row_held(sweep) as other:
                worker = nursery.start(f"sweep {sweep.pk}")
                wait_for(lambda: waits_to_save(other), "a worker that has compared a portion")
                os.kill(worker, signal.SIGKILL)
                nursery.wait()
            sweep.refresh_from_db()
            handled.append((sweep.portions, sweep.done, Group.objects.count()))
            # The dead worker's lock ends when PostgreSQL notices.
            wait_for(partial(gone_on, sweep, portions + 1), "the sweep to go on")
    # Each time the portion was written already, and the row did not say so yet.
    assert handled == [(0, 0, 0), (1, 0, 20), (2, 20, GROUPS + 1)]
    while sweeping.carry_on(sweep.pk):
        pass
    sweep.refresh_from_db()
    assert (sweep.state, sweep.done) == (SweepState.DONE, GROUPS + 1)
    assert Group.objects.count() == GROUPS + 1
    assert GroupMember.objects.filter(left_at=None, is_staff=False).count() == 2 * (GROUPS + 1)
    assert Touch.objects.filter(kind=TouchKind.GROUP_JOIN).count() == 2 * (GROUPS + 1)
