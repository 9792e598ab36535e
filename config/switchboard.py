"""Who reacts to what: the one page that joins lower floors to higher ones.

Lists name dotted paths, lowest floor first. Each handler runs by itself, in its own task and
transaction, is retried by itself, and never relies on another having run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from kit.schedule import Job

# kind of domain event → handlers(event)
REACTIONS: Mapping[str, Sequence[str]] = {}

# kind of outbox row → may_still_send(row payload) at the moment of sending
VETOES: Mapping[str, Sequence[str]] = {}

# suppliers of cards for a guide's Today page: (actor, guide, at) → list of cards
TODAY_CARDS: Sequence[str] = ()

# suppliers of panels for HQ's start page: (actor, at) → list of panels
HQ_PANELS: Sequence[str] = ()

# sweeps that look at rows left lying: task → every so many seconds
SWEEPS: Mapping[str, int] = {
    "kit.tasks.sweep_handlings": 2,
}

# jobs by the clock, each slot once whatever the number of tickers
JOBS: list[Job] = []

__all__ = ["HQ_PANELS", "JOBS", "REACTIONS", "SWEEPS", "TODAY_CARDS", "VETOES", "timedelta"]
