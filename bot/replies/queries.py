"""Reads of drafts for screens, and how well articles do."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from bot.replies.models import Draft, DraftState
from bot.replies.rules import Score

_SCORED_DAYS = 30


def drafts_to_send(guide_id: int, *, at: datetime) -> QuerySet[Draft]:
    """What waits for a guide, newest first."""
    return _told(Draft.objects.waiting(at).filter(guide=guide_id))


def drafts_in_chat(chat_id: str, guide_id: int, *, at: datetime) -> QuerySet[Draft]:
    """What waits in the chat that is open in her side bar."""
    return _told(Draft.objects.waiting(at).filter(guide=guide_id, group__chat_id=chat_id))


def drafts_done(guide_id: int, *, at: datetime, limit: int = 10) -> list[Draft]:
    """What became of the others within a day."""
    found = Draft.objects.filter(guide=guide_id, made_at__gte=at - timedelta(days=1)).exclude(
        state=DraftState.WAITING, expires_at__gt=at
    )
    return list(_told(found)[:limit])


def score_of(article_id: int, *, at: datetime) -> Score:
    """What guides did with an article's drafts within thirty days."""
    counted = Draft.objects.filter(
        article=article_id, made_at__gte=at - timedelta(days=_SCORED_DAYS)
    ).aggregate(
        as_is=Count("pk", filter=Q(state=DraftState.SENT, edited_text=None)),
        edited=Count("pk", filter=Q(state=DraftState.SENT) & ~Q(edited_text=None)),
        dismissed=Count("pk", filter=Q(state=DraftState.DISMISSED)),
    )
    return Score(**counted)


def _told(drafts: QuerySet[Draft]) -> QuerySet[Draft]:
    return drafts.select_related("group", "article", "heard__contact__member").order_by("-made_at")
