"""Which sweeps the clock begins. Asked every few minutes; what is due is read from the rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from wecom.directory import actions, queries
from wecom.directory.rules import RHYTHMS, due, last_night
from wecom.directory.sweeping import SWEEPER

# A sweep that failed is gone on with after this long, from where it was.
_AGAIN_AFTER = timedelta(minutes=30)


def begin_due(here: datetime) -> list[int]:
    """Begin, or go on with, what is due at this moment of the shop's clock; the keys of those."""
    keys = []
    for kind, rhythm in RHYTHMS.items():
        failed = queries.failed_since(kind, last_night(here))
        if failed is not None and failed.ended_at is not None:
            if failed.ended_at > here - _AGAIN_AFTER:
                continue
            if actions.resume_sweep(failed, by=SWEEPER):
                keys.append(failed.pk)
                continue
        full_at, any_at = queries.begun(kind)
        is_full = due(rhythm, here, full_at=full_at, any_at=any_at)
        if is_full is not None:
            keys.append(actions.begin_sweep(kind, is_full=is_full, by=SWEEPER).pk)
    return keys
