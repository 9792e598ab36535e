"""Ends hand-overs of which nothing is left to do, and leaves whose guide is back."""

from __future__ import annotations

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from stores.org.handing_over import end_hand_over
from stores.org.models import HandOver, HandOverState
from stores.org.parts import is_done, parts_of

US = Actor.system("ends hand-overs")


def end_what_is_done(limit: int = 200) -> int:
    """Look at every hand-over under way; how many ended. Safe to repeat and to run twice."""
    now = timezone.now()
    with scope_of(US):
        under_way = list(
            HandOver.objects.select_related("guide", "store")
            .filter(state=HandOverState.DECIDED)
            .order_by("decided_at")[:limit]
        )
        over = [
            handover
            for handover in under_way
            if (
                handover.ends_at is not None and handover.ends_at <= now
                if handover.is_leave
                else is_done(handover, parts_of(US, handover))
            )
        ]
    return sum(end_hand_over(handover.pk, by=US) for handover in over)
