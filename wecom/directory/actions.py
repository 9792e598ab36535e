"""How a sweep's row changes: begun, moved on, put off, paused, ended. Not: what is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit, nudge
from wecom.directory.models import Difference, Sweep, SweepKind, SweepState
from wecom.directory.portions import Found

KEEP: Final = timedelta(days=90)
OPEN: Final = (SweepState.RUNNING, SweepState.PAUSED)


@action
def begin_sweep(kind: str, *, is_full: bool = True, is_thorough: bool = False, by: Actor) -> Sweep:
    """Begin to compare a kind with WeCom; the one under way comes back if there is one.

    A full sweep takes the place of a delta under way. A thorough one reads the details of
    everything instead of tonight's share. ValueError for a kind that nobody knows.
    """
    kind = SweepKind(kind).value
    now = timezone.now()
    held = Sweep.objects.select_for_update().filter(kind=kind, state__in=OPEN).first()
    if held is not None and (held.is_full or not is_full):
        return held
    if held is not None:
        held.state, held.ended_at, held.error = SweepState.CANCELLED, now, "由全量对账接替"
        held.save(update_fields=["state", "ended_at", "error"])
    made = Sweep(kind=kind, is_full=is_full, begun_by=str(by), started_at=now, next_at=now)
    made.cursor = {"is_thorough": True} if is_thorough else {}
    # Two who begin in the same moment: the constraint lets one through.
    Sweep.objects.bulk_create([made], ignore_conflicts=True)
    return Sweep.objects.get(kind=kind, state__in=OPEN)


@action
def move_on(
    sweep: Sweep,
    *,
    cursor: Mapping[str, Any],
    done: int,
    total: int,
    repaired: Sequence[Found],
    left: Sequence[Found],
    by: Actor,
) -> bool:
    """Save that the portion behind the cursor was handled, with its differences.

    False when the sweep was not where `sweep` says: then somebody else has handled it.
    """
    now = timezone.now()
    moved = Sweep.objects.filter(
        pk=sweep.pk, portions=sweep.portions, state__in=OPEN, ended_at=None
    ).update(
        cursor=dict(cursor),
        portions=F("portions") + 1,
        done=F("done") + done,
        total=total,
        found=F("found") + len(repaired) + len(left),
        repaired=F("repaired") + len(repaired),
        troubles=0,
        error="",
        next_at=now,
    )
    if moved:
        rows = [_difference(sweep, one, now, now) for one in repaired]
        rows += [_difference(sweep, one, now, None) for one in left]
        Difference.objects.bulk_create(rows)
    return bool(moved)


@action
def put_off(
    sweep: Sweep, *, seconds: float, error: str, is_trouble: bool = True, by: Actor
) -> bool:
    """Let a running sweep rest for a while, with the reason for HQ."""
    return bool(
        Sweep.objects.filter(pk=sweep.pk, state=SweepState.RUNNING).update(
            next_at=timezone.now() + timedelta(seconds=seconds),
            error=error[:400],
            troubles=F("troubles") + (1 if is_trouble else 0),
        )
    )


@action
def end_sweep(sweep: Sweep, state: SweepState, *, error: str = "", by: Actor) -> bool:
    """Write how a sweep ended and tell it as `sweep_ended`; False when it had ended before."""
    ended = Sweep.objects.filter(pk=sweep.pk, state__in=OPEN).update(
        state=state, ended_at=timezone.now(), error=error[:400]
    )
    if ended:
        emit("sweep_ended", subject=f"sweep:{sweep.kind}", sweep=sweep.pk, state=str(state))
    return bool(ended)


@action
def pause_sweep(sweep: Sweep, *, by: Actor) -> bool:
    """HQ stops a sweep for now; the portion under way is finished. False when it does not run."""
    return bool(
        Sweep.objects.filter(pk=sweep.pk, state=SweepState.RUNNING).update(
            state=SweepState.PAUSED, error=f"由 {by.key} 暂停"[:400]
        )
    )


@action
def resume_sweep(sweep: Sweep, *, by: Actor) -> bool:
    """HQ lets a paused or failed sweep go on where it was. False in any other state.

    Also when another sweep of its kind has begun since it failed.
    """
    now = timezone.now()
    rows = Sweep.objects.select_for_update().filter(kind=sweep.kind)
    row = rows.filter(pk=sweep.pk, state__in=[SweepState.PAUSED, SweepState.FAILED]).first()
    if row is None or rows.filter(state__in=OPEN).exclude(pk=row.pk).exists():
        return False
    row.state, row.next_at, row.error, row.troubles = SweepState.RUNNING, now, "", 0
    row.ended_at = None
    row.save(update_fields=["state", "next_at", "error", "troubles", "ended_at"])
    return True


@action
def forget_old_sweeps(*, by: Actor) -> int:
    """Delete ended sweeps past their retention, with their differences; how many rows."""
    old = Sweep.objects.filter(ended_at__lt=timezone.now() - KEEP).exclude(state__in=OPEN)
    return old.delete()[0]


def call_sweeper(keys: Sequence[int]) -> None:
    """Ask workers to go on with these sweeps; a lost nudge waits for the next tick."""
    nudge("wecom.tasks.carry_on_sweep", list(keys), queue="default")


def _difference(
    sweep: Sweep, found: Found, at: datetime, repaired_at: datetime | None
) -> Difference:
    return Difference(
        sweep_id=sweep.pk,
        subject=found.subject[:120],
        what=found.what[:60],
        detail=found.detail[:300],
        at=at,
        repaired_at=repaired_at,
    )
