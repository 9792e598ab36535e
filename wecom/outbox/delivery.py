"""One wish from claim to known end: claim, commit, veto, call, mark.

Whatever dies in between leaves a row that says so: `planned` was not called, `sending` may have
been, and is asked after (asking.py) before anything is called again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.actor import Actor
from wecom.gateway import Retry, WecomError, gateway_of
from wecom.gateway.governor import bulk
from wecom.outbox import actions
from wecom.outbox.carriers import CARRIERS, Carrier
from wecom.outbox.models import Kind, OutboxRow, OutboxState
from wecom.outbox.steps import queue_of

log = structlog.get_logger(__name__)

COURIER: Final = Actor.system("delivers the outbox")
MAX_ATTEMPTS: Final = 12
_LONGEST_PAUSE: Final = 600.0
# How long WeCom's rate limits and missing rights last at the least.
_LATER_SECONDS: Final = 60.0
# When WeCom itself said "busy", nothing is on its way any more and may be asked about soon.
_ASK_SOON: Final = timedelta(seconds=10)


def deliver(key: int) -> bool:
    """Carry one row; True when this call did the work.

    Safe to repeat and to run twice at once: the claim lets one through.
    """
    row = actions.claim(key, by=COURIER)
    if row is None:
        return False
    try:
        reason = veto(row)
    except Exception as error:
        # Whoever cannot decide has not allowed it.
        log.exception("veto_failed", kind=row.kind, row=str(row.public_id))
        _later(row, f"veto: {type(error).__name__}: {error}", pause=_pause(row))
        return True
    if reason:
        actions.end(row, OutboxState.VETOED, error=reason, by=COURIER)
        return True
    _carry(row, CARRIERS[row.kind])
    return True


def veto(row: OutboxRow) -> str:
    """Why the row may not be sent at this moment, or nothing."""
    board: Mapping[str, Sequence[str]] = import_string(settings.VETOES)
    for path in board.get(row.kind, ()):
        reason: str = import_string(path)(row)
        if reason:
            return reason
    return ""


def _carry(row: OutboxRow, carrier: Carrier) -> None:
    try:
        with bulk() if queue_of(row) == "bulk" else nullcontext():
            answer = carrier.send(gateway_of(row.app), row)
    except WecomError as error:
        _judge(row, carrier, error)
    except Exception as error:
        # Nobody knows how far the call came: treated as an unknown outcome.
        log.exception("carrier_failed", kind=row.kind, row=str(row.public_id))
        _doubt(row, carrier, f"{type(error).__name__}: {error}", code=None)
    else:
        if not actions.end(row, OutboxState.SENT, answer=answer, by=COURIER):
            log.warning("claim_lost", kind=row.kind, row=str(row.public_id))


def _judge(row: OutboxRow, carrier: Carrier, error: WecomError) -> None:
    log.warning("wecom_refused", kind=row.kind, row=str(row.public_id), code=error.code)
    if isinstance(error, carrier.already):
        actions.end(row, OutboxState.SENT, answer={"already": error.code}, by=COURIER)
    elif error.retry is Retry.ASK:
        _doubt(row, carrier, str(error), code=error.code)
    elif error.retry is Retry.NEVER:
        state = OutboxState.UNKNOWN if _was_perhaps_done(row, error) else OutboxState.FAILED
        answer = {name: said for name, said in row.answer.items() if name != "in_doubt"}
        told = _for_people(error)
        actions.end(row, state, answer=answer, error=told, code=error.code, by=COURIER)
    else:
        _wait(row, error)


def _wait(row: OutboxRow, error: WecomError) -> None:
    """The same call may be made again: when WeCom or our own governor said, else by our pauses.

    A try that was told when to come back is none: a campaign may wait out many windows.
    """
    pause, is_attempt = _pause(row), True
    if error.again_in is not None:
        pause, is_attempt = error.again_in * random.uniform(1.0, 1.1), False  # noqa: S311
    elif error.retry is Retry.LATER:
        pause = max(pause, _LATER_SECONDS)
    if row.kind == Kind.WELCOME:
        pause = 1.0
    _later(row, _for_people(error), pause=pause, code=error.code, is_attempt=is_attempt)


def _doubt(row: OutboxRow, carrier: Carrier, error: str, *, code: int | None) -> None:
    """The outcome is unknown: call again where WeCom takes it once, else have it asked after."""
    if carrier.repeatable:
        pause = 1.0 if row.kind == Kind.WELCOME else _pause(row)
        _later(row, error, pause=pause, code=code, in_doubt=True)
        return
    answered = code is not None
    ask_at = timezone.now() + (_ASK_SOON if answered else carrier.lease)
    actions.leave_open(row, ask_at=ask_at, error=error, code=code, by=COURIER)


def _later(
    row: OutboxRow,
    error: str,
    *,
    pause: float,
    code: int | None = None,
    in_doubt: bool = False,
    is_attempt: bool = True,
) -> None:
    if row.attempts < MAX_ATTEMPTS or not is_attempt:
        actions.put_back(
            row,
            pause=pause,
            error=error,
            code=code,
            in_doubt=in_doubt,
            is_attempt=is_attempt,
            by=COURIER,
        )
        return
    log.error("outbox_given_up", kind=row.kind, row=str(row.public_id), error=error)
    state = OutboxState.UNKNOWN if in_doubt else OutboxState.FAILED
    actions.end(row, state, error=error, code=code, by=COURIER)


def _pause(row: OutboxRow) -> float:
    """2, 4, 8 … seconds, at most ten minutes, spread a little."""
    return min(_LONGEST_PAUSE, 2.0**row.attempts) * random.uniform(0.75, 1.25)  # noqa: S311


def _was_perhaps_done(row: OutboxRow, error: WecomError) -> bool:
    """A refusal without a name, after a doubtful call, may be WeCom's word for "done before"."""
    return bool(row.answer.get("in_doubt")) and type(error) is WecomError


def _for_people(error: WecomError) -> str:
    return f"{error.advice}（{error}）"
