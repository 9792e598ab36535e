"""Stops asking a WeCom that does not answer, for growing pauses, in all workers at once.

Only the transport counts: no connection, no answer, 5xx. A refusal is an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import redis
import structlog
from django.conf import settings

from wecom.gateway.errors import Misdirected, Silent, Unreachable, WecomError
from wecom.gateway.scripts import KNOCK, MISS, now_of
from wecom.gateway.shared import reachable_store

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 60.0
# Who tries whether WeCom answers again has so long; then another may.
PROBE_SECONDS: Final = 60.0
# Failures that nobody added to are forgotten.
_FORGET_SECONDS: Final = 120.0
_NO_FAILURES: Final = 0


@dataclass(frozen=True, slots=True)
class BreakerState:
    """`closed` lets everybody pass, `open` nobody, `half_open` one who tries."""

    state: str
    failures: int
    again_in: float


class Breaker:
    """The breaker of one corp."""

    def __init__(self, corp_id: str, *, clock: Callable[[], float] | None = None) -> None:
        self._key = breaker_key(corp_id)
        self._clock = clock

    @contextmanager
    def watching(self, api: str) -> Iterator[None]:
        """Let one call pass and learn from how it ends.

        Raises Unreachable with `again_in`, without a call, while open. Without Redis all pass.
        """
        failures = self._knock(api)
        try:
            yield
        except Misdirected:
            # A proxy answered: neither WeCom's health nor its illness.
            self._learnt_nothing(failures)
            raise
        except (Unreachable, Silent):
            self._missed()
            raise
        except WecomError:
            self._answered(failures)
            raise
        except BaseException:
            # Something of ours broke, or this worker is being stopped.
            self._learnt_nothing(failures)
            raise
        self._answered(failures)

    def _knock(self, api: str) -> int:
        """How many failures stand before this call. Raises Unreachable."""
        try:
            with reachable_store() as store:
                passed, number = store.eval(KNOCK, 1, self._key, self._now(), PROBE_SECONDS * 1000)
        except redis.RedisError:
            return _NO_FAILURES
        if passed:
            return int(number)
        raise Unreachable(None, "breaker open", api=api, again_in=max(0.05, int(number) / 1000))

    def _missed(self) -> None:
        figures: list[Any] = [self._now(), settings.WECOM_BREAKER_AFTER, FIRST_PAUSE * 1000]
        figures += [LONGEST_PAUSE * 1000, _FORGET_SECONDS * 1000]
        try:
            with reachable_store() as store:
                pause = int(store.eval(MISS, 1, self._key, *figures))
        except redis.RedisError:
            return
        if pause:
            log.error("wecom_breaker_open", seconds=pause / 1000)

    def _answered(self, failures: int) -> None:
        if not failures:
            return
        try:
            with reachable_store() as store:
                store.delete(self._key)
        except redis.RedisError:
            return

    def _learnt_nothing(self, failures: int) -> None:
        """Whoever tried whether WeCom is back could not tell: the next caller may try at once."""
        if not failures:
            return
        try:
            with reachable_store() as store:
                store.hdel(self._key, "probe_until")
        except redis.RedisError:
            return

    def _now(self) -> str:
        return "" if self._clock is None else str(int(self._clock() * 1000))


def breaker_key(corp_id: str) -> str:
    """Where the breaker of a corp stands."""
    return f"wecom:breaker:{corp_id}"


def breaker_state(corp_id: str) -> BreakerState:
    """How it stands now. Raises RedisError when nobody knows."""
    with reachable_store() as store:
        found: Any = store.hmget(breaker_key(corp_id), "failures", "open_until")
        now = now_of(store)
    failures, until = int(found[0] or 0), float(found[1] or 0) / 1000
    if not until:
        return BreakerState("closed", failures, 0.0)
    if until > now:
        return BreakerState("open", failures, until - now)
    return BreakerState("half_open", failures, 0.0)
