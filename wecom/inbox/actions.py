"""Turning inbox rows into domain events, in the very transaction that marks them read."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from xml.parsers.expat import ExpatError

import structlog
from django.db import DataError, transaction
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import Handling, HandlingState, emit
from wecom.inbox.events import Unreadable, again, read
from wecom.inbox.models import InboxMessage, InboxState
from wecom.inbox.news import News, UnknownNews

log = structlog.get_logger(__name__)

_OPEN: Final = (InboxState.WAITING, InboxState.AGAIN)
KEEP: Final = timedelta(days=30)


@action
def read_waiting(*, limit: int = 50, by: Actor) -> int:
    """Read the oldest waiting rows that no other reader holds; how many were read.

    A killed reader has changed nothing. A row that cannot be understood is parked with its reason
    and stops nobody; a repeated row becomes another look, where looking again is harmless.
    """
    rows = list(
        InboxMessage.objects.select_for_update(skip_locked=True)
        .filter(state__in=_OPEN)
        .order_by("pk")[:limit]
    )
    for row in rows:
        _read(row)
    return len(rows)


@action
def reopen(message: InboxMessage, *, by: Actor) -> bool:
    """Have a parked row read once more; False when it is not parked."""
    reopened = InboxMessage.objects.filter(pk=message.pk, state=InboxState.PARKED).update(
        state=InboxState.WAITING, error=""
    )
    return bool(reopened)


@action
def reopen_kind(kind: str, *, by: Actor) -> int:
    """Have every parked row of a kind read once more, "" for those never understood; how many."""
    parked = InboxMessage.objects.filter(state=InboxState.PARKED, kind=kind)
    return parked.update(state=InboxState.WAITING, error="")


@action
def handle_kind_again(*, handler: str, kind: str = "", by: Actor) -> int:
    """Have every parked reaction of a handler tried from the beginning; how many.

    With `kind` only those to events of that kind.
    """
    parked = Handling.objects.filter(state=HandlingState.PARKED, handler=handler)
    if kind:
        parked = parked.filter(event__kind=kind)
    return parked.update(
        state=HandlingState.WAITING, attempts=0, next_try_at=timezone.now(), error=""
    )


@action
def handle_again(handling: Handling, *, by: Actor) -> bool:
    """Have a parked reaction tried from the beginning; False when it is not parked."""
    reopened = Handling.objects.filter(pk=handling.pk, state=HandlingState.PARKED).update(
        state=HandlingState.WAITING, attempts=0, next_try_at=timezone.now(), error=""
    )
    return bool(reopened)


@action
def forget_old(*, by: Actor) -> int:
    """Delete rows past their retention that were read, or given up; how many.

    What a parked one told has been found by a sweep long since, or is nothing that sweeps compare.
    """
    old = InboxMessage.objects.exclude(state__in=_OPEN).filter(
        received_at__lt=timezone.now() - KEEP
    )
    parked = old.filter(state=InboxState.PARKED).count()
    if parked:
        log.warning("parked_callbacks_forgotten", rows=parked)
    return old.delete()[0]


def _read(row: InboxMessage) -> None:
    row.attempts = min(row.attempts + 1, 30_000)
    try:
        news = read(row.body)
        row.kind = _name(news)[:120]
        # A value that PostgreSQL refuses must park this row, not the batch around it.
        with transaction.atomic():
            _tell(row, news)
    except (Unreadable, ExpatError, ValueError, RecursionError, DataError) as error:
        row.state, row.error = InboxState.PARKED, f"{type(error).__name__}: {error}"[:500]
        log.error("callback_parked", app=row.app, row=row.pk, error=row.error)
    else:
        row.state, row.error = InboxState.DONE, ""
    row.save(update_fields=["state", "kind", "attempts", "error"])


def _name(news: News) -> str:
    """The kind under which the row is found; unknown ones are counted by WeCom's own names."""
    return f"{news.kind}.{news.name}" if isinstance(news, UnknownNews) else news.kind


def _tell(row: InboxMessage, news: News) -> None:
    """Emit once for the row, and once more for each time it was told again after that."""
    once = f"wecom:{bytes(row.digest).hex()}"
    is_repeat = row.state == InboxState.AGAIN
    if is_repeat and not news.IS_HINT:
        return
    told = again(news) if is_repeat else news
    if is_repeat:
        once = f"{once}:{row.repeats}"
    emit(told.kind, subject=told.subject, once=once, app=row.app, **told.payload)
