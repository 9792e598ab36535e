"""Reactions of questions: somebody else looks after the guide's customers now."""

from __future__ import annotations

from django.utils import timezone

from bot.escalations.actions import hand_over_questions
from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from stores.org.models import HandOver, HandOverReason


def guide_handed_over(event: DomainEvent) -> None:
    """What lies on her desk goes to whoever takes over; of a leave that begins later, later."""
    by = Actor.system("hand-overs")
    with scope_of(by):
        handover = HandOver.objects.get(pk=event.payload["handover"])
        share = handover.shares.select_related("successor").first()
    if share is None or handover.starts_at > timezone.now():
        return
    hand_over_questions(
        handover.guide_id,
        share.successor_id,
        comes_back=handover.is_leave,
        store_id=handover.store_id if handover.reason == HandOverReason.MOVED else None,
        by=by,
    )
