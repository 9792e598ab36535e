"""Celery's doors to privacy: what is due is carried out, what is over ends."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from kit.actor import Actor
from members.privacy import desk, duties, ending, erasure_log, retaining, trails
from members.privacy.months import end_months, open_months_from


@shared_task(name="members.tasks.retain")
def retain() -> None:
    retaining.retain(at=timezone.now(), by=Actor.system("kept as long as declared"))
    end_months()


@shared_task(name="members.tasks.end_memberships")
def end_memberships() -> None:
    at, by = timezone.now(), Actor.system("kept as long as declared")
    ending.take_warnings_back(at=at, by=by)
    ending.end_memberships(at=at, by=by)
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
