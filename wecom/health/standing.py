"""Everything the page and the metrics show, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wecom.directory.models import Sweep, SweepKind
from wecom.directory.queries import newest_sweeps
from wecom.health import queries
from wecom.health.applications import Traffic, traffic
from wecom.inbox.queries import Counted, parked_callbacks, unknown_events
from wecom.outbox.models import OutboxPause
from wecom.outbox.queries import pauses


@dataclass(frozen=True, slots=True)
class LastSweep:
    """The newest sweep of a kind, if there was one."""

    kind: str
    name: str
    sweep: Sweep | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How our side of WeCom stands at a moment."""

    at: datetime
    traffic: Traffic
    waiting: queries.Waiting
    reactions: queries.Waiting
    lags: queries.Lags
    outbox: list[queries.OpenKind]
    pauses: list[OutboxPause]
    parked_callbacks: list[Counted]
    parked_reactions: list[tuple[str, int]]
    unknown: list[Counted]
    sweeps: list[LastSweep]

    @property
    def pauses_of_all(self) -> list[OutboxPause]:
        """Pauses that hold back everything of an application."""
        return [one for one in self.pauses if not one.kind]


def standing(now: datetime) -> Standing:
    """Read it all. Cheap: open rows, the newest callbacks, one look at Redis."""
    newest = newest_sweeps()
    paused = list(pauses())
    outbox = queries.outbox_open(now)
    for one in outbox:
        one.paused = sorted({pause.app for pause in paused if pause.kind in {"", one.kind}})
    return Standing(
        at=now,
        traffic=traffic(),
        waiting=queries.callbacks_waiting(),
        reactions=queries.reactions_waiting(now),
        lags=queries.callback_lags(now),
        outbox=outbox,
        pauses=paused,
        parked_callbacks=parked_callbacks(),
        parked_reactions=queries.parked_reactions(),
        unknown=unknown_events(),
        sweeps=[LastSweep(kind, name, newest.get(kind)) for kind, name in SweepKind.choices],
    )


def with_the_last_hour(found: Standing, now: datetime) -> list[queries.OpenKind]:
    """The kinds of the outbox with what was sent within the hour, kinds that only sent included."""
    kinds = {one.kind: one for one in found.outbox}
    for kind, count in queries.sent_since(now - timedelta(hours=1)).items():
        one = kinds.setdefault(kind, queries.OpenKind(kind))
        one.sent = count
    return list(kinds.values())
