"""The Redis in which all workers share tokens, counts and the breaker; quick to do without it.

After a failed connection nobody here tries again for a moment: callers fall back on what their
own process knows instead of waiting for a server that is away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings

_AWAY_SECONDS: Final = 2.0
_away_until: dict[str, float] = {}


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=0.5)


def store() -> redis.Redis:
    """The client of this process's settings."""
    return _client(settings.REDIS_URL)


@contextmanager
def reachable_store() -> Iterator[redis.Redis]:
    """The same. Raises RedisError at once for two seconds after it could not be reached."""
    url = settings.REDIS_URL
    if time.monotonic() < _away_until.get(url, 0.0):
        raise redis.ConnectionError("was away a moment ago")
    try:
        yield _client(url)
    except (redis.ConnectionError, redis.TimeoutError):
        _away_until[url] = time.monotonic() + _AWAY_SECONDS
        raise
