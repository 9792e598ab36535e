"""Ends hand-overs of which nothing is left to do, and leaves whose guide is back."""

from __future__ import annotations

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from stores.org.handing_over import end_hand_over
from stores.org.models import HandOver, HandOverReason, HandOverState
from stores.org.parts import is_done, parts_of

US = Actor.system("ends hand-overs")


def end_what_is_done(limit: int = 200) -> int:
    """End every leave whose guide is back, and of the others those with nothing left to do.

    At most so many of the others are looked at, drawn by lot: those that wait for a person's word
    for weeks must not keep the rest from ending. How many ended. Safe to repeat and to run twice.
    """
    under_way = HandOver.objects.filter(state=HandOverState.DECIDED)
    with scope_of(US):
        back = under_way.filter(reason=HandOverReason.LEAVE, ends_at__lte=timezone.now())
        over = list(back.values_list("pk", flat=True))
        drawn = under_way.exclude(reason=HandOverReason.LEAVE).order_by("?")[:limit]
        over += [
            handover.pk
            for handover in drawn.select_related("guide", "store")
            if is_done(handover, parts_of(US, handover))
        ]
    return sum(end_hand_over(key, by=US) for key in over)
