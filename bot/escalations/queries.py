"""Reads of escalations, and who manages a store."""

from __future__ import annotations

from django.db.models import QuerySet

from bot.escalations.models import Escalation
from stores.org.models import Guide, Role


def manager_of(store_id: int) -> Guide | None:
    """The working manager of a store; the longest in office when there are several."""
    return (
        Guide.objects.working()
        .filter(store=store_id, role=Role.STORE_MANAGER)
        .order_by("joined_on", "pk")
        .first()
    )


def escalations_of(guide_id: int) -> QuerySet[Escalation]:
    """What is on a guide's desk, the most pressing first."""
    return _told(Escalation.objects.undone().filter(holder=guide_id))


def escalations_in_chat(chat_id: str, guide_id: int) -> QuerySet[Escalation]:
    """What is on her desk out of the chat that is open in her side bar."""
    return escalations_of(guide_id).filter(group__chat_id=chat_id)


def _told(escalations: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return escalations.select_related(
        "group", "guide", "holder", "store", "reference", "heard__contact__member"
    ).order_by("deadline")
