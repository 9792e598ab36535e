"""A time limit that strikes while a statement runs: the failure is written down all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType

import psycopg
import pytest
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from config.tasks import run_job
from kit import events
from kit.actor import Actor
from kit.events import DomainEvent, Handling, HandlingState
from kit.schedule import JobSlot
from tests.kit.test_events import tell
from tests.processes import wait_for
from tests.servers import TestServers

BOARD = {"thing_lasts": ["tests.kit.test_cut_off.lasts"]}
_LASTING = "SELECT pg_sleep(60) AS cut_off"


def lasts(event: DomainEvent) -> None:
    """Waits for an answer outside any transaction, as a door's own reads do."""
    with connection.cursor() as cursor:
        cursor.execute(_LASTING)


@shared_task(name="tests.kit.lasts")
def lasting_job() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LASTING)


def still_running(watching: psycopg.Connection[tuple[int]]) -> bool:
    found = watching.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s", [_LASTING]
    ).fetchone()
    return bool(found and found[0])


@contextmanager
def cut_off_while_it_runs(servers: TestServers) -> Iterator[psycopg.Connection[tuple[int]]]:
    """As Celery does it: a signal whose handler raises, here once the server has begun."""

    def strike(number: int, frame: FrameType | None) -> None:
        raise SoftTimeLimitExceeded

    def watch() -> None:
        try:
            wait_for(lambda: still_running(watching), "the statement runs")
        finally:
            os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, strike)
    thread = Thread(target=watch)
    with psycopg.connect(servers.app_url, autocommit=True) as watching:
        thread.start()
        try:
            yield watching
        finally:
            thread.join()
            signal.signal(signal.SIGUSR1, before)


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_was_cut_off_is_marked_and_tried_again(
    settings: LazySettings, servers: TestServers
) -> None:
    settings.SWITCHBOARD = "tests.kit.test_cut_off.BOARD"
    tell("thing_lasts", by=Actor.system("test"))
    row = Handling.objects.get()
    with cut_off_while_it_runs(servers) as watching:
        assert events.handle(row.pk)
        wait_for(lambda: not still_running(watching), "the server has stopped as well")
    row.refresh_from_db()
    assert (row.state, row.attempts) == (HandlingState.WAITING, 1)
    assert row.error.startswith("SoftTimeLimitExceeded")


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_cut_off_says_so(servers: TestServers) -> None:
    slot = JobSlot.objects.create(job="lasts", slot=timezone.now())
    with cut_off_while_it_runs(servers), pytest.raises(SoftTimeLimitExceeded):
        run_job("tests.kit.lasts", slot.pk)
    slot.refresh_from_db()
    assert slot.done_at is not None
    assert slot.error.startswith("SoftTimeLimitExceeded")
