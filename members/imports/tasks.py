"""Celery's doors of this room: carry imports on for some seconds, empty what is too old."""

from __future__ import annotations

from celery import shared_task

from members.imports.working import carry_on_all, empty_old

# The sweep calls again. Only a sheet of Excel, which has to be unpacked in one go, takes longer.
_SECONDS = 30.0


@shared_task(name="members.tasks.carry_on_imports", soft_time_limit=900, time_limit=960)
def carry_on_imports() -> None:
    carry_on_all(seconds=_SECONDS)


@shared_task(name="members.tasks.empty_old_imports")
def empty_old_imports() -> None:
    empty_old()
