"""What `/metrics` shows: requests by route, and the rows that stand between a wish and its end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from django.db import connection
from prometheus_client import CollectorRegistry, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import Handling
from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxRow

REQUESTS = Histogram(
    "house_request_seconds",
    "Time to answer a request, by route pattern.",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_TABLES = {"inbox": InboxMessage, "outbox": OutboxRow, "handlings": Handling}
# Counting all rows is cheap here and dear at scale; a scrape need not be younger than this.
_KEEP_SECONDS = 15


def note_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. The route is a pattern, so its values stay few."""
    REQUESTS.labels(method, route or "unmatched", str(status)).observe(seconds)


class RowCounts(Collector):
    """How many rows stand in which state, and how old the oldest open one is."""

    def __init__(self) -> None:
        self._at = 0.0
        self._counts: dict[tuple[str, str], int] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if time.monotonic() - self._at > _KEEP_SECONDS:
            self._counts, self._at = _count(), time.monotonic()
        family = GaugeMetricFamily("house_rows", "Rows by state.", labels=["table", "state"])
        for (table, state), count in self._counts.items():
            family.add_metric([table, state], count)
        yield family


def _count() -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    with scope_of(Actor.system("metrics")), connection.cursor() as cursor:
        for name, model in _TABLES.items():
            cursor.execute(f"SELECT state, count(*) FROM {model._meta.db_table} GROUP BY state")  # noqa: S608
            counts |= {(name, state): count for state, count in cursor.fetchall()}
    return counts


_rows = CollectorRegistry()
_rows.register(RowCounts())


def page() -> bytes:
    """The text that Prometheus reads; of all web processes when they share a folder."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody) + generate_latest(_rows)
    return generate_latest() + generate_latest(_rows)
