"""How often and how many at once: 45009, 45033, and the trouble that comes by chance.

Windows slide by the simulated clock and live in memory: a restarted sandbox has forgotten them,
one whose clock was advanced lets go. What a member receives at most is the messages' business.
"""

import asyncio
import weakref
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.responses import PlainTextResponse, Response

from wecom.sandbox.world import World

from .errors import ApiError
from .registry import Call

HOUR_IN_MINUTES = 60
# Said by the vendor's staff in its forum; of other paths no number is known.
KNOWN_IN_FLIGHT = {"externalcontact/mark_tag": 5}
DEBUG_PER_MINUTE = 5


@dataclass
class Window:
    """Moments of the calls of one window, and until when it is shut after too many."""

    moments: deque[float] = field(default_factory=deque)
    shut_until: float = 0.0

    def admit(self, now: float, seconds: float, most: int) -> bool:
        """Count one call, or refuse it and shut for as long as the window lasts."""
        if self.moments and now < self.moments[-1]:
            # The simulated clock was put back.
            self.moments.clear()
            self.shut_until = 0.0
        if now < self.shut_until:
            return False
        while self.moments and self.moments[0] <= now - seconds:
            self.moments.popleft()
        if len(self.moments) >= most:
            self.shut_until = now + seconds
            return False
        self.moments.append(now)
        return True


@dataclass
class Counts:
    """What one life of one world has counted."""

    life: int
    windows: dict[tuple[str, ...], Window] = field(default_factory=lambda: defaultdict(Window))
    in_flight: dict[str, int] = field(default_factory=lambda: defaultdict(int))


_counts: weakref.WeakKeyDictionary[World, Counts] = weakref.WeakKeyDictionary()


def counts_of(world: World) -> Counts:
    """The counts of this world, empty after a reset."""
    found = _counts.get(world)
    if found is None or found.life != world.life:
        found = _counts[world] = Counts(world.life)
    return found


@asynccontextmanager
async def within_limits(call: Call) -> AsyncIterator[None]:
    """Let a call in and hold its place until it is answered; 45009 or 45033 when it is too much."""
    on, counts = call.world.switches.on, counts_of(call.world)
    if on.limits != "off":
        check_windows(call, counts)
        most = KNOWN_IN_FLIGHT.get(call.path, on.limit_in_flight)
        if most and counts.in_flight[call.path] >= most:
            raise ApiError(45033)
    counts.in_flight[call.path] += 1
    try:
        if on.api_latency_s:
            await asyncio.sleep(on.api_latency_s)
        yield
    finally:
        counts.in_flight[call.path] -= 1


def check_windows(call: Call, counts: Counts) -> None:
    """Count the call in each window that holds for it."""
    now = call.world.clock.now()
    for key, seconds, most in windows_of(call):
        if most and not counts.windows[key].admit(now, seconds, most):
            raise ApiError(45009)


def windows_of(call: Call) -> list[tuple[tuple[str, ...], float, int]]:
    """Name, length and size of each window of a call; size 0 is none."""
    on, path = call.world.switches.on, call.path
    minute = on.limit_minute_s
    hour = minute * HOUR_IN_MINUTES
    if path == "gettoken":
        return [((path,), minute, on.gettoken_per_minute)]
    found = [
        (("corp", "minute", path), minute, on.limit_per_minute),
        (("corp", "hour", path), hour, on.limit_per_hour),
        (("ip", "minute", call.ip, path), minute, on.limit_ip_per_minute),
        (("ip", "hour", call.ip, path), hour, on.limit_ip_per_hour),
    ]
    if call.query.get("debug") == "1":
        found.append((("debug",), minute, DEBUG_PER_MINUTE))
    return found


@dataclass(frozen=True)
class Chance:
    """What goes wrong this time: an HTTP status or -1, before the work or after it was done."""

    http_status: int = 0
    minus_one: bool = False
    after: bool = False

    def strike(self, *, after: bool) -> Response | None:
        """The trouble, when this is its moment."""
        if self.after != after:
            return None
        if self.http_status:
            return PlainTextResponse("by chance", self.http_status)
        if self.minus_one:
            raise ApiError(-1)
        return None


def draw(world: World) -> Chance:
    """Throw the dice. Half of the trouble comes when what was asked is done already."""
    on, chance = world.switches.on, world.chance
    if on.random_http_error and chance.random() < on.random_http_error:
        return Chance(http_status=chance.choice((502, 504)), after=chance.random() < 0.5)
    if on.random_minus_one and chance.random() < on.random_minus_one:
        return Chance(minus_one=True, after=chance.random() < 0.5)
    return Chance()
