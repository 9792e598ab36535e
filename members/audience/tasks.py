"""The clock's door of this room: each night facets are compared with the tables, then kept."""

from __future__ import annotations

from celery import shared_task

from kit.schedule import A_NIGHT
from members.audience import keeping


@shared_task(name="members.tasks.keep_facets", **A_NIGHT)
def keep_facets() -> None:
    keeping.check()
    keeping.forget_old_changes()
