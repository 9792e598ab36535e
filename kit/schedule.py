"""Jobs by the clock: a row per job and slot, so that any number of tickers run each slot once.

And what stays of rows that the clock lets be forgotten: the key of what was told, or wished for,
once, as sixteen bytes from which nobody learns what it said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final, TypedDict
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models, transaction
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.classified import declare, keep_days, keep_years

LEASE = timedelta(minutes=10)


class Limits(TypedDict):
    """How long a worker lets a task run: until it is told to end, and until it is ended."""

    soft_time_limit: int
    time_limit: int


# A night's work over everybody lasts as long as that; what else a worker does ends in a minute.
A_NIGHT: Final = Limits(soft_time_limit=4 * 3600, time_limit=4 * 3600 + 300)

_SLOTS_KEPT = timedelta(days=90)
_KEYS_KEPT = timedelta(days=5 * 365)


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


class OnceKey(models.Model):
    """That a key was used in a space of keys; its row was forgotten at `at`."""

    digest = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(5, "at", by="kit.tasks.forget_what_was_told"), internal="digest at"
    )

    class Meta:
        indexes = (
            # Removal of old keys; they arrive in order, so a block range is enough.
            BrinIndex(fields=["at"], name="once_keys_by_age"),
        )

    def __str__(self) -> str:
        return str(self.digest)


def keep_keys(space: str, keys: Iterable[str]) -> None:
    """Keep the keys of rows that are about to be deleted in this transaction. A step.

    Keeping one twice changes nothing.
    """
    must_be_in_action()
    OnceKey.objects.bulk_create(
        [OnceKey(digest=_digest(space, key)) for key in keys], ignore_conflicts=True
    )


def was_once(space: str, key: str) -> bool:
    """Whether this key's row was forgotten. Ask after the rows themselves, not before them."""
    return OnceKey.objects.filter(digest=_digest(space, key)).exists()


def forget_keys(at: datetime) -> int:
    """Remove keys past their own retention; how many. A step."""
    must_be_in_action()
    return OnceKey.objects.filter(at__lt=at - _KEYS_KEPT).delete()[0]


def _digest(space: str, key: str) -> UUID:
    return UUID(bytes=sha256(f"{space}\x1f{key}".encode()).digest()[:16])


@action
def forget_the_rest(*, at: datetime, by: Actor) -> int:
    """Delete runs of jobs, and keys of forgotten rows, past their retention; how many."""
    slots = JobSlot.objects.filter(slot__lt=at - _SLOTS_KEPT).delete()[0]
    return slots + forget_keys(at)
