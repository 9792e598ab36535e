"""The clock's door of this room: each night facets are compared with the tables, then kept."""

from __future__ import annotations

from celery import shared_task

from members.audience import keeping


# Reading fifteen million members takes minutes, not the seconds that other tasks have.
@shared_task(name="members.tasks.keep_facets", soft_time_limit=3600, time_limit=3700)
def keep_facets() -> None:
    keeping.check()
    keeping.forget_old_changes()
