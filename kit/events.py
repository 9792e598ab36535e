"""Domain events: one table for what happened, and one row for each handler that shall react.

An action emits; `settings.SWITCHBOARD` says who reacts; a worker claims the row, calls the
handler in a transaction of its own, and marks it. Handlers are safe to repeat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.actions import action, drop_what_still_runs, must_be_in_action, session_lock
from kit.actor import Actor
from kit.classified import declare, keep_days, with_owner
from kit.fields import PublicIdField, new_public_id
from kit.schedule import keep_keys, was_once

log = structlog.get_logger(__name__)

# After this long a claim is looked at again; alive or dead is told by its lock, see `session_lock`.
LOOK_AGAIN = timedelta(seconds=4)
# The first half of the two-part advisory lock; any number that nobody else uses.
_LOCK_CLASS = 4701
MAX_ATTEMPTS = 8
KEEP = timedelta(days=180)
# The space of the keys that stay when events are forgotten.
_SPACE = "event"
_URGENT_SECONDS = 1
_MOST_NUDGES = 20
_TELL_MANY = """
INSERT INTO kit_domainevent (public_id, kind, subject, payload, actor, at)
SELECT public_id, %s, subject, said::jsonb, %s, %s
FROM unnest(%s::uuid[], %s::text[], %s::text[]) n (public_id, subject, said) RETURNING id, subject
"""
# So many messages in a queue keep its workers busy until the next sweep.
_CROWD = 500


class DomainEvent(models.Model):
    """Something that happened, ours or WeCom's. Never changed. `subject` gives the order."""

    public_id = PublicIdField()
    kind = models.CharField(max_length=120)
    subject = models.CharField(max_length=120, blank=True)
    payload = models.JSONField(default=dict)
    actor = models.CharField(max_length=120)
    # The key under which a second telling of the same news is recognised.
    once = models.CharField(max_length=160, null=True, unique=True)
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(180, "at", by="kit.tasks.forget_what_was_told"),
        internal="id public_id kind subject payload actor once at",
    )

    class Meta:
        indexes = (
            # A person's or group's story in order, for HQ's event list.
            models.Index(fields=["subject", "id"], name="events_of_subject"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class HandlingState(models.TextChoices):
    WAITING = "waiting", "等待"
    CLAIMED = "claimed", "处理中"
    DONE = "done", "完成"
    PARKED = "parked", "已搁置"


class Handling(models.Model):
    """That one handler shall react to one event: the intent, its attempts, its end."""

    event = models.ForeignKey(DomainEvent, on_delete=models.CASCADE, related_name="handlings")
    handler = models.CharField(max_length=160)
    subject = models.CharField(max_length=120, blank=True)
    state = models.CharField(
        max_length=8, choices=HandlingState.choices, default=HandlingState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("event"),
        internal="id event handler subject state attempts next_try_at claimed_at error",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["event", "handler"], name="one_handling_per_handler"),
        )
        indexes = (
            # What is due now.
            models.Index(
                fields=["next_try_at"],
                name="handlings_due",
                condition=Q(state__in=["waiting", "claimed"]),
            ),
            # What was given up and waits for a person, by handler.
            models.Index(fields=["handler"], name="handlings_parked", condition=Q(state="parked")),
            # Is an earlier event of this subject still open for this handler?
            models.Index(
                fields=["handler", "subject", "id"],
                name="handlings_open_in_order",
                condition=Q(state__in=["waiting", "claimed"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.handler} ← {self.event_id}"


class NotYet(Exception):
    """A handler's wish to be called again later, without blame."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


def handlers_of(kind: str) -> Sequence[str]:
    """The dotted paths that react to a kind of event, lowest floor first."""
    board: Mapping[str, Sequence[str]] = import_string(settings.SWITCHBOARD)
    return board.get(kind, ())


def emit(
    kind: str,
    /,
    *,
    subject: str = "",
    once: str | None = None,
    more: Mapping[str, Any] | None = None,
    **payload: Any,
) -> DomainEvent | None:
    """Record that something happened, with a row for every handler. A step.

    With `once`, a second emission changes nothing and returns None, also when the first was
    forgotten after its time. The payload holds ids and plain values, no personal data: it is kept
    longer than the person. `more` is payload whose names are parameters here.
    """
    by = must_be_in_action()
    event = DomainEvent(
        kind=kind,
        subject=subject,
        payload={**payload, **(more or {})},
        actor=str(by),
        once=once,
    )
    if not _is_news(event):
        return None
    rows = Handling.objects.bulk_create(
        [Handling(event=event, handler=path, subject=subject) for path in handlers_of(kind)]
    )
    keys = [(row.pk, row.handler) for row in rows]
    transaction.on_commit(lambda: call_handlers(keys), robust=True)
    return event


def _is_news(event: DomainEvent) -> bool:
    """Save it, unless it was told before."""
    if event.once is None:
        event.save()
        return True
    is_known = DomainEvent.objects.filter(once=event.once).exists()
    if is_known or was_once(_SPACE, event.once):
        return False
    # Two callers in the same moment: the second must not break the transaction around it.
    DomainEvent.objects.bulk_create([event], ignore_conflicts=True)
    mine = DomainEvent.objects.filter(once=event.once, public_id=event.public_id)
    event.pk = mine.values_list("pk", flat=True).first()
    return event.pk is not None


def emit_many(kind: str, news: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Record that many things of a kind happened, (subject, payload) each, in two inserts. A step.

    For bulk doors. Above a handful nobody is nudged: the sweep finds the rows in its own time.
    """
    by = must_be_in_action()
    each = [(new_public_id(), subject, json.dumps(payload)) for subject, payload in news]
    with connection.cursor() as cursor:
        columns = [[row[at] for row in each] for at in range(3)]
        cursor.execute(_TELL_MANY, [kind, str(by), timezone.now(), *columns])
        told = cursor.fetchall()
    rows = Handling.objects.bulk_create(
        [
            Handling(event_id=key, handler=path, subject=subject)
            for key, subject in told
            for path in handlers_of(kind)
        ]
    )
    keys = [(row.pk, row.handler) for row in rows]
    if len(keys) <= _MOST_NUDGES:
        transaction.on_commit(lambda: call_handlers(keys), robust=True)


def nudge(task: str, keys: Sequence[int], queue: str = "urgent") -> None:
    """Ask workers to look at rows. A lost nudge only waits for the next sweep."""
    try:
        for key in keys:
            current_app.send_task(task, args=[key], queue=queue)
    except Exception as error:  # noqa: BLE001 - the row is the intent, the broker may be away
        log.warning("nudge_lost", task=task, error=type(error).__name__)


def call_handlers(rows: Iterable[tuple[int, str]]) -> None:
    """Ask workers to handle rows (key, handler), each by the queue that its handler was given."""
    board: Mapping[str, str] = import_string(settings.QUEUES)
    by_queue: dict[str, list[int]] = {}
    for key, handler in rows:
        by_queue.setdefault(board.get(handler, "urgent"), []).append(key)
    for queue, keys in by_queue.items():
        nudge("kit.tasks.handle", keys, queue=queue)


def call_handlers_again() -> None:
    """Ask for what is due and was perhaps never asked for.

    Not where a queue is long: its messages about these rows are not lost, and a backlog must not
    fill the broker with messages about itself.
    """
    board: Mapping[str, str] = import_string(settings.QUEUES)
    rows = [
        row
        for queue in sorted({"urgent", *board.values()})
        if _has_room(queue)
        for row in due_handlings(queue)
    ]
    call_handlers(rows)


def due_handlings(queue: str = "urgent", limit: int = 500) -> list[tuple[int, str]]:
    """Keys and handlers of one queue's rows whose time has come or whose worker died.

    Without those that wait for an earlier event of their subject: a long queue behind one that
    keeps failing must not fill every look and hide all others.
    """
    now = timezone.now()
    board: Mapping[str, str] = import_string(settings.QUEUES)
    elsewhere = [path for path, named in board.items() if named != queue]
    named_here = [path for path, named in board.items() if named == queue]
    here = ~Q(handler__in=elsewhere) if queue == "urgent" else Q(handler__in=named_here)
    return list(
        Handling.objects.filter(
            Q(
                state=HandlingState.WAITING,
                next_try_at__lte=now - timedelta(seconds=_URGENT_SECONDS),
            )
            | Q(state=HandlingState.CLAIMED, claimed_at__lt=now - LOOK_AGAIN),
            here,
            ~Exists(_earlier()),
        )
        .order_by("next_try_at")
        .values_list("pk", "handler")[:limit]
    )


def _has_room(queue: str) -> bool:
    """Whether few messages wait there. A broker that cannot say is asked in vain, not feared."""
    try:
        with current_app.connection_or_acquire() as broker:
            # As Celery declares it: to declare what stands is to ask how many wait there. A passive
            # one finds nothing on Redis under a key prefix.
            told = broker.default_channel.queue_declare(queue, durable=True)
    except Exception as error:  # noqa: BLE001 - away, or another's queue: asking does no harm
        log.debug("queue_unknown", queue=queue, error=type(error).__name__)
        return True
    return int(told.message_count) < _CROWD


def handle(key: int) -> bool:
    """Claim one row and call its handler; True when this call did the work.

    Refuses quietly when the row is done, claimed by somebody alive, not due, or when an earlier
    event of its subject still waits for the same handler.
    """
    with session_lock(_LOCK_CLASS, key) as is_ours:
        row = _claim(key) if is_ours else None
        return row is not None and _react(row)


def _react(row: Handling) -> bool:
    """Call the handler of a claimed row and mark how it ended."""
    reaction: Callable[[DomainEvent], None] = import_string(row.handler)
    try:
        reaction(row.event)
    except NotYet as wish:
        _mark(row, HandlingState.WAITING, pause=wish.seconds, error="", attempts=row.attempts - 1)
        return True
    except Exception as error:
        drop_what_still_runs()
        parked = row.attempts >= MAX_ATTEMPTS
        state = HandlingState.PARKED if parked else HandlingState.WAITING
        _mark(row, state, pause=min(600, 2**row.attempts), error=f"{type(error).__name__}: {error}")
        log.exception("handler_failed", handler=row.handler, about=str(row.event.public_id))
        return True
    _mark(row, HandlingState.DONE, pause=0, error="")
    _nudge_next(row)
    return True


def _claim(key: int) -> Handling | None:
    now = timezone.now()
    # The caller holds the row's lock: whoever claimed it before is not alive any more.
    free = Q(state=HandlingState.WAITING, next_try_at__lte=now) | Q(state=HandlingState.CLAIMED)
    with transaction.atomic():
        claimed = Handling.objects.filter(free, ~Exists(_earlier()), pk=key).update(
            state=HandlingState.CLAIMED, claimed_at=now, attempts=F("attempts") + 1
        )
    if not claimed:
        return None
    return Handling.objects.select_related("event").get(pk=key)


def _earlier() -> models.QuerySet[Handling]:
    """What of the same subject still waits for the same handler, told before."""
    return Handling.objects.filter(
        handler=OuterRef("handler"),
        subject=OuterRef("subject"),
        pk__lt=OuterRef("pk"),
        state__in=[HandlingState.WAITING, HandlingState.CLAIMED],
    ).exclude(subject="")


def _mark(
    row: Handling, state: HandlingState, *, pause: int, error: str, attempts: int | None = None
) -> None:
    # A broken transaction of the handler must not swallow its own mark.
    if connection.in_atomic_block and connection.needs_rollback:
        raise RuntimeError(f"{row.handler} left a broken transaction")
    Handling.objects.filter(pk=row.pk, attempts=row.attempts).update(
        state=state,
        next_try_at=timezone.now() + timedelta(seconds=pause),
        error=error[:2000],
        attempts=row.attempts if attempts is None else attempts,
    )


def _nudge_next(row: Handling) -> None:
    """Wake the next event of the same subject, which waited for this one."""
    if not row.subject:
        return
    following = (
        Handling.objects.filter(
            handler=row.handler, subject=row.subject, pk__gt=row.pk, state=HandlingState.WAITING
        )
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    )
    if following:
        call_handlers([(following, row.handler)])


@action
def forget_events(*, at: datetime, after: int = 0, limit: int = 2000, by: Actor) -> int:
    """Delete the next events past their retention, with their handlings; the last number looked at.

    0 when nothing older is left. Call it with the number that it gave until then. Numbers are given
    in the order of time, so it stops at the first event that is young. Who has an open handling
    stays until that has ended. Keys that could still come again are kept (kit.schedule), those of
    `settings.PASSING_KEYS` are not.
    """
    rows = list(
        DomainEvent.objects.filter(pk__gt=after).order_by("pk").only("pk", "once", "at")[:limit]
    )
    old = [row for row in rows if row.at < at - KEEP]
    if not old:
        return 0
    handlings = Handling.objects.filter(event__in=[row.pk for row in old])
    is_open = set(
        handlings.filter(state__in=[HandlingState.WAITING, HandlingState.CLAIMED]).values_list(
            "event_id", flat=True
        )
    )
    over = {row.pk: row.once for row in old if row.pk not in is_open}
    passing: Sequence[str] = import_string(settings.PASSING_KEYS)
    keep_keys(_SPACE, [key for key in over.values() if key and not key.startswith(tuple(passing))])
    gone = handlings.filter(event__in=over)
    parked = gone.filter(state=HandlingState.PARKED).count()
    if parked:
        log.warning("parked_handlings_forgotten", rows=parked)
    gone.delete()
    DomainEvent.objects.filter(pk__in=over).delete()
    return old[-1].pk if len(old) == limit else 0
