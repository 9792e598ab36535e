"""Each slot of a job runs once, whatever the number of tickers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kit.schedule import Job, JobSlot, finish, slot_of, take_due

JOB = Job("nightly", timedelta(minutes=5), "x.y")


def test_slots_are_counted_from_the_epoch() -> None:
    at = datetime(2026, 11, 21, 10, 7, 31, tzinfo=UTC)
    assert slot_of(at, timedelta(minutes=5)) == datetime(2026, 11, 21, 10, 5, tzinfo=UTC)


def test_a_clock_that_jumps_back_runs_nothing_again(db: None) -> None:
    sent: list[int] = []
    at = datetime(2026, 11, 21, 10, 7, tzinfo=UTC)
    for minutes in (0, 6, -6, 0, 6):
        take_due([JOB], at + timedelta(minutes=minutes), lambda _, key: sent.append(key))
    assert len(sent) == len(set(sent)) == JobSlot.objects.count() == 3


def test_the_end_of_a_run_is_kept(db: None) -> None:
    keys: list[int] = []
    take_due([JOB], datetime(2026, 11, 21, tzinfo=UTC), lambda _, key: keys.append(key))
    finish(keys[0], "坏了")
    assert JobSlot.objects.get().error == "坏了"


@pytest.mark.django_db(transaction=True)
def test_many_tickers_take_each_slot_once() -> None:
    sent: list[int] = []
    start = datetime(2026, 11, 21, tzinfo=UTC)

    def tick(number: int) -> None:
        take_due([JOB], start + timedelta(minutes=number // 3), lambda _, key: sent.append(key))
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(tick, range(150)))
    assert len(sent) == len(set(sent)) == JobSlot.objects.count() == 10
