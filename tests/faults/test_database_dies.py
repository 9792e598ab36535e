"""F-25: PostgreSQL is killed with all its processes under writers: what was acknowledged is there.

A cluster of its own whose commits wait as in production; the tests' own forgets on purpose. It is
killed at the n-th acknowledgement. `FAULT_TRIALS=full` kills 20 times under 8 writers.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, connection

from config import environment
from config.embedded.cluster import place_cluster
from config.embedded.postgres import PostgresServer, remove_postgres, start_postgres
from config.embedded.processes import find_processes
from kit.actions import set_session_scope
from kit.actor import EVERYTHING
from members.consent.actions import decide
from members.consent.models import ConsentEvent, Purpose
from members.consent.queries import states_unlike_log
from stores.ledger.models import PurchaseLine, ReceiptKey
from tests.cast import Cast, a_member, make_cast
from tests.members.builders import TESTER
from tests.processes import is_running, wait_for
from tests.servers import TestServers
from tests.stores.conversions.builders import sell

FULL = os.environ.get("FAULT_TRIALS") == "full"
KILLS, WRITERS = (20, 8) if FULL else (1, 4)
MOST_ACKNOWLEDGED = 400 if FULL else 30
# Processes die here, not the machine: whether a commit waits until it is written down decides.
SETTINGS = {"fsync": "off"}


def quiet(_: str) -> None:
    """This test looks at what the server keeps, not at what is said."""


@dataclass
class Mortal:
    """A server that is killed and started again in the same place."""

    folder: Path
    server: PostgresServer

    def kill(self) -> None:
        """Every process at once, the parent first: nothing is written down in dying."""
        cluster = place_cluster(self.folder, quiet)
        everybody = find_processes(cluster.data, "postgres")
        for pid in everybody:
            os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        wait_for(lambda: not any(map(is_running, everybody)), "the end of PostgreSQL")
        self.server.stop()

    def rise(self) -> None:
        self.server = start_postgres(self.folder, quiet, SETTINGS, port=self.server.port)


@pytest.fixture
def mortal(servers: TestServers) -> Iterator[Mortal]:
    """The schema of the tests' database in a cluster that keeps what it acknowledged."""
    top = Path(tempfile.mkdtemp())
    try:
        mortal = Mortal(top / "postgres", start_postgres(top / "postgres", quiet, SETTINGS))
        copy_schema(servers, mortal)
        yield mortal
        mortal.server.stop()
    finally:
        remove_postgres(top / "postgres", quiet)
        shutil.rmtree(top)


def copy_schema(servers: TestServers, mortal: Mortal) -> None:
    programs = place_cluster(mortal.folder, quiet).programs
    dump = [str(programs / "pg_dump"), "--schema-only", "--no-owner", servers.owner_url]
    schema = subprocess.run(dump, capture_output=True, check=True).stdout
    load = [str(programs / "psql"), "--quiet", "--no-psqlrc", mortal.server.owner_url]
    subprocess.run(load, input=schema, capture_output=True, check=True)


@contextmanager
def working_in(mortal: Mortal) -> Iterator[None]:
    """Every connection opened inside goes to that server, in every thread."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        environment.database(mortal.server.owner_url, role="", pool=False)
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)


@dataclass
class Writers:
    """Writers who remember what was acknowledged to them, and go on until the server dies."""

    cast: Cast
    receipts: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    is_dead: Event = field(default_factory=Event)

    def acknowledged(self) -> int:
        return len(self.receipts) + len(self.decisions)

    def sells(self, name: str) -> None:
        number = 0
        while True:
            sell(f"{name}-{number}", self.cast.guomao, lines=[(1, 100), (2, 200)])
            self.receipts.append(f"{name}-{number}")
            number += 1

    def decides(self, name: str, member_no: int) -> None:
        number = 0
        while True:
            source = f"{name}-{number}"
            wanted = {str(Purpose.DIRECT_MARKETING): number % 2 == 0}
            if decide(member_no, wanted, source=source, by=TESTER):
                self.decisions.append(source)
            number += 1

    def until_it_dies(self, write: Callable[..., None], *about: Any) -> bool:
        """Whether it was the death of the database that stopped the writer."""
        try:
            set_session_scope(EVERYTHING)
            write(*about)
        except DatabaseError:
            return True
        finally:
            connection.close()
        return False


@pytest.mark.django_db(transaction=True)
def test_what_was_acknowledged_survives_its_death(mortal: Mortal) -> None:
    dice = random.Random(25)  # noqa: S311 - the same deaths in every run
    with working_in(mortal):
        set_session_scope(EVERYTHING)
        writers = Writers(make_cast())
        guests = [
            a_member(f"客{n}", owner=writers.cast.lin, store=writers.cast.guomao)
            for n in range(WRITERS // 2)
        ]
        for death in range(KILLS):
            due = writers.acknowledged() + dice.randint(5, MOST_ACKNOWLEDGED)
            connection.close()
            with ThreadPoolExecutor(WRITERS) as pool:
                running = [
                    pool.submit(writers.until_it_dies, writers.sells, f"D{death}-{n}")
                    for n in range(WRITERS // 2)
                ]
                running += [
                    pool.submit(
                        writers.until_it_dies, writers.decides, f"C{death}-{guest.pk}", guest.pk
                    )
                    for guest in guests
                ]
                try:
                    wait_for(lambda: writers.acknowledged() >= due, "acknowledgements")  # noqa: B023
                finally:
                    mortal.kill()
                ends = [each.result() for each in running]
            assert ends == [True] * len(ends)
            mortal.rise()
            set_session_scope(EVERYTHING)
            nothing_is_lost(writers)


def nothing_is_lost(writers: Writers) -> None:
    kept = set(PurchaseLine.objects.values_list("receipt_no", "line"))
    asked = {(receipt_no, line) for receipt_no in writers.receipts for line in (1, 2)}
    assert asked <= kept, f"{len(asked - kept)} acknowledged lines are lost"
    assert kept == set(ReceiptKey.objects.values_list("receipt_no", "line"))
    written = set(ConsentEvent.objects.values_list("source", flat=True))
    assert set(writers.decisions) <= written, "acknowledged decisions are lost"
    assert states_unlike_log() == []
