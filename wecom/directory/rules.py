"""When what is swept, whose turn it is tonight, and how long a troubled sweep pauses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

# Full sweeps begin in this hour of the shop's clock, when nobody waits for the quota.
NIGHT: Final = 3
# Details of every contact are read once in so many nights, a share of the guides each night.
NIGHTS: Final = 7
# Portions in a row that may fail before the sweep is given up.
MOST_TROUBLES: Final = 8
# A portion that a comparer of ours cannot digest is passed over after so many tries.
INDIGESTIBLE: Final = 3
_LONGEST_PAUSE: Final = 600.0
# WeCom's smallest window: a limit without a word about its end lasts so long.
LIMIT_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a kind is swept: what had news every so often, everything every night or so."""

    delta_every: timedelta | None
    full_every: timedelta | None


HOURLY: Final = timedelta(hours=1)
NIGHTLY: Final = timedelta(days=1)
RHYTHMS: Final[Mapping[str, Rhythm]] = {
    "staff": Rhythm(HOURLY, NIGHTLY),
    "contacts": Rhythm(HOURLY, NIGHTLY),
    "tags": Rhythm(None, NIGHTLY),
    "groups": Rhythm(None, HOURLY),
    "contact_ways": Rhythm(None, NIGHTLY),
    "mass_sends": Rhythm(HOURLY, NIGHTLY),
    "unassigned": Rhythm(None, NIGHTLY),
    "acquisition": Rhythm(HOURLY, NIGHTLY),
    "moments": Rhythm(HOURLY, NIGHTLY),
    "kf_accounts": Rhythm(None, NIGHTLY),
    "archive_consents": Rhythm(None, NIGHTLY),
    "keyword_hits": Rhythm(HOURLY, NIGHTLY),
}


def last_night(here: datetime) -> datetime:
    """The latest moment at which a nightly sweep was due, by the clock of `here`."""
    tonight = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return tonight if here >= tonight else tonight - timedelta(days=1)


def due(
    rhythm: Rhythm, here: datetime, *, full_at: datetime | None, any_at: datetime | None
) -> bool | None:
    """Whether to begin a sweep: True a full one, False a delta, None neither.

    `full_at` and `any_at` say when the last ones began. A night that was slept through is made up
    at once; what was never swept is swept now.
    """
    if rhythm.full_every is not None:
        since = last_night(here) if rhythm.full_every >= NIGHTLY else here - rhythm.full_every
        if full_at is None or full_at < since:
            return True
    if rhythm.delta_every is not None and (any_at is None or any_at <= here - rhythm.delta_every):
        return False
    return None


def is_turn_of(userid: str, day: date) -> bool:
    """Whether this guide's contacts are read in detail tonight: a seventh each night, evenly."""
    share = int.from_bytes(sha256(userid.encode()).digest()[:4], "big") % NIGHTS
    return share == day.toordinal() % NIGHTS


def pause_after(troubles: int, *, again_in: float | None, is_limit: bool) -> float:
    """Seconds until a sweep goes on after a trouble: what WeCom says, else 4, 8, 16 … 600."""
    if again_in is not None:
        return max(1.0, again_in)
    pause = min(_LONGEST_PAUSE, 2.0 ** (troubles + 1))
    return max(pause, LIMIT_PAUSE) if is_limit else pause


def is_plausible_loss(gone: int, known: int) -> bool:
    """Whether so many may be gone at once, or rather the application's range was narrowed.

    A handful may always go. More than a fifth of everybody wants a person's look.
    """
    return gone <= 10 or gone * 5 <= known
