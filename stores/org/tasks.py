"""Celery's door to hand-overs: end those whose last row found its end."""

from __future__ import annotations

from celery import shared_task

from stores.org.endings import end_what_is_done


@shared_task
def end_hand_overs() -> None:
    end_what_is_done()
