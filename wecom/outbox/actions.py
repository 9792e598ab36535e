"""How a row's state changes: claimed, ended, put back. Each mark names the claim it speaks for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.schedule import keep_keys
from wecom.outbox.carriers import CARRIERS
from wecom.outbox.models import Kind, OutboxPause, OutboxRow, OutboxState
from wecom.outbox.queries import planned_of
from wecom.outbox.steps import SPACE, URGENT, call_courier

KEEP = timedelta(days=180)
# A pause of the row's kind, or of everything its application sends.
_PAUSED = Exists(
    OutboxPause.objects.filter(Q(kind="") | Q(kind=OuterRef("kind")), app=OuterRef("app"))
)


@action
def claim(key: int, *, by: Actor) -> OutboxRow | None:
    """Take one due row, so that no other worker calls WeCom for it.

    None when it is not due, paused, taken, or ended. A row past its last moment is marked missed
    instead, paused or not; also None.
    """
    now = timezone.now()
    row = OutboxRow.objects.filter(pk=key, state=OutboxState.PLANNED).first()
    if row is None or row.next_try_at > now:
        return None
    if row.expires_at is not None and row.expires_at <= now:
        taken = _planned(key).update(state=OutboxState.MISSED, ended_at=now)
        if taken:
            _tell_end(row, OutboxState.MISSED, answer={}, error=row.error, code=row.error_code)
        return None
    taken = (
        _planned(key)
        .filter(~_PAUSED)
        .update(
            state=OutboxState.SENDING,
            claim=uuid.uuid4(),
            claimed_at=now,
            ask_at=now + CARRIERS[row.kind].lease,
            attempts=F("attempts") + 1,
            # What the attempt before met says nothing about this one.
            error="",
            error_code=None,
        )
    )
    return OutboxRow.objects.get(pk=key) if taken else None


@action
def end(
    row: OutboxRow,
    state: OutboxState,
    *,
    answer: dict[str, Any] | None = None,
    error: str = "",
    code: int | None = None,
    by: Actor,
) -> bool:
    """Write how a claimed row ended and tell it as `outbox.<state>.<kind>`.

    False when the claim is no longer ours; then somebody else has spoken for the row.
    """
    return _ended(row, state, answer=answer or {}, error=error, code=code)


@action
def put_back(
    row: OutboxRow,
    *,
    pause: float,
    error: str,
    code: int | None = None,
    in_doubt: bool = False,
    known: Mapping[str, Any] | None = None,
    is_attempt: bool = True,
    by: Actor,
) -> bool:
    """Plan a claimed row again after a pause in seconds; past its last moment it is missed.

    `in_doubt` notes that the call before may have taken effect, `known` what of it surely did.
    Without `is_attempt` the try does not count: WeCom was not really asked.
    """
    at = timezone.now() + timedelta(seconds=pause)
    if row.expires_at is not None and at >= row.expires_at:
        return _ended(row, OutboxState.MISSED, answer={}, error=error, code=code)
    return bool(
        _claimed(row).update(
            state=OutboxState.PLANNED,
            claim=None,
            claimed_at=None,
            ask_at=None,
            nudged_at=None,
            next_try_at=at,
            error=error[:2000],
            error_code=code,
            answer={**row.answer, **(known or {}), **({"in_doubt": True} if in_doubt else {})},
            attempts=row.attempts - (0 if is_attempt else 1),
        )
    )


@action
def leave_open(
    row: OutboxRow, *, ask_at: datetime, error: str, code: int | None = None, by: Actor
) -> bool:
    """Note on a claimed row why its outcome is unknown, and when WeCom shall be asked."""
    return bool(_claimed(row).update(ask_at=ask_at, error=error[:2000], error_code=code))


@action
def take_to_ask(*, limit: int, again_in: timedelta, by: Actor) -> list[OutboxRow]:
    """Rows that are `sending` beyond their lease, for one asker at a time.

    They stay claimed by whoever called WeCom: if he wakes up with an answer, his word counts.
    """
    now = timezone.now()
    rows = list(
        OutboxRow.objects.select_for_update(skip_locked=True)
        .filter(state=OutboxState.SENDING, ask_at__lte=now)
        .order_by("ask_at")[:limit]
    )
    OutboxRow.objects.filter(pk__in=[row.pk for row in rows]).update(ask_at=now + again_in)
    return rows


@action
def send_again(row: OutboxRow, *, by: Actor) -> bool:
    """HQ's word that a failed or unknown row is to be sent (again).

    False in any other state, and when the row was forgotten after its time.
    """
    now = timezone.now()
    changed = OutboxRow.objects.filter(
        pk=row.pk, state__in=[OutboxState.FAILED, OutboxState.UNKNOWN]
    ).update(
        state=OutboxState.PLANNED,
        claim=None,
        claimed_at=None,
        attempts=0,
        next_try_at=now,
        nudged_at=None,
        ended_at=None,
    )
    if changed:
        emit("outbox.sent_again", subject=row.subject, more={"once": row.once, "kind": row.kind})
    return bool(changed)


@action
def settle(row: OutboxRow, *, was_sent: bool, by: Actor) -> bool:
    """HQ's word on an unknown row, after looking into WeCom; False when it is not unknown."""
    state = OutboxState.SENT if was_sent else OutboxState.FAILED
    changed = OutboxRow.objects.filter(pk=row.pk, state=OutboxState.UNKNOWN).update(
        state=state, ended_at=timezone.now()
    )
    if changed:
        _tell_end(row, state, answer=row.answer, error=row.error, code=row.error_code)
    return bool(changed)


