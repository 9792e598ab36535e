"""Who may call WeCom now: one count for all workers, in Redis, so that WeCom never has to refuse.

Windows slide. A call counts from its admission and again from its answer, since nobody knows when
in between it arrived; a killed worker's place at the table comes back when its lease ends.
Not here: what one member or customer may receive by the house's own rules.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import redis
import structlog
from django.conf import settings

from wecom.gateway.alone import Alone
from wecom.gateway.errors import LimitReached, Unreachable, WecomError
from wecom.gateway.limits import ApiLimits, Window, limits_of, windows_of
from wecom.gateway.scripts import ADMIT, BLOCK, LEAVE, LOWER
from wecom.gateway.shared import reachable_store

log = structlog.get_logger(__name__)

# Work that can wait may use so much of a window; the rest is kept for people who do wait.
BULK_SHARE: Final = 0.8
# Longer than the longest call: connecting, waiting, reading.
LEASE_SECONDS: Final = 60.0
# After 45033 the number at once is halved, and grows by one in so many seconds.
RECOVERY_SECONDS: Final = 10.0
# How often a caller looks whether a place became free, and when it may ask again after giving up.
_LOOK_SECONDS: Final = 0.05
_PLACE_SECONDS: Final = 1.0
_EXACT: Final = 1e-3

_is_bulk: ContextVar[bool] = ContextVar("wecom_bulk", default=False)


@contextmanager
def bulk() -> Iterator[None]:
    """Calls made inside leave a fifth of every window to welcomes and callbacks.

    For sweeps, statistics, imports. Threads started inside have to say so themselves.
    """
    token = _is_bulk.set(True)
    try:
        yield
    finally:
        _is_bulk.reset(token)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One call that wants in."""

    api: str
    limits: ApiLimits
    windows: list[tuple[str, Window]]
    slot: str
    share: float


