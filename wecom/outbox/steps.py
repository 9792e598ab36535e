"""What actions of any floor may do with the outbox: put a wish into it, take one back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.events import nudge
from kit.schedule import was_once
from wecom.outbox.models import Kind, OutboxRow, OutboxState
from wecom.outbox.rules import fault_of

# The space of the keys that stay when rows are forgotten.
SPACE = "outbox"
# Rows up to this priority travel by the urgent queue.
URGENT = 3
# What comes by the thousands has a queue of its own, so that a word to one guide never waits
# behind a campaign. Workers take from their queues in turn.
_BULK = frozenset(
    {
        Kind.MASS_SEND,
        Kind.MASS_SEND_REMIND,
        Kind.CONTACT_WAY_CHANGE,
        Kind.CUSTOMER_TRANSFER,
        Kind.GROUP_TRANSFER,
        Kind.TAG_MARK,
        Kind.REMARK,
        Kind.MOMENT,
    }
)
# WeCom takes a welcome within 20 seconds of the event (document 92599).
WELCOME_SECONDS = 20


def put(
    kind: str,
    payload: Mapping[str, Any],
    *,
    once: str,
    subject: str = "",
    app: str = "main",
    priority: int = 5,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> OutboxRow | None:
    """Wish for one effect at WeCom after the commit. A step.

    The same `once` again returns the row that stands, unchanged, or None when that ended so long
    ago that it was forgotten. A kind that nobody knows, or a payload without what its kind needs,
    raises ValueError. A welcome without `expires_at` gets WeCom's 20 seconds from now.
    """
    must_be_in_action()
    found = OutboxRow.objects.filter(once=once).first()
    if found is not None or was_once(SPACE, once):
        return found
    now = timezone.now()
    kind = _checked(kind, payload)
    if kind == Kind.WELCOME:
        priority = min(priority, 1)
        expires_at = expires_at or now + timedelta(seconds=WELCOME_SECONDS)
    due = due_at or now
    row = OutboxRow(
        kind=kind,
        app=app,
        payload=dict(payload),
        once=once,
        subject=subject,
        priority=priority,
        due_at=due,
        expires_at=expires_at,
        next_try_at=due,
        nudged_at=now if due <= now else None,
    )
    return _stored(row, is_due=due <= now)


def _stored(row: OutboxRow, *, is_due: bool) -> OutboxRow:
    """The row that stands under this `once`: ours, or that of another caller in the same moment."""
    # A plain insert that clashes would break the transaction around it.
    OutboxRow.objects.bulk_create([row], ignore_conflicts=True)
    stored = OutboxRow.objects.get(once=row.once)
    if stored.public_id == row.public_id and is_due:
        transaction.on_commit(lambda: call_courier([stored]), robust=True)
    return stored


def _checked(kind: str, payload: Mapping[str, Any]) -> str:
    """The kind, if it is one and the payload can be carried. Raises ValueError otherwise."""
    kind = Kind(kind).value
    fault = fault_of(kind, payload)
    if fault:
        raise ValueError(fault)
    return kind


def cancel(once: str) -> bool:
    """Take a wish back before anybody began with it. A step.

    True when it will never be sent; False when it is being sent, has ended, or never existed.
    """
    must_be_in_action()
    return bool(
        OutboxRow.objects.filter(once=once, state=OutboxState.PLANNED).update(
            state=OutboxState.CANCELLED, ended_at=timezone.now()
        )
    )


def call_courier(rows: Iterable[OutboxRow]) -> None:
    """Ask workers to deliver rows, each by its queue. Needs their kind and priority only."""
    by_queue: dict[str, list[int]] = {}
    for row in rows:
        by_queue.setdefault(queue_of(row), []).append(row.pk)
    for queue, keys in by_queue.items():
        nudge("wecom.tasks.deliver", keys, queue=queue)


def queue_of(row: OutboxRow) -> str:
    """A welcome has 20 seconds and workers of its own; the rest is urgent, usual, or many."""
    if row.kind == Kind.WELCOME:
        return "welcome"
    if row.priority <= URGENT:
        return "urgent"
    return "bulk" if row.kind in _BULK else "default"
