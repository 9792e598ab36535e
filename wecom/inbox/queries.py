"""What HQ asks about the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Max, Min

from wecom.inbox.models import InboxMessage, InboxState

_UNKNOWN = "wecom.unknown."


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of one kind, and since when."""

    kind: str
    count: int
    first_at: datetime
    last_at: datetime


def unknown_events() -> list[Counted]:
    """Events that nobody here knows, by WeCom's own name, most frequent first.

    Counted as long as callbacks are kept; each is a hint that WeCom has something new.
    """
    found = _counted(InboxMessage.objects.filter(kind__startswith=_UNKNOWN).values("kind"))
    return [
        Counted(one.kind.removeprefix(_UNKNOWN), one.count, one.first_at, one.last_at)
        for one in found
    ]


def parked_callbacks() -> list[Counted]:
    """Callbacks that could not be read, by kind; "" stands for those never understood."""
    parked = InboxMessage.objects.filter(state=InboxState.PARKED).values("kind")
    return list(_counted(parked))


def _counted(rows: object) -> Iterator[Counted]:
    by_kind = rows.annotate(  # type: ignore[attr-defined]
        count=Count("pk"), first_at=Min("received_at"), last_at=Max("received_at")
    )
    for row in by_kind.order_by("-count", "kind"):
        yield Counted(row["kind"], row["count"], row["first_at"], row["last_at"])


def sees_everything() -> bool:
    """Whether the session around us meets all stores; set for each request of HQ's admin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('scope.everything', true)")
        return bool(cursor.fetchone()[0] == "on")
