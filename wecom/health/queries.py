"""What the database knows of our health. Every read walks open rows or the newest ones only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min, Q

from kit.events import DomainEvent, Handling, HandlingState
from wecom.inbox.models import InboxMessage, InboxState
from wecom.outbox.models import Kind, OutboxRow, OutboxState

# A backlog is counted up to here; beyond, "at least so many" is as good.
MOST: Final = 10_000
_SAMPLE: Final = 500
_MINUTES: Final = 60
_OPEN: Final = (InboxState.WAITING, InboxState.AGAIN)
_LOOK_AT: Final = (OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.MISSED)

_BY_MINUTE: Final = f"""
SELECT floor(extract(epoch FROM %s - received_at) / 60)::int, count(*)
FROM {InboxMessage._meta.db_table} WHERE received_at > %s GROUP BY 1
"""  # noqa: S608 - the table's own name
# The newest first, cut, and only then compared with the clock: the other way round a quiet hour
# would walk through everything that ever came.
_LAGS: Final = f"""
SELECT extract(epoch FROM event.at - message.received_at),
  (SELECT CASE WHEN bool_and(handling.state = 'done')
     THEN extract(epoch FROM max(handling.claimed_at) - message.received_at) END
   FROM {Handling._meta.db_table} handling WHERE handling.event_id = event.id)
FROM (SELECT digest, received_at FROM {InboxMessage._meta.db_table} ORDER BY id DESC LIMIT %s)
  message
JOIN {DomainEvent._meta.db_table} event ON event.once = 'wecom:' || encode(message.digest, 'hex')
WHERE message.received_at > %s
"""  # noqa: S608 - the tables' own names


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds from a callback's arrival to its reading and to its last reaction; None: unknown."""

    of: int
    read: tuple[float | None, float | None]
    handled: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: how many (at most MOST are counted), and since when the oldest."""

    count: int
    since: datetime | None


@dataclass(slots=True)
class OpenKind:
    """How one kind of wish stands."""

    kind: str
    planned: int = 0
    due: int = 0
    oldest_due_at: datetime | None = None
    sending: int = 0
    failed: int = 0
    unknown: int = 0
    missed: int = 0
    sent: int = 0
    # Applications that send nothing of it now.
    paused: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(Kind(self.kind).label) if self.kind in Kind.values else self.kind


def received_by_minute(now: datetime) -> list[int]:
    """Callbacks of each minute of the last hour, oldest minute first."""
    counts = [0] * _MINUTES
    with connection.cursor() as cursor:
        cursor.execute(_BY_MINUTE, [now, now - timedelta(minutes=_MINUTES)])
        for minutes_ago, count in cursor.fetchall():
            # A clock that runs ahead is not the future.
            counts[_MINUTES - 1 - min(max(minutes_ago, 0), _MINUTES - 1)] += count
    return counts


def callback_lags(now: datetime) -> Lags:
    """So quick were half, and nineteen in twenty, of the newest callbacks of the last hour."""
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [_SAMPLE, now - timedelta(hours=1)])
        rows = cursor.fetchall()
    read = sorted(float(row[0]) for row in rows)
    handled = sorted(float(row[1]) for row in rows if row[1] is not None)
    return Lags(
        of=len(rows),
        read=(share_of(read, 0.5), share_of(read, 0.95)),
        handled=(share_of(handled, 0.5), share_of(handled, 0.95)),
    )


def share_of(values: list[float], share: float) -> float | None:
    """The value that this share of sorted values does not exceed."""
    if not values:
        return None
    return max(0.0, values[min(len(values) - 1, int(share * len(values)))])


def callbacks_waiting() -> Waiting:
    """Callbacks that nobody has read yet."""
    waiting = InboxMessage.objects.filter(state__in=_OPEN).order_by("pk")
    oldest = waiting.values_list("received_at", flat=True).first()
    return Waiting(waiting[:MOST].count(), oldest)


def reactions_waiting(now: datetime) -> Waiting:
    """Reactions to events that are due or under way."""
    due = Handling.objects.filter(
        state__in=[HandlingState.WAITING, HandlingState.CLAIMED], next_try_at__lte=now
    ).order_by("next_try_at")
    return Waiting(due[:MOST].count(), due.values_list("next_try_at", flat=True).first())


def parked_reactions() -> list[tuple[str, int]]:
    """Reactions that were given up, by handler, most first."""
    parked = Handling.objects.filter(state=HandlingState.PARKED).values("handler")
    found = parked.annotate(count=Count("pk")).order_by("-count", "handler")
    return [(row["handler"], row["count"]) for row in found]


def callbacks_ever() -> int:
    """About how many callbacks were ever received: numbers are given in order."""
    return InboxMessage.objects.aggregate(last=Max("pk"))["last"] or 0


def outbox_open(now: datetime) -> list[OpenKind]:
    """Every kind that has open wishes, or some that a person has to look at."""
    kinds: dict[str, OpenKind] = {}

    def of(row: dict[str, Any]) -> OpenKind:
        return kinds.setdefault(row["kind"], OpenKind(row["kind"]))

    is_due = Q(next_try_at__lte=now)
    planned = OutboxRow.objects.filter(state=OutboxState.PLANNED).values("kind")
    for row in planned.annotate(
        count=Count("pk"), due=Count("pk", filter=is_due), oldest=Min("next_try_at", filter=is_due)
    ):
        one = of(row)
        one.planned, one.due, one.oldest_due_at = row["count"], row["due"], row["oldest"]
    sending = OutboxRow.objects.filter(state=OutboxState.SENDING).values("kind")
    for row in sending.annotate(count=Count("pk")):
        of(row).sending = row["count"]
    look_at = OutboxRow.objects.filter(state__in=_LOOK_AT).values("kind", "state")
    for row in look_at.annotate(count=Count("pk")):
        setattr(of(row), row["state"], row["count"])
    return sorted(kinds.values(), key=lambda one: list(Kind.values).index(one.kind))


def sent_since(since: datetime) -> dict[str, int]:
    """What WeCom took since then, by kind."""
    sent = OutboxRow.objects.filter(ended_at__gte=since, state=OutboxState.SENT).values("kind")
    return {row["kind"]: row["count"] for row in sent.annotate(count=Count("pk"))}
