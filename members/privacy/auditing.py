"""The self-audit of a period (PIPL 54): every number is counted from the records themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from kit.actor import names_of_actors
from members.consent.models import ConsentEvent, Notice
from members.privacy.models import (
    AccessLog,
    Disclosure,
    Erasure,
    RequestState,
    SubjectRequest,
)
from members.privacy.models_of_duty import (
    Headcount,
    ImpactAssessment,
    Incident,
    Recipient,
    RetentionReport,
)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first moment to the one that is not in it any more."""

    since: datetime
    until: datetime


def pack_of(period: Period) -> dict[str, Any]:
    """The evidence of a period as plain data: counts, and the lists behind the small ones."""
    return {
        "period": {"since": period.since.isoformat(), "until": period.until.isoformat()},
        "notices": _notices(period),
        "consents": _by(_within(ConsentEvent.objects, "at", period), "purpose", "decision"),
        "requests": _requests(period),
        "looks": _looks(period),
        "disclosures": _disclosures(period),
        "erasures": _by(_within(Erasure.objects, "at", period), "why"),
        "assessments": _assessments(period),
        "incidents": _incidents(period),
        "retention": _retention(period),
        "recipients": list(
            Recipient.objects.order_by("name").values(
                "name", "role", "country", "kinds", "is_active"
            )
        ),
        "headcount": list(
            _within(Headcount.objects, "on", period, dates=True)
            .order_by("entity", "on")
            .values("entity__name", "on", "people", "abroad")
        ),
    }


def _within(rows: Any, column: str, period: Period, *, dates: bool = False) -> QuerySet[Any]:
    since: Any = period.since.date() if dates else period.since
    until: Any = period.until.date() if dates else period.until
    found: QuerySet[Any] = rows.filter(**{f"{column}__gte": since, f"{column}__lt": until})
    return found


def _by(rows: QuerySet[Any], *columns: str) -> list[dict[str, Any]]:
    """How many rows of each combination, in a fixed order."""
    return list(rows.order_by().values(*columns).annotate(count=Count("pk")).order_by(*columns))


def _notices(period: Period) -> list[dict[str, Any]]:
    rows = _within(Notice.objects, "published_at", period).order_by("published_at")
    return list(rows.values("entity__name", "version", "title", "sha256", "published_at"))


def _requests(period: Period) -> dict[str, Any]:
    opened = _within(SubjectRequest.objects, "opened_at", period)
    closed = _within(SubjectRequest.objects, "closed_at", period)
    in_time = Q(closed_at__lte=F("due_at"))
    return {
        "opened": _by(opened, "kind"),
        "closed": _by(closed, "kind", "state"),
        "in_time": closed.filter(in_time).count(),
        "late": closed.exclude(in_time).count(),
        "refused_because": list(
            closed.filter(state=RequestState.REFUSED)
            .order_by("closed_at")
            .values_list("refused_because", flat=True)
        ),
    }


def _looks(period: Period) -> dict[str, Any]:
    rows = _within(AccessLog.objects, "at", period)
    most = list(
        rows.order_by()
        .values("actor", "actor_name")
        .annotate(count=Count("pk"))
        .order_by("-count", "actor")[:10]
    )
    names = names_of_actors(line["actor"] for line in most)
    for line in most:
        line["actor_name"] = line["actor_name"] or names[line["actor"]]
    return {
        "count": rows.count(),
        "members": rows.values("member_no").distinct().count(),
        "by_reason": _by(rows, "reason"),
        "most": most,
    }


def _disclosures(period: Period) -> dict[str, Any]:
    rows = _within(Disclosure.objects, "at", period)
    return {
        "count": rows.count(),
        "by_path": _by(rows, "what", "recipient", "country"),
    }


def _assessments(period: Period) -> list[dict[str, Any]]:
    rows = _within(ImpactAssessment.objects, "signed_at", period).order_by("signed_at")
    return list(
        rows.values("entity__name", "activity", "version", "signed_by__name", "signed_at",
                    "valid_until")
    )  # fmt: skip


def _incidents(period: Period) -> list[dict[str, Any]]:
    rows = _within(Incident.objects, "known_at", period).order_by("known_at")
    return list(
        rows.values("kind", "title", "grade", "people", "known_at", "report_due_at",
                    "reported_at", "notified_at", "closed_at")
    )  # fmt: skip


def _retention(period: Period) -> list[dict[str, Any]]:
    rows = _within(RetentionReport.objects, "at", period)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows.order_by("at"):
        line = found.setdefault(
            (row.table, row.rule), {"table": row.table, "rule": row.rule, "done": 0, "left": 0}
        )
        line["done"] += row.done
        line["left"] = row.left
    return [found[key] for key in sorted(found)]
