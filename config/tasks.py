"""The ticker's door: Celery beat calls `tick` each second, the rows decide what is due."""

from __future__ import annotations

from celery import current_app, shared_task
from django.utils import timezone

from config.clock import JOBS, SWEEP_QUEUES, SWEEPS
from config.health import note_worker
from kit.actions import drop_what_still_runs, session_lock
from kit.schedule import Job, JobSlot, finish, take_due

_PATIENCE = 60
# A class of locks that no other table uses; see kit.actions.session_lock.
_LOCK_CLASS = 4703


@shared_task
def tick() -> None:
    note_worker()
    second = int(timezone.now().timestamp())
    for task, every in SWEEPS.items():
        if second % every == 0:
            queue = SWEEP_QUEUES.get(task, "urgent")
            # Behind a campaign a turn takes longer to come than the next one to be asked for.
            expires = max(2, every) if queue == "urgent" else _PATIENCE
            current_app.send_task(task, queue=queue, expires=expires)
    if second % 5 == 0:
        take_due(JOBS, timezone.now(), _send)


def _send(job: Job, slot: int) -> None:
    """A job has the time that its own task was given; without one, every task's."""
    own = current_app.tasks[job.task]
    current_app.send_task(
        "config.tasks.run_job",
        args=[job.task, slot],
        queue=job.queue,
        soft_time_limit=own.soft_time_limit,
        time_limit=own.time_limit,
    )


@shared_task
def run_job(task: str, slot: int) -> None:
    """Run a slot's task, once: told again while it runs, or afterwards, it does nothing.

    What lasts longer than the broker's patience (`visibility_timeout`) is told to a second worker.
    """
    with session_lock(_LOCK_CLASS, slot) as is_ours:
        if is_ours and JobSlot.objects.filter(pk=slot, done_at=None).exists():
            _run(task, slot)


def _run(task: str, slot: int) -> None:
    try:
        current_app.tasks[task]()
    except Exception as error:
        drop_what_still_runs()
        finish(slot, f"{type(error).__name__}: {error}")
        raise
    finish(slot)
