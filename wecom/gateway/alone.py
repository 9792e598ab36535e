"""What one process allows itself while Redis is away: a careful tenth of every limit.

Nobody knows then how many others call, so that ten processes together stay within the limits.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import Final

from wecom.gateway.limits import ApiLimits, Window

SHARE: Final = 0.1
_LEARNED_SECONDS: Final = 60.0


class Alone:
    """Counts of this process. Safe between threads, forgotten with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._inside: dict[str, set[str]] = defaultdict(set)
        self._shut: dict[str, float] = {}
        self._learned: dict[str, tuple[int, float]] = {}

    def enter(
        self,
        api: str,
        limits: ApiLimits,
        windows: list[tuple[str, Window]],
        slot: str,
        share: float,
    ) -> tuple[float, str]:
        """Take a place: no reason when there was one, else after how many seconds, and why not."""
        now = time.monotonic()
        part = SHARE * share
        with self._lock:
            shut = self._shut.get(api, 0.0)
            if shut > now:
                return shut - now, "blocked"
            most = self._most_at_once(api, limits, now)
            if most and len(self._inside[api]) >= max(1, int(most * part)):
                return 0.0, "in_flight"
            for name, window in windows:
                calls = self._calls[name]
                while calls and calls[0] <= now - window.seconds:
                    calls.popleft()
                if len(calls) >= max(1, int(window.most * part)):
                    return calls[0] + window.seconds - now, window.name
            for name, _ in windows:
                self._calls[name].append(now)
            self._inside[api].add(slot)
        return 0.0, ""

    def leave(self, api: str, slot: str) -> None:
        """Give the place back; harmless for a slot that was counted elsewhere."""
        with self._lock:
            self._inside[api].discard(slot)

    def block(self, api: str, seconds: float) -> None:
        """Let nobody in for so long, should Redis be away."""
        with self._lock:
            self._shut[api] = max(self._shut.get(api, 0.0), time.monotonic() + seconds)

    def lower(self, api: str) -> int:
        """One at a time for a minute."""
        with self._lock:
            self._learned[api] = (1, time.monotonic() + _LEARNED_SECONDS)
        return 1

    def _most_at_once(self, api: str, limits: ApiLimits, now: float) -> int:
        most, until = self._learned.get(api, (0, 0.0))
        return most if until > now else limits.in_flight
