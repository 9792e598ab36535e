"""Jobs by the clock: a row per job and slot, so that any number of tickers run each slot once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from kit.classified import declare, keep_days

LEASE = timedelta(minutes=10)


class JobSlot(models.Model):
    """One run of one job: taken by the ticker that inserts the row."""

    job = models.CharField(max_length=80)
    slot = models.DateTimeField()
    started_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    privacy: ClassVar = declare(
        keep=keep_days(90, "slot", by="kit.tasks.forget_what_was_told"),
        internal="id job slot started_at done_at error",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["job", "slot"], name="one_run_per_job_and_slot"),
        )

    def __str__(self) -> str:
        return f"{self.job} @ {self.slot:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Job:
    """What runs how often. Missed slots are not made up: each job looks at what is due."""

    name: str
    every: timedelta
    task: str
    queue: str = "default"


def slot_of(at: datetime, every: timedelta) -> datetime:
    """The beginning of the interval that `at` falls into, counted from the epoch."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=at.tzinfo)


def take_due(jobs: list[Job], at: datetime, send: Callable[[Job, int], None]) -> int:
    """Insert the current slot of every job that has none and send its task; how many were sent."""
    slots = [JobSlot(job=job.name, slot=slot_of(at, job.every)) for job in jobs]
    by_name = {job.name: job for job in jobs}
    with transaction.atomic():
        before = {
            (row.job, row.slot)
            for row in JobSlot.objects.filter(
                job__in=by_name, slot__gte=min((s.slot for s in slots), default=at)
            )
        }
        fresh = [row for row in slots if (row.job, row.slot) not in before]
        JobSlot.objects.bulk_create(fresh, ignore_conflicts=True)
    sent = 0
    for row in fresh:
        # Of two tickers in one moment both believe the slot fresh; the started row is claimed once.
        taken = JobSlot.objects.filter(
            job=row.job, slot=row.slot, done_at=None, started_at=row.started_at
        ).first()
        if taken is not None:
            send(by_name[row.job], taken.pk)
            sent += 1
    return sent


def finish(key: int, error: str = "") -> None:
    """Say that a slot's run has ended, and how."""
    JobSlot.objects.filter(pk=key).update(done_at=timezone.now(), error=error[:2000])
