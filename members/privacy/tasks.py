"""Celery's doors to privacy: what is due is carried out, what is over ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from kit.actor import Actor
from kit.schedule import A_NIGHT
from members.privacy import desk, duties, ending, erasure_log, retaining, trails
from members.privacy.months import end_months, open_months_from

# Then the next portion takes its turn behind what else waits. One look at a hundred million rows
# may take minutes by itself.
PORTION_SECONDS: Final = 15.0


def _enough() -> Callable[[], bool]:
    """Whether a portion has had its time."""
    began = time.monotonic()
    return lambda: time.monotonic() - began > PORTION_SECONDS


@shared_task(name="members.tasks.retain", **A_NIGHT)
def retain(first: int = 0) -> None:
    by = Actor.system("kept as long as declared")
    done = retaining.retain_some(first, at=timezone.now(), by=by, is_enough=_enough())
    if done.next_rule is not None:
        # A lost message waits for the next night, which begins at the first rule.
        current_app.send_task("members.tasks.retain", args=[done.next_rule], queue="bulk")
        return
    end_months()


@shared_task(name="members.tasks.end_memberships", **A_NIGHT)
def end_memberships() -> None:
    at, by = timezone.now(), Actor.system("kept as long as declared")
    ending.take_warnings_back(at=at, by=by)
    ending.end_memberships(at=at, by=by, is_enough=_enough())
    ending.warn_silent(at=at, by=by)


@shared_task(name="members.tasks.carry_out_requests")
def carry_out_requests() -> None:
    desk.carry_out_waiting(at=timezone.now(), by=Actor.system("asked for on her own page"))


@shared_task(name="members.tasks.follow_trails")
def follow_trails() -> None:
    trails.follow_trails(by=Actor.system("erasure"))


@shared_task(name="members.tasks.count_heads")
def count_heads() -> None:
    by = Actor.system("thresholds of the law")
    open_months_from(timezone.now().date())
    duties.count_heads(on=timezone.localdate(), by=by)


@shared_task(name="members.tasks.keep_erasure_log")
def keep_erasure_log() -> None:
    if settings.ERASURE_LOG:
        erasure_log.write_log(Path(settings.ERASURE_LOG), by=Actor.system("backups"))
