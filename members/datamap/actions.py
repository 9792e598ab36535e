"""Drawing the day's map, and opening the play that closes one of its gaps."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from time import monotonic
from typing import Final

from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.audience.actions import save_audience
from members.audience.models import Audience
from members.datamap.models import MapDay
from members.datamap.queries import combos_at
from members.datamap.rules import Cells, Gap, cells_of
from members.registration.old_friends import Standing, standing

CARTOGRAPHER: Final = Actor.system("draws the data map")


def draw_map(*, at: datetime | None = None) -> MapDay:
    """Count everybody and keep the day's numbers; drawn again on that day, they are replaced."""
    moment, begun = at or timezone.now(), monotonic()
    with scope_of(CARTOGRAPHER):
        cells, friends = cells_of(combos_at(moment)), standing()
    return keep_map(
        cells, friends, at=moment, seconds=round(monotonic() - begun, 3), by=CARTOGRAPHER
    )


@action
def keep_map(cells: Cells, friends: Standing, *, at: datetime, seconds: float, by: Actor) -> MapDay:
    """The map of the day of `at`."""
    day, _ = MapDay.objects.update_or_create(
        on=timezone.localdate(at),
        defaults={
            "taken_at": at,
            "members": cells.members,
            "cells": cells.plain(),
            "friends": asdict(friends),
            "seconds": seconds,
        },
    )
    return day


def open_play(gap: Gap, *, by: Actor) -> Audience:
    """The audience of a gap, saved under the play's name; the same one when opened before."""
    return save_audience(None, name=f"补缺口：{gap.title}", rule=dict(gap.rule), by=by)
