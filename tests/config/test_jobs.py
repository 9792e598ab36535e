"""A job that the clock starts runs within its own task's limits, not within every task's."""

from __future__ import annotations

import json

import pytest
import redis
from celery import current_app
from django.conf import settings

from config.switchboard import JOBS
from config.tasks import _send
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
    assert own.soft_time_limit == 3600
    assert limits_of("members.tasks.keep_facets", servers) == [own.time_limit, own.soft_time_limit]


def test_any_other_has_every_tasks(db: None, servers: TestServers) -> None:
    usual = [settings.CELERY_TASK_TIME_LIMIT, settings.CELERY_TASK_SOFT_TIME_LIMIT]
    assert limits_of("members.tasks.retain", servers) == usual
