"""Two who ask at once while nothing is read yet let it be read once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import TracebackType

from django.utils import timezone

from members.audience.facets import Facets
from members.audience.holding import Holder

SOON = 20


class Told:
    """A lock that says when somebody has to wait for it."""

    def __init__(self, waits: Event) -> None:
        self._lock, self._waits = threading.Lock(), waits

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waits.set()
            assert self._lock.acquire(timeout=SOON)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class Watched(Holder):
    """Who first looks whether somebody reads already goes on when the second has come as far as it
    can: to the lock, or past it.
    """

    def __init__(self) -> None:
        self.second, self.go = Event(), Event()
        self.looked = self.reads = 0
        self.reader: threading.Thread | None = None
        super().__init__(self.read_once)
        self._lock = Told(self.second)  # type: ignore[assignment]
        # Enough members for bitmaps, as of now: the database is not asked.
        self._wanted = (time.monotonic(), True)

    @property
    def _loading(self) -> threading.Thread | None:
        found = self.reader
        self.looked += 1
        if self.looked == 1:
            assert self.second.wait(SOON)
        else:
            self.second.set()
        return found

    @_loading.setter
    def _loading(self, reader: threading.Thread | None) -> None:
        self.reader = reader

    def read_once(self) -> Facets:
        self.reads += 1
        assert self.go.wait(SOON)
        return Facets()


def test_two_who_ask_at_once_let_it_be_read_once() -> None:
    holder = Watched()
    with ThreadPoolExecutor(2) as pool:
        asking = [
            pool.submit(holder.ask, timezone.now(), lambda algebra: algebra) for _ in range(2)
        ]
        answers = [each.exception(SOON) or each.result() for each in asking]
    reader = holder.reader
    holder.go.set()
    assert reader is not None
    reader.join(SOON)
    assert (answers, holder.reads) == ([None, None], 1)
    assert holder.reader is None
    assert holder._facets is not None
