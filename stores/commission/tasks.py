"""Doors of this room for Celery: a month that is being settled goes on, store by store."""

from __future__ import annotations

from celery import shared_task

from stores.commission.settling import carry_on_settlements


@shared_task
def carry_on_settling() -> None:
    carry_on_settlements()
