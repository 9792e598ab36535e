"""Who looked at her, what she asked for, and what was given of her to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncDate

from members.identity.models import Member
from members.privacy.models import AccessLog, Disclosure, RequestState, SubjectRequest
from members.privacy.rules import REASONS

OPEN = (RequestState.OPEN, RequestState.CHECKED)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody's looks at her unmasked data on one day for one reason, in words for herself."""

    at: datetime
    who: str
    fields: tuple[str, ...]
    reason: str
    times: int


def looks_at(member: Member, *, most: int = 50) -> list[Look]:
    """Who looked at her phone number, when and why, newest first; for her own page.

    Equal looks of one person on one day are one line with their number and the last moment.
    """
    rows = (
        AccessLog.objects.filter(member_no=member.pk)
        .annotate(on=TruncDate("at"))
        .values("actor", "actor_name", "reason", "fields", "on")
        .annotate(last=Max("at"), times=Count("pk"))
        .order_by("-last")[:most]
    )
    return [
        Look(
            at=row["last"],
            who=row["actor_name"] or "系统",
            fields=tuple(row["fields"]),
            reason=REASONS.get(row["reason"], row["reason"]),
            times=row["times"],
        )
        for row in rows
    ]


def requests_of(member: Member) -> QuerySet[SubjectRequest]:
    """What she asked for, newest first."""
    return SubjectRequest.objects.filter(member=member).order_by("-opened_at", "-pk")


def disclosures_of(member: Member) -> QuerySet[Disclosure]:
    """What was given of her to whom, newest first."""
    return Disclosure.objects.filter(members__contains=[member.pk]).order_by("-at", "-pk")


def open_requests() -> QuerySet[SubjectRequest]:
    """What waits for an answer, the most pressing first."""
    return SubjectRequest.objects.filter(state__in=OPEN).order_by("due_at", "pk")
