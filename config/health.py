"""Is it alive, is it ready, what does it count: three pages for machines.

Liveness touches nothing. Readiness asks what a request needs; the worker is part of it once it
has been heard of, since a house whose worker died takes orders and delivers none.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from config import meters

log = structlog.get_logger(__name__)

WORKER_SILENCE_SECONDS = 60
_HEARD = "worker_heard_at"
_DAY = 24 * 3600


def note_worker() -> None:
    """Called by the ticker's task: beat, broker and worker are alive."""
    cache.set(_HEARD, time.time(), _DAY)


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Each part by name; 503 when one that requests need is missing."""
    parts = {name: _look(name, check) for name, check in _CHECKS.items()}
    is_ready = all(word in ("ok", "unknown") for word in parts.values())
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus. With METRICS_TOKEN set, only for who shows it as a bearer."""
    token = settings.METRICS_TOKEN
    shown = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(meters.page(), content_type=CONTENT_TYPE_LATEST)


def _look(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, this page is who says so
        log.warning("not_ready", part=name, error=type(error).__name__)
        return "away"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _redis() -> str:
    cache.get(_HEARD)
    return "ok"


_all_applied = False


def _migrations() -> str:
    """Asked until the answer is yes: a running process does not un-migrate."""
    global _all_applied
    if not _all_applied:
        executor = MigrationExecutor(connection)
        _all_applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _all_applied else "pending"


def _worker() -> str:
    heard = cache.get(_HEARD)
    if heard is None:
        return "unknown"
    return "ok" if time.time() - heard < WORKER_SILENCE_SECONDS else "silent"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "worker": _worker,
}
