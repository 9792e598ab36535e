"""Doors of the cellar for Celery: handle one event, sweep what was left lying."""

from __future__ import annotations

from celery import shared_task

from kit import events


@shared_task
def handle(key: int) -> None:
    events.handle(key)


@shared_task
def sweep_handlings() -> None:
    events.call_handlers_again()
