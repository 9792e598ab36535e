"""How long a moment is followed, and how often. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

# WeCom lists moments of thirty days; what comes later is little, and asked for nowhere.
FOLLOWED: Final = timedelta(days=30)
_SOONEST: Final = timedelta(hours=1)
_LATEST: Final = timedelta(days=3)
# WeCom knows a job's result so long (document 95094).
JOB_KNOWN: Final = timedelta(hours=24)
_JOB_PAUSES: Final = (2, 5, 15, 30, 60, 120, 300)


def next_look(since: datetime, now: datetime) -> datetime | None:
    """When something of that moment is looked at again: after half its age, one hour to three days.

    None once it is older than thirty days: then it has been looked at for the last time.
    """
    age = now - since
    if age >= FOLLOWED:
        return None
    return now + min(_LATEST, max(_SOONEST, age / 2))


def pause_of_job(age: timedelta) -> int:
    """Seconds until a moment in the making is asked about again; longer the longer it takes."""
    seconds = age.total_seconds()
    return next((pause for pause in _JOB_PAUSES if pause * 2 >= seconds), _JOB_PAUSES[-1])


def warning_after(held: str, told: str, *, before: int, balance: int, total: int) -> str:
    """What to warn HQ of: what WeCom told, until the balance grows; nothing left needs no telling.

    A corp that never bought anything is not warned.
    """
    if balance <= 0:
        return "exhausted" if total > 0 else ""
    if told and told != "exhausted":
        return told
    return "" if balance > before or held == "exhausted" else held
