"""The sandbox's time: real time plus an offset that the control page moves, or a standstill."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .store import Store

CHINA_OFFSET = timedelta(hours=8)


class Clock:
    """Gives the simulated now; offset and standstill survive a restart. `real` tells the time."""

    def __init__(self, store: Store, real: Callable[[], float] = time.time) -> None:
        self.store = store
        self.real = real
        self.offset = float(store.setting("clock_offset", 0.0))
        frozen = store.setting("clock_frozen_at")
        self.frozen_at = None if frozen is None else float(frozen)

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return self.real() + self.offset if self.frozen_at is None else self.frozen_at

    def second(self) -> int:
        """The same, whole, as WeCom writes timestamps."""
        return int(self.now())

    def move(self, offset: float) -> None:
        """Set the offset to real time; tokens, codes and quotas age accordingly.

        A clock that stands still goes on standing, at the moment the offset names.
        """
        self.offset = offset
        self.store.put_setting("clock_offset", offset)
        if self.frozen_at is not None:
            self._stand_at(self.real() + offset)

    def advance(self, seconds: float) -> None:
        """Move on from the present simulated moment, also while standing still."""
        if self.frozen_at is None:
            self.move(self.offset + seconds)
            return
        self._stand_at(self.frozen_at + seconds)

    def freeze(self, *, at: float | None = None) -> None:
        """Stand still, now or at a given moment; repeating without a moment changes nothing."""
        if self.frozen_at is None or at is not None:
            self._stand_at(self.now() if at is None else at)

    def thaw(self) -> None:
        """Go on from where it stood; harmless when it runs."""
        if self.frozen_at is None:
            return
        self.offset = self.frozen_at - self.real()
        self.frozen_at = None
        self.store.put_setting("clock_offset", self.offset)
        self.store.put_setting("clock_frozen_at", None)

    def reset(self) -> None:
        """Real time again, running."""
        self.frozen_at = None
        self.store.put_setting("clock_frozen_at", None)
        self.move(0.0)

    def _stand_at(self, moment: float) -> None:
        self.frozen_at = moment
        self.offset = moment - self.real()
        self.store.put_setting("clock_frozen_at", moment)
        self.store.put_setting("clock_offset", self.offset)

    def china_day(self) -> datetime:
        """Today's midnight in Shanghai, as a UTC moment shifted by eight hours."""
        local = datetime.fromtimestamp(self.now(), UTC) + CHINA_OFFSET
        return local.replace(hour=0, minute=0, second=0, microsecond=0)


def from_china(day: datetime) -> float:
    """Seconds since 1970 of a moment given by ``china_day``."""
    return (day - CHINA_OFFSET).timestamp()
