"""Doors of the cellar for Celery: handle one event, sweep what was left lying, forget."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from kit import events, schedule
from kit.actor import Actor


@shared_task
def handle(key: int) -> None:
    events.handle(key)


@shared_task
def sweep_handlings() -> None:
    events.call_handlers_again()


@shared_task
def forget_what_was_told() -> None:
    at, by = timezone.now(), Actor.system("kept as long as declared")
    after = 0
    while after := events.forget_events(at=at, after=after, by=by):
        pass
    schedule.forget_the_rest(at=at, by=by)
