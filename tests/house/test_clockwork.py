"""What the clock sends is known to the workers by that very name; else it is thrown away unread."""

from __future__ import annotations

from django.utils.module_loading import import_string

from config.celery import app
from config.clock import JOBS, SWEEP_QUEUES, SWEEPS


def test_workers_know_every_task_of_the_clock() -> None:
    sent = [*SWEEPS, *(job.task for job in JOBS)]
    for path in sent:
        import_string(path)
    assert [path for path in sent if path not in app.tasks] == []


def test_a_sweep_of_its_own_queue_is_a_sweep_and_waits_behind_nobody_urgent() -> None:
    assert set(SWEEP_QUEUES) <= set(SWEEPS)
    assert SWEEP_QUEUES["members.tasks.carry_on_imports"] == "bulk"
    assert "urgent" not in SWEEP_QUEUES.values()
