"""What `/metrics` shows: requests by route, and how our side of WeCom fares."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Histogram, generate_latest, multiprocess

from wecom.health.meters import WecomHealth

REQUESTS = Histogram(
    "house_request_seconds",
    "Time to answer a request, by route pattern.",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def note_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. The route is a pattern, so its values stay few."""
    REQUESTS.labels(method, route or "unmatched", str(status)).observe(seconds)


_rows = CollectorRegistry()
_rows.register(WecomHealth())


def page() -> bytes:
    """The text that Prometheus reads; of all web processes when they share a folder."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody) + generate_latest(_rows)
    return generate_latest() + generate_latest(_rows)