class NoRoom(Exception):
    """Not now: after so many seconds, for this reason."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why


class Governor:
    """Lets calls of one application through, as far as WeCom's limits go."""

    def __init__(
        self, corp_id: str, app: str = "main", *, clock: Callable[[], float] | None = None
    ) -> None:
        """`clock` (seconds) stands in for Redis's own where a test moves time by hand."""
        self._corp = corp_id
        self._app = app
        self._clock = clock
        self._alone = Alone()

    @contextmanager
    def admit(self, api: str, *, people: Sequence[str] = ()) -> Iterator[None]:
        """Hold a place for one call; `people` are those it reaches, where they have limits.

        Waits WECOM_PATIENCE_SECONDS for room. Raises LimitReached with `again_in` when there is
        none, without a call; learns from the WecomError that leaves the block, and notes it.
        """
        limits = limits_of(api)
        windows = self._windows(api, limits, people)
        ask = _Ask(api, limits, windows, str(uuid.uuid4()), BULK_SHARE if _is_bulk.get() else 1.0)
        admitted_at = self._wait_for_room(ask)
        try:
            yield
        except WecomError as error:
            self._learn(ask, error)
            # What never left this machine was not counted by WeCom.
            self._leave(ask, admitted_at, error, asked=not isinstance(error, Unreachable))
            raise
        except BaseException:
            self._leave(ask, admitted_at, None, asked=True)
            raise
        self._leave(ask, admitted_at, None, asked=True)

    def refused(self, api: str, code: int) -> float | None:
        """WeCom said 45009 (block the API) or 45033 (fewer at once); seconds of the block."""
        limits = limits_of(api)
        ask = _Ask(api, limits, self._windows(api, limits, ()), "", 1.0)
        if code == 45033:
            self._lower(ask)
            return None
        return self._block(ask)

    # ---------------------------------------------------------------- inside

    def _learn(self, ask: _Ask, error: WecomError) -> None:
        if isinstance(error, LimitReached) and error.code is not None:
            error.again_in = self._block(ask)
        elif error.code == 45033:
            self._lower(ask)

    def _wait_for_room(self, ask: _Ask) -> float:
        """When it was let in, by the clock that counts. Raises LimitReached."""
        patience = float(settings.WECOM_PATIENCE_SECONDS)
        while True:
            try:
                return self._try(ask)
            except NoRoom as none:
                # Spread, so that everybody who waits does not come back at once.
                pause = none.seconds * random.uniform(1.0, 1.25) + _EXACT  # noqa: S311
                if pause > patience:
                    again_in = max(pause, _PLACE_SECONDS if none.why == "in_flight" else 0.0)
                    log.info("wecom_no_room", api=ask.api, why=none.why, again_in=again_in)
                    raise LimitReached(
                        None, f"no room ({none.why})", api=ask.api, again_in=again_in
                    ) from None
            patience -= pause
            time.sleep(pause)

    def _try(self, ask: _Ask) -> float:
        try:
            return self._try_shared(ask)
        except redis.RedisError as error:
            log.warning("governor_without_redis", error=type(error).__name__)
            wait, why = self._alone.enter(ask.api, ask.limits, ask.windows, ask.slot, ask.share)
            if why:
                raise NoRoom(wait or _LOOK_SECONDS, why) from None
            return 0.0

    def _try_shared(self, ask: _Ask) -> float:
        keys = [self._key(ask.api, word) for word in ("flight", "block", "learned")]
        keys += [f"wecom:governor:{self._corp}:apis", *(name for name, _ in ask.windows)]
        figures: list[Any] = [self._now(), ask.slot, LEASE_SECONDS * 1000, ask.limits.in_flight]
        figures += [ask.share, ask.api, RECOVERY_SECONDS * 1000]
        for _, window in ask.windows:
            figures += [window.seconds * 1000 / window.buckets, window.buckets, window.most]
        with reachable_store() as store:
            let_in, number, why = store.eval(ADMIT, len(keys), *keys, *figures)
        if let_in:
            return float(number)
        wait = float(number) / 1000
        raise NoRoom(wait or _LOOK_SECONDS, why.decode())

    def _leave(
        self, ask: _Ask, admitted_at: float, error: WecomError | None, *, asked: bool
    ) -> None:
        self._alone.leave(ask.api, ask.slot)
        keys = [self._key(ask.api, "flight"), pulse_key(self._corp, self._app)]
        keys += [name for name, _ in ask.windows]
        told = "" if error is None else _told(error)
        figures: list[Any] = [self._now(), ask.slot, admitted_at, int(asked), ask.api, told]
        for _, window in ask.windows:
            figures += [window.seconds * 1000 / window.buckets, window.buckets]
        try:
            with reachable_store() as store:
                store.eval(LEAVE, len(keys), *keys, *figures)
        except redis.RedisError as trouble:
            # The lease ends by itself.
            log.warning("governor_without_redis", error=type(trouble).__name__)

    def _block(self, ask: _Ask) -> float:
        minute = ask.limits.minute_seconds
        hours = [
            (name, window)
            for name, window in ask.windows
            if window.name == "hour" and not name.startswith("wecom:governor:ip:")
        ]
        keys = [self._key(ask.api, word) for word in ("block", "again")]
        keys += [name for name, _ in hours]
        figures: list[Any] = [self._now(), minute * 1000]
        for _, window in hours:
            figures += [window.seconds * 1000 / window.buckets, window.buckets, window.most]
        try:
            with reachable_store() as store:
                seconds = float(store.eval(BLOCK, len(keys), *keys, *figures)) / 1000
        except redis.RedisError:
            seconds = minute
        self._alone.block(ask.api, seconds)
        log.warning("wecom_limit_reached", api=ask.api, seconds=seconds)
        return seconds

    def _lower(self, ask: _Ask) -> None:
        keys = [self._key(ask.api, word) for word in ("flight", "learned")]
        figures: list[Any] = [self._now(), ask.limits.in_flight, RECOVERY_SECONDS * 1000]
        try:
            with reachable_store() as store:
                most = int(store.eval(LOWER, len(keys), *keys, *figures))
        except redis.RedisError:
            most = self._alone.lower(ask.api)
        log.warning("wecom_too_many_at_once", api=ask.api, now_at_most=most)

    def _windows(
        self, api: str, limits: ApiLimits, people: Sequence[str]
    ) -> list[tuple[str, Window]]:
        """Every window of the call, by its key."""
        found = []
        for scope, window in windows_of(limits):
            end = f"{api}:{window.name}"
            if scope == "person":
                persons = dict.fromkeys(one.lower() for one in people)
                found += [(f"{self._person(api, one)}:{window.name}", window) for one in persons]
            elif scope == "ip":
                found.append((f"wecom:governor:ip:{settings.WECOM_EXIT}:{end}", window))
            elif scope == "app":
                found.append((f"wecom:governor:{self._corp}:app:{self._app}:{end}", window))
            else:
                found.append((f"wecom:governor:{self._corp}:{end}", window))
        return found

    def _person(self, api: str, person: str) -> str:
        return f"wecom:governor:{self._corp}:app:{self._app}:{api}:{person}"

    def _key(self, api: str, word: str) -> str:
        return f"wecom:governor:{self._corp}:{api}:{word}"

    def _now(self) -> str:
        """Milliseconds of the test's clock; empty for Redis's own."""
        return "" if self._clock is None else str(int(self._clock() * 1000))


def _told(error: WecomError) -> str:
    """An error as it is noted for HQ."""
    return json.dumps([error.code, error.message[:200], error.advice, error.retry])


def pulse_key(corp_id: str, app: str) -> str:
    """Where the last call and the last error of an application are noted."""
    return f"wecom:pulse:{corp_id}:{app}"
