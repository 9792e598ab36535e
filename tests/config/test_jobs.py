"""A job that the clock starts runs within its own task's limits, not within every task's."""

from __future__ import annotations

import json

import psycopg
import pytest
import redis
from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from config.switchboard import JOBS
from config.tasks import _LOCK_CLASS, _send, run_job
from kit.schedule import A_NIGHT, JobSlot
from tests.servers import TestServers


@pytest.fixture(autouse=True)
def _as_a_worker_starts() -> None:
    """A worker knows every task before it takes the first."""
    current_app.loader.import_default_modules()


def limits_of(task: str, servers: TestServers) -> list[float | None]:
    """What the message of a job says to the worker: hard and soft limit."""
    job = next(job for job in JOBS if job.task == task)
    queue = f"house:{job.queue}"
    broker = redis.Redis.from_url(servers.redis_url)
    broker.delete(queue)
    _send(job, 1)
    message = json.loads(broker.lindex(queue, 0) or b"{}")
    broker.delete(queue)
    broker.close()
    assert message["headers"]["task"] == "config.tasks.run_job"
    found: list[float | None] = message["headers"]["timelimit"]
    return found


def test_a_long_job_has_its_own_time(db: None, servers: TestServers) -> None:
    own = current_app.tasks["members.tasks.keep_facets"]
    assert own.soft_time_limit == A_NIGHT["soft_time_limit"]
    assert limits_of("members.tasks.keep_facets", servers) == [own.time_limit, own.soft_time_limit]


def test_any_other_has_every_tasks(db: None, servers: TestServers) -> None:
    usual = [settings.CELERY_TASK_TIME_LIMIT, settings.CELERY_TASK_SOFT_TIME_LIMIT]
    assert limits_of("members.tasks.keep_erasure_log", servers) == usual


runs: list[str] = []


@shared_task(name="tests.config.counted_job")
def counted_job() -> None:
    runs.append("run")


@pytest.mark.django_db(transaction=True)
def test_a_slot_that_is_told_twice_runs_once(servers: TestServers) -> None:
    """The broker tells a second worker of what lasts longer than its patience."""
    runs.clear()
    slot = JobSlot.objects.create(job="counted", slot=timezone.now())
    with psycopg.connect(servers.app_url, autocommit=True) as first_worker:
        first_worker.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_CLASS, slot.pk])
        run_job("tests.config.counted_job", slot.pk)
        assert not runs
    run_job("tests.config.counted_job", slot.pk)
    run_job("tests.config.counted_job", slot.pk)
    assert runs == ["run"]
