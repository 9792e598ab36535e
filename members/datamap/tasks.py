"""The data map's door for Celery: a new map each night."""

from __future__ import annotations

from celery import shared_task

from members.datamap.actions import draw_map


@shared_task(name="members.tasks.draw_data_map")
def draw_data_map() -> None:
    draw_map()
