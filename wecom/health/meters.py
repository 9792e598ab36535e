"""The page's numbers for Prometheus. Gauges of what is open now; a scrape walks no ended row.

Labels come from closed lists: applications of the settings, kinds, APIs called lately, states. The
names of unknown events come from outside and are cut to the most frequent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kit.actions import scope_of
from kit.actor import Actor
from wecom.health.queries import callbacks_ever
from wecom.health.rules import length
from wecom.health.standing import Standing, standing

# A scrape need not be younger than this, however many ask.
_KEEP_SECONDS: Final = 10.0
_UNKNOWN_NAMED: Final = 20

Sample = tuple[list[str], float]


class WecomHealth(Collector):
    """Gauges `house_wecom_…`; read at most every ten seconds."""

    def __init__(self) -> None:
        self._read_at = 0.0
        self._families: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        if not self._families or time.monotonic() - self._read_at > _KEEP_SECONDS:
            with scope_of(Actor.system("metrics")):
                found, ever = standing(timezone.now()), callbacks_ever()
            self._families, self._read_at = [*_families(found, ever)], time.monotonic()
        yield from self._families


def _families(found: Standing, ever: int) -> Iterator[Metric]:
    yield from _of_calls(found)
    yield CounterMetricFamily(
        "house_wecom_callbacks_received", "Callbacks ever received, about.", value=ever
    )
    yield from _of_callbacks(found)
    yield from _of_outbox(found)
    yield from _of_sweeps(found)


def gauge(name: str, words: str, labels: list[str], samples: Iterable[Sample]) -> Metric:
    """One family with its values."""
    family = GaugeMetricFamily(f"house_wecom_{name}", words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _of_calls(found: Standing) -> Iterator[Metric]:
    traffic = found.traffic
    now = found.at.timestamp()
    yield gauge("redis_up", "1 while Redis answers.", [], [([], float(traffic.is_known))])
    beats = [(one.name, one.pulse) for one in traffic.applications if one.pulse]
    apps: list[tuple[str, str, Callable[..., float | None]]] = [
        ("token_seconds_left", "Until the token ends.", lambda beat: beat.token_ends_at),
        ("last_call_timestamp_seconds", "The last call that went out.", lambda b: b.called_at),
        ("last_error_timestamp_seconds", "The last call that failed.", lambda b: b.failed_at),
    ]
    for name, words, read in apps:
        known = [(app, read(beat)) for app, beat in beats]
        past = now if name == "token_seconds_left" else 0.0
        samples: list[Sample] = [([app], at - past) for app, at in known if at is not None]
        yield gauge(name, words, ["app"], samples)
    if traffic.is_known:
        shut = float(traffic.breaker.state != "closed")
        yield gauge("breaker_open", "1 while calls are held back.", [], [([], shut)])
    calls: list[Sample] = []
    limits: list[Sample] = []
    for api in traffic.apis:
        calls += [([api.api, "minute"], api.minute), ([api.api, "hour"], api.hour)]
        limits += [([api.api, "minute"], api.minute_limit), ([api.api, "hour"], api.hour_limit)]
    yield gauge("api_calls", "Calls within the window.", ["api", "window"], calls)
    yield gauge("api_limit", "Calls a window takes; 0: none.", ["api", "window"], limits)
    in_flight: list[Sample] = [([api.api], api.in_flight) for api in traffic.apis]
    yield gauge("api_in_flight", "Calls under way.", ["api"], in_flight)
    blocked: list[Sample] = [([api.api], api.blocked_for) for api in traffic.apis]
    yield gauge("api_blocked_seconds", "How long an API is shut.", ["api"], blocked)


def _of_callbacks(found: Standing) -> Iterator[Metric]:
    for name, words, waiting in (
        ("callbacks", "Callbacks not read yet", found.waiting),
        ("reactions", "Reactions that are due", found.reactions),
    ):
        oldest = length(waiting.since, found.at)
        yield gauge(f"{name}_waiting", f"{words}.", [], [([], waiting.count)])
        yield gauge(f"{name}_oldest_seconds", f"{words}: the oldest.", [], [([], oldest)])
    lags: list[Sample] = []
    for stage, pair in (("read", found.lags.read), ("handled", found.lags.handled)):
        for share, value in zip(("0.5", "0.95"), pair, strict=True):
            if value is not None:
                lags.append(([stage, share], value))
    yield gauge(
        "callback_lag_seconds", "From arrival, of the last hour.", ["stage", "quantile"], lags
    )
    parked: list[Sample] = [
        (["callbacks"], sum(one.count for one in found.parked_callbacks)),
        (["reactions"], sum(count for _, count in found.parked_reactions)),
    ]
    yield gauge("parked", "Given up until a person looks.", ["what"], parked)
    named = found.unknown[:_UNKNOWN_NAMED]
    unknown: list[Sample] = [([one.kind], one.count) for one in named]
    rest = sum(one.count for one in found.unknown[_UNKNOWN_NAMED:])
    if rest:
        unknown.append((["others"], rest))
    yield gauge("unknown_events", "Events nobody here knows.", ["event"], unknown)


def _of_outbox(found: Standing) -> Iterator[Metric]:
    rows: list[Sample] = []
    oldest: list[Sample] = []
    for one in found.outbox:
        rows += [
            ([one.kind, state], getattr(one, state))
            for state in ("planned", "sending", "failed", "unknown", "missed")
        ]
        oldest.append(([one.kind], length(one.oldest_due_at, found.at)))
    yield gauge("outbox_rows", "Wishes that are not done.", ["kind", "state"], rows)
    yield gauge("outbox_oldest_due_seconds", "How late the oldest is.", ["kind"], oldest)
    paused: list[Sample] = [([one.app, one.kind or "all"], 1.0) for one in found.pauses]
    yield gauge("outbox_paused", "1 while HQ holds it back.", ["app", "kind"], paused)


def _of_sweeps(found: Standing) -> Iterator[Metric]:
    swept = [(one.kind, one.sweep) for one in found.sweeps if one.sweep is not None]
    at: list[Sample] = [([kind], sweep.started_at.timestamp()) for kind, sweep in swept]
    yield gauge("sweep_started_timestamp_seconds", "The newest comparison.", ["kind"], at)
    failed: list[Sample] = [([kind], float(sweep.state == "failed")) for kind, sweep in swept]
    yield gauge("sweep_failed", "1 when the newest one failed.", ["kind"], failed)
    left: list[Sample] = [([kind], sweep.left) for kind, sweep in swept]
    yield gauge("sweep_differences_left", "Differences nobody repaired.", ["kind"], left)
