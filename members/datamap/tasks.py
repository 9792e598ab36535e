"""The data map's door for Celery: a new map each night."""

from __future__ import annotations

from celery import shared_task

from kit.schedule import A_NIGHT
from members.datamap.actions import draw_map


@shared_task(name="members.tasks.draw_data_map", **A_NIGHT)
def draw_data_map() -> None:
    draw_map()
