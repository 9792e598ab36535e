"""Doors of the clock: the night's reckoning, the morning's lists."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from kit.schedule import A_NIGHT
from members.lifecycle.figures import note_sides_of_plays
from members.lifecycle.picking import pick_for_today
from members.lifecycle.reckoning import reckon
from members.privacy.errors import AssessmentMissing

log = structlog.get_logger(__name__)


@shared_task(name="members.tasks.reckon_stages", **A_NIGHT)
def reckon_stages() -> None:
    """Stages first, then the sides of plays and the lists that are made from them."""
    try:
        reckon()
    except AssessmentMissing as error:
        log.warning("stages_not_computed", why=str(error))
    note_sides_of_plays(timezone.now())
    pick_for_today(timezone.localdate())
