"""What HQ and the sweep ask about the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from wecom.outbox.models import OutboxPause, OutboxRow, OutboxState

_BAD_ENDS: Final = [OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.MISSED]
# From one pair of the index to the next: its masses are stepped over, not walked.
_ROWS: Final = OutboxRow._meta.db_table
_PLANNED_OF: Final = f"""
WITH RECURSIVE pair AS (
  (SELECT kind, app FROM {_ROWS} WHERE state = 'planned' ORDER BY kind, app LIMIT 1)
  UNION ALL
  SELECT following.kind, following.app FROM pair CROSS JOIN LATERAL (
    SELECT kind, app FROM {_ROWS}
    WHERE state = 'planned' AND (kind, app) > (pair.kind, pair.app) ORDER BY kind, app LIMIT 1
  ) following
)
SELECT kind, app FROM pair
"""  # noqa: S608 - the table's own name


def pauses() -> QuerySet[OutboxPause]:
    """What is not sent at the moment, longest pause first."""
    return OutboxPause.objects.order_by("since", "pk")


def planned_of() -> list[tuple[str, str]]:
    """Of which kinds and applications anything is planned at all."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANNED_OF)
        return [(kind, app) for kind, app in cursor.fetchall()]


def open_wishes(keys: Iterable[str]) -> set[str]:
    """Those of these wishes that may still be carried to WeCom."""
    wanted = OutboxRow.objects.filter(once__in=set(keys))
    still = wanted.filter(state__in=[OutboxState.PLANNED, OutboxState.SENDING])
    return set(still.values_list("once", flat=True))


def is_wished(kind: str, *, subject: str) -> bool:
    """Whether a wish of this kind for the subject may still be carried to WeCom."""
    on_their_way = [OutboxState.PLANNED, OutboxState.SENDING]
    return OutboxRow.objects.filter(kind=kind, subject=subject, state__in=on_their_way).exists()


def last_bad_end(kind: str, *, subject: str) -> int | None:
    """The key of the newest wish of this kind that came to nothing, or None."""
    return (
        OutboxRow.objects.filter(
            kind=kind,
            subject=subject,
            state__in=_BAD_ENDS,
        )
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )


def came_to_nothing(kind: str, *, since: datetime, subjects: Iterable[str]) -> set[str]:
    """Those of these subjects whose wish of this kind was refused, missed or left open since then.

    For a few subjects and a short while: the failed ones of a kind are looked through.
    """
    return set(
        OutboxRow.objects.filter(
            kind=kind, state__in=_BAD_ENDS, ended_at__gte=since, subject__in=set(subjects)
        ).values_list("subject", flat=True)
    )
