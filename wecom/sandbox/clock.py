"""The sandbox's time: real time plus an offset that the control page may move."""

import time
from datetime import UTC, datetime, timedelta

from .store import Store

CHINA_OFFSET = timedelta(hours=8)


class Clock:
    """Gives the simulated now; the offset survives a restart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.offset = float(store.setting("clock_offset", 0.0))

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return time.time() + self.offset

    def second(self) -> int:
        """The same, whole, as WeCom writes timestamps."""
        return int(self.now())

    def move(self, offset: float) -> None:
        """Set the offset; tokens, codes and quotas age accordingly."""
        self.offset = offset
        self.store.put_setting("clock_offset", offset)

    def china_day(self) -> datetime:
        """Today's midnight in Shanghai, as a UTC moment shifted by eight hours."""
        local = datetime.fromtimestamp(self.now(), UTC) + CHINA_OFFSET
        return local.replace(hour=0, minute=0, second=0, microsecond=0)


def from_china(day: datetime) -> float:
    """Seconds since 1970 of a moment given by ``china_day``."""
    return (day - CHINA_OFFSET).timestamp()
