"""What the cellar's tables declare of their retention, made true once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from kit.actions import action
from kit.actor import Actor
from kit.events import SPACE, DomainEvent, Handling, HandlingState
from kit.once import forget_keys, keep_keys
from kit.schedule import JobSlot

log = structlog.get_logger(__name__)

KEEP_EVENTS: Final = timedelta(days=180)
KEEP_SLOTS: Final = timedelta(days=90)
_OPEN: Final = (HandlingState.WAITING, HandlingState.CLAIMED)


@action
def forget_events(*, at: datetime, after: int = 0, limit: int = 2000, by: Actor) -> int:
    """Delete the next events past their retention, with their handlings; the last number looked at.

    0 when nothing older is left. Call it with the number that it gave until then. Numbers are given
    in the order of time, so it stops at the first event that is young. Who has an open handling
    stays until that has ended. Keys that could still come again are kept (kit.once), those of
    `settings.PASSING_KEYS` are not.
    """
    rows = list(
        DomainEvent.objects.filter(pk__gt=after).order_by("pk").only("pk", "once", "at")[:limit]
    )
    old = [row for row in rows if row.at < at - KEEP_EVENTS]
    if not old:
        return 0
    handlings = Handling.objects.filter(event__in=[row.pk for row in old])
    is_open = set(handlings.filter(state__in=_OPEN).values_list("event_id", flat=True))
    over = {row.pk: row.once for row in old if row.pk not in is_open}
    passing: Sequence[str] = import_string(settings.PASSING_KEYS)
    keep_keys(SPACE, [key for key in over.values() if key and not key.startswith(tuple(passing))])
    gone = handlings.filter(event__in=over)
    parked = gone.filter(state=HandlingState.PARKED).count()
    if parked:
        log.warning("parked_handlings_forgotten", rows=parked)
    gone.delete()
    DomainEvent.objects.filter(pk__in=over).delete()
    return old[-1].pk if len(old) == limit else 0


@action
def forget_the_rest(*, at: datetime, by: Actor) -> int:
    """Delete runs of jobs, and keys of forgotten rows, past their retention; how many."""
    slots = JobSlot.objects.filter(slot__lt=at - KEEP_SLOTS).delete()[0]
    return slots + forget_keys(at)
