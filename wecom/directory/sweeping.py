"""The engine: one portion of one sweep, from WeCom's answer to the saved cursor.

Pull, compare, then save where we are. A process that dies before the last step leaves the cursor
where it was: the portion is pulled and compared again, and comparing twice repairs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from django.utils import timezone

from kit.actions import session_lock
from kit.actor import Actor
from wecom.directory import actions, queries
from wecom.directory.models import Sweep, SweepState
from wecom.directory.portions import Found, Outcome, Portion, Rest, Tally, reconcilers_of
from wecom.directory.pulling import CALLS, Pulled
from wecom.directory.rules import INDIGESTIBLE, MOST_TROUBLES, pause_after
from wecom.directory.sources import SOURCES
from wecom.gateway import Retry, WecomError, gateway_of
from wecom.gateway.errors import LimitReached
from wecom.gateway.governor import bulk

log = structlog.get_logger(__name__)

SWEEPER: Final = Actor.system("compares with WeCom")
_LOCK_CLASS: Final = 4702
# How long a sweep rests before it looks again whether the one that it waits for has ended.
_WAIT_SECONDS: Final = 5.0


def due_sweeps() -> list[int]:
    """Keys of running sweeps whose next portion is due; also of those whose worker died."""
    found = Sweep.objects.filter(state=SweepState.RUNNING, next_at__lte=timezone.now())
    return list(found.order_by("next_at").values_list("pk", flat=True))


def carry_on(key: int) -> bool:
    """Handle the next portion of a sweep; True when there is another one to go on with at once.

    Refuses quietly when the sweep rests, has ended, or another process is at it. The lock is the
    session's: it ends with a kill -9.
    """
    with session_lock(_LOCK_CLASS, key) as is_ours:
        if not is_ours:
            return False
        sweep = Sweep.objects.filter(
            pk=key, state=SweepState.RUNNING, next_at__lte=timezone.now()
        ).first()
        if sweep is None or (not sweep.portions and _waits(sweep)):
            return False
        try:
            # Welcomes and callbacks keep their part of every window.
            with bulk():
                return _portion(sweep)
        except WecomError as error:
            _rest(sweep, error)
        except Exception as error:
            log.exception("sweep_stumbled", kind=sweep.kind, sweep=sweep.pk)
            _stumble(sweep, error)
        return False


def sweep_through(kind: str, *, is_full: bool = True, by: Actor = SWEEPER) -> Sweep:
    """Begin a thorough sweep and handle it to its end in this process, for commands and the demo.

    Ends early, with the sweep as it stands, when WeCom wants us to wait. What has to be swept
    before it is swept before it.
    """
    needed = queries.must_wait_for(kind)
    if needed is not None:
        sweep_through(needed, by=by)
    sweep = actions.begin_sweep(kind, is_full=is_full, is_thorough=True, by=by)
    while carry_on(sweep.pk):
        pass
    sweep.refresh_from_db()
    return sweep


def _waits(sweep: Sweep) -> bool:
    """Whether another kind is to be swept first; it is begun, and this one rests a little."""
    needed = queries.must_wait_for(sweep.kind)
    if needed is None:
        return False
    first = actions.begin_sweep(needed, by=SWEEPER)
    reason = f"先等待“{needed.label}”对账完成"
    actions.put_off(sweep, seconds=_WAIT_SECONDS, error=reason, is_trouble=False, by=SWEEPER)
    actions.call_sweeper([first.pk])
    return True


def _portion(sweep: Sweep) -> bool:
    """Pull, compare, save. False when that was the end."""
    cursor = dict(sweep.cursor)
    wants: list[str] = list(cursor.get("wants", ()))
    # Nobody lists on while much is wanted: that keeps the cursor small.
    if wants and (cursor.get("is_listed") or len(wants) >= CALLS):
        chosen, wants = wants[:CALLS], wants[CALLS:]
        pulled = SOURCES[sweep.kind].details(gateway_of(), sweep, chosen)
        pulled.total = max(pulled.total, sweep.total)
    elif not cursor.get("is_listed"):
        pulled = SOURCES[sweep.kind].page(gateway_of(), sweep, cursor.get("at") or {})
        cursor["at"], cursor["is_listed"] = pulled.at, pulled.at is None
    else:
        return _compare_rest(sweep, cursor)
    tally = Tally(left=list(pulled.left))
    for portion in pulled.portions:
        _compare(sweep, portion, tally)
    # Newly wanted ones first: pages of one guide follow each other.
    cursor["wants"] = list(dict.fromkeys([*pulled.wants, *tally.wants, *wants]))
    return _save(sweep, cursor, tally, pulled)


def _compare(sweep: Sweep, portion: Portion, tally: Tally) -> None:
    for path, reconcile in reconcilers_of(sweep.kind):
        try:
            outcome = reconcile(portion)
        except WecomError:
            raise
        except Exception as error:
            if sweep.troubles < INDIGESTIBLE:
                raise
            # One poisonous subject must not keep all the others from being compared.
            log.exception("portion_indigestible", reconciler=path, subject=portion.subject)
            problem = f"{path.split('.')[0]}: {type(error).__name__}"
            tally.left.append(Found(portion.subject, "无法处理，已跳过", problem))
        else:
            _add(tally, outcome)


def _compare_rest(sweep: Sweep, cursor: dict[str, Any]) -> bool:
    """Ask each comparer what of ours the sweep did not meet, until none has more; then end."""
    places: dict[str, str | None] = dict(cursor.get("rest", {}))
    for path, reconcile in reconcilers_of(sweep.kind):
        after = places.get(path, "")
        if after is None:
            continue
        portion = Portion(
            kind=sweep.kind,
            subject="rest",
            facts=Rest(after),
            asked_at=timezone.now(),
            since=sweep.started_at,
            is_full=sweep.is_full,
        )
        tally = Tally()
        try:
            outcome = reconcile(portion)
            _add(tally, outcome)
            places[path] = outcome.after or None
        except WecomError:
            raise
        except Exception as error:
            if sweep.troubles < INDIGESTIBLE:
                raise
            log.exception("rest_indigestible", reconciler=path)
            tally.left.append(Found("rest", "无法处理，已跳过", type(error).__name__))
            places[path] = None
        cursor["rest"], cursor["wants"] = places, tally.wants
        done = Pulled(done=tally.compared, total=max(sweep.total, sweep.done + tally.compared))
        return _save(sweep, cursor, tally, done)
    actions.end_sweep(sweep, SweepState.DONE, by=SWEEPER)
    return False


def _save(sweep: Sweep, cursor: dict[str, Any], tally: Tally, pulled: Pulled) -> bool:
    moved = actions.move_on(
        sweep,
        cursor=cursor,
        done=pulled.done,
        total=pulled.total,
        repaired=_all_found(sweep, tally.repaired),
        left=_all_found(sweep, tally.left),
        by=SWEEPER,
    )
    if not moved:
        log.warning("sweep_moved_elsewhere", kind=sweep.kind, sweep=sweep.pk)
    return moved and Sweep.objects.filter(pk=sweep.pk, state=SweepState.RUNNING).exists()


def _add(tally: Tally, outcome: Outcome) -> None:
    tally.compared += outcome.compared
    tally.repaired += outcome.repaired
    tally.left += outcome.left
    tally.wants += outcome.wants


def _all_found(sweep: Sweep, found: Sequence[Found | str]) -> list[Found]:
    """A comparer may also say in one sentence what it found."""
    return [one if isinstance(one, Found) else Found(sweep.kind, one[:60]) for one in found]


def _rest(sweep: Sweep, error: WecomError) -> None:
    """WeCom could not be asked: wait as long as it says, or give up with its advice."""
    is_limit = isinstance(error, LimitReached)
    troubles = sweep.troubles + (0 if is_limit else 1)
    text = f"{error.advice}（{error}）"
    if error.retry is Retry.NEVER or troubles >= MOST_TROUBLES:
        actions.end_sweep(sweep, SweepState.FAILED, error=text, by=SWEEPER)
        return
    again_in = getattr(error, "again_in", None)
    pause = pause_after(troubles, again_in=again_in, is_limit=is_limit)
    actions.put_off(sweep, seconds=pause, error=text, is_trouble=not is_limit, by=SWEEPER)
    log.info("sweep_rests", kind=sweep.kind, seconds=round(pause), code=error.code)


def _stumble(sweep: Sweep, error: Exception) -> None:
    """Something of ours broke: a few more tries, then the sweep fails with its name."""
    text = f"处理出错：{type(error).__name__}: {error}"
    if sweep.troubles + 1 >= MOST_TROUBLES:
        actions.end_sweep(sweep, SweepState.FAILED, error=text, by=SWEEPER)
        return
    pause = timedelta(seconds=pause_after(sweep.troubles, again_in=None, is_limit=False))
    actions.put_off(sweep, seconds=pause.total_seconds(), error=text, by=SWEEPER)
