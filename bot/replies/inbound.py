"""Reactions to what guides did with drafts."""

from __future__ import annotations

from django.utils import timezone

from bot.replies import actions
from kit.actor import Actor
from kit.events import DomainEvent


def guide_handed_over(event: DomainEvent) -> None:
    """Answers that waited for a guide who left wait no longer; no article is blamed."""
    if event.payload["reason"] == "left":
        actions.expire_drafts_of(int(event.payload["guide"]), by=Actor.system("hand-overs"))


def draft_dismissed(event: DomainEvent) -> None:
    """Enough of one article's drafts left by guides, and it mutes itself."""
    actions.mute_if_weak(
        int(event.payload["article"]), at=timezone.now(), by=Actor.system("measured precision")
    )