@action
def note_outcome(once: str, known: Mapping[str, Any], *, error: str = "", by: Actor) -> bool:
    """What became, much later, of something that WeCom had taken; with `error` nothing did.

    HQ finds it where it looks for what was sent, or was not. False when that is known, or the row
    has not ended so.
    """
    row = OutboxRow.objects.select_for_update().filter(once=once, state=OutboxState.SENT).first()
    if row is None or (not error and row.answer.items() >= known.items()):
        return False
    row.answer = {**row.answer, **known}
    if error:
        row.state, row.error = OutboxState.FAILED, error[:2000]
        row.error_code = known.get("code")
    row.save(update_fields=["answer", "state", "error", "error_code"])
    if error:
        _tell_end(row, row.state, answer=row.answer, error=row.error, code=row.error_code)
    return True


@action
def pause(*, kind: str = "", app: str = "main", reason: str, by: Actor) -> bool:
    """Claim nothing more of a kind (of any, without one) for an application, until resumed.

    False when it was paused before. What is claimed already is carried to its end; what has a last
    moment is missed when that passes. An unknown kind raises ValueError.
    """
    kind = Kind(kind).value if kind else ""
    row = OutboxPause(app=app, kind=kind, by=str(by)[:120], reason=reason[:200])
    OutboxPause.objects.bulk_create([row], ignore_conflicts=True)
    began = OutboxPause.objects.filter(app=app, kind=kind, since=row.since).exists()
    if began:
        emit("outbox.paused", more={"app": app, "kind": kind, "reason": reason[:200]})
    return began


@action
def resume(*, kind: str = "", app: str = "main", by: Actor) -> bool:
    """End exactly this pause; False when there was none. The sweep finds what waited."""
    ended, _ = OutboxPause.objects.filter(app=app, kind=kind).delete()
    if ended:
        emit("outbox.resumed", more={"app": app, "kind": kind})
    return bool(ended)


@action
def forget_old(*, limit: int = 2000, by: Actor) -> int:
    """Delete rows that ended longer ago than they are kept; how many.

    Their keys stay, so that the same wish is still recognised.
    """
    old = OutboxRow.objects.filter(ended_at__lt=timezone.now() - KEEP).order_by("ended_at")
    rows = dict(old.values_list("pk", "once")[:limit])
    keep_keys(SPACE, rows.values())
    return OutboxRow.objects.filter(pk__in=rows).delete()[0]


@action
def nudge_due(*, limit: int = 200, by: Actor) -> int:
    """Ask workers for rows whose time has come and whose nudge was lost, or never given.

    The most urgent first, so many of each kind: none waits behind the masses of another. A row is
    asked for once in 15 seconds, an urgent one once in 3: a long backlog must not fill the broker
    with messages about itself.
    """
    now = timezone.now()
    due = OutboxRow.objects.filter(state=OutboxState.PLANNED, next_try_at__lte=now).exclude(
        Q(priority__lte=URGENT, nudged_at__gt=now - timedelta(seconds=3))
        | Q(priority__gt=URGENT, nudged_at__gt=now - timedelta(seconds=15))
    )
    due = due.order_by("priority", "next_try_at").only("pk", "kind", "priority")
    paused = set(OutboxPause.objects.values_list("app", "kind"))
    found: list[OutboxRow] = []
    resting = Q()
    for kind, app in planned_of():
        if (app, "") in paused or (app, kind) in paused:
            resting |= Q(kind=kind, app=app)
        else:
            found += due.filter(kind=kind, app=app)[:limit]
    if resting:
        # Of what rests only those are looked for that are missed meanwhile.
        late = due.filter(resting, expires_at__lte=now).order_by("expires_at")
        found += late[:limit]
    OutboxRow.objects.filter(pk__in=[row.pk for row in found]).update(nudged_at=now)
    call_courier(sorted(found, key=lambda row: row.priority))
    return len(found)


def _planned(key: int) -> Any:
    return OutboxRow.objects.filter(pk=key, state=OutboxState.PLANNED)


def _claimed(row: OutboxRow) -> Any:
    return OutboxRow.objects.filter(pk=row.pk, state=OutboxState.SENDING, claim=row.claim)


def _ended(
    row: OutboxRow, state: OutboxState, *, answer: dict[str, Any], error: str, code: int | None
) -> bool:
    changed = _claimed(row).update(
        state=state,
        answer=answer,
        error=error[:2000],
        error_code=code,
        ended_at=timezone.now(),
        ask_at=None,
    )
    if changed:
        _tell_end(row, state, answer=answer, error=error, code=code)
    return bool(changed)


def _tell_end(
    row: OutboxRow, state: str, *, answer: dict[str, Any], error: str, code: int | None
) -> None:
    # The change of state happens once, so its news needs no key of its own.
    emit(
        f"outbox.{state}.{row.kind}",
        subject=row.subject,
        more={"once": row.once},
        answer=answer,
        error=error[:500],
        reason=error[:500],
        code=code,
    )
