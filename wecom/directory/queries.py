"""Reads of mirrors and of news, for sources and screens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Max

from wecom.directory.models import Department, Staff, Sweep, SweepKind, SweepState
from wecom.inbox.models import InboxMessage

# News may have waited in a queue of WeCom's: a delta looks back a little further than the last.
_OVERLAP: Final = timedelta(minutes=15)
_LONGEST_LOOK_BACK: Final = timedelta(hours=26)

_NAMED = f"""
SELECT DISTINCT lower(substring(body from '<UserID><!\\[CDATA\\[([^]]+)\\]\\]></UserID>'))
FROM {InboxMessage._meta.db_table}
WHERE received_at >= %s AND body LIKE %s
"""  # noqa: S608 - the table's own name


def departments_after(number: int, *, limit: int) -> list[int]:
    """The next departments that WeCom still shows, by number."""
    found = Department.objects.filter(gone_at=None, department_id__gt=number)
    return list(found.order_by("department_id").values_list("department_id", flat=True)[:limit])


def present_staff() -> set[str]:
    """The ids of all members that the mirror holds as present."""
    return set(Staff.objects.present().values_list("userid", flat=True))


def serving_staff() -> set[str]:
    """The ids of present members who may have customers."""
    found = Staff.objects.present().filter(serves_contacts=True)
    return set(found.values_list("userid", flat=True))


def must_wait_for(kind: str) -> SweepKind | None:
    """What has to be swept before this kind can be compared at all, or nothing.

    Whose friends WeCom hides from us is told by the mirror of members. Once its sweep has ended,
    however, nobody waits any more: with an empty mirror no friendship is held to be over.
    """
    if kind != SweepKind.CONTACTS or Staff.objects.present().exists():
        return None
    newest = Sweep.objects.filter(kind=SweepKind.STAFF).order_by("-pk").first()
    has_ended = newest is not None and newest.ended_at is not None
    return None if has_ended else SweepKind.STAFF


def userids_with_news(event: str, *, since: datetime) -> set[str]:
    """Members named by callbacks of an event received since then, whatever became of those.

    The text itself is searched: a callback that could not be handled is the one that matters.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [since, f"%[{event}]%"])
        return {userid for (userid,) in cursor.fetchall() if userid}


def news_since(sweep: Sweep) -> datetime:
    """From when on a delta has to regard news: since the sweep before it began."""
    before = Sweep.objects.filter(
        kind=sweep.kind, state=SweepState.DONE, started_at__lt=sweep.started_at
    ).aggregate(last=Max("started_at"))["last"]
    earliest = sweep.started_at - _LONGEST_LOOK_BACK
    return max(earliest, (before or earliest) - _OVERLAP)


def begun(kind: str) -> tuple[datetime | None, datetime | None]:
    """When the last full sweep and the last sweep of a kind began; failed ones do not count."""
    counted = Sweep.objects.filter(kind=kind).exclude(state=SweepState.FAILED)
    full = counted.filter(is_full=True).exclude(state=SweepState.CANCELLED)
    return (
        full.aggregate(last=Max("started_at"))["last"],
        counted.aggregate(last=Max("started_at"))["last"],
    )


def failed_since(kind: str, since: datetime) -> Sweep | None:
    """The last full sweep, when it failed after that moment, to be gone on with.

    One that failed before another was done, or begun, is over.
    """
    full = Sweep.objects.filter(kind=kind, is_full=True).exclude(state=SweepState.CANCELLED)
    last = full.order_by("-pk").first()
    is_open = last is not None and last.state == SweepState.FAILED and last.started_at >= since
    return last if is_open else None


def newest_sweeps() -> dict[str, Sweep]:
    """The latest sweep of each kind."""
    found = Sweep.objects.order_by("kind", "-pk").distinct("kind")
    return {sweep.kind: sweep for sweep in found}
