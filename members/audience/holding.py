"""This process's facets: made once in the background, brought up to date before they are asked.

Several processes agree since each follows the same feed exactly; none tells another anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection

from members.audience.algebra import Algebra, NotRead, Places
from members.audience.facets import Facets, TooMuchChanged, read_leaf
from members.audience.keeping import from_stock

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A change is counted at the latest so much later than it was committed.
FRESH_SECONDS = 0.5
# Whether there are enough members for bitmaps is asked again after this long.
_ASK_AGAIN = 60.0
_PLACES_FOR = 5.0


def estimated_members() -> int:
    """About how many members there are; costs nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = 'members_member'::regclass"
        )
        return int(cursor.fetchone()[0])


class Holder:
    """Facets behind a lock. `read` is where they come from when there are none."""

    def __init__(self, read: Callable[[], Facets] = from_stock) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._facets: Facets | None = None
        self._places: tuple[float, Places] | None = None
        self._caught_up = 0.0
        self._loading: threading.Thread | None = None
        self._wanted: tuple[float, bool] = (0.0, False)

    def ask(self, at: datetime, question: Callable[[Algebra], T]) -> tuple[T, datetime] | None:
        """The answer and as of when it is true; None where SQL has to answer.

        What the question asks for the first time is read first, while others go on asking.
        """
        while self._is_ready():
            try:
                with self._lock:
                    facets = self._current()
                    if facets is None:
                        return None
                    return question(Algebra(facets, self._known_places(), at)), facets.as_of
            except NotRead as missing:
                self._read_leaf(missing)
            except TooMuchChanged:
                self.forget()
        return None

    def load(self) -> Facets:
        """Read everything now, in this thread, and keep it."""
        facets = self._read()
        with self._lock:
            self._facets, self._caught_up = facets, time.monotonic()
        return facets

    def forget(self) -> None:
        """Let go of everything; the next question reads it anew."""
        with self._lock:
            self._facets = None

    def _is_ready(self) -> bool:
        if connection.in_atomic_block:
            # A snapshot of their own needs a transaction of their own.
            return False
        if self._facets is not None:
            return True
        if self._is_wanted():
            with self._lock:
                if self._loading is None:
                    self._loading = threading.Thread(target=self._load_aside, daemon=True)
                    self._loading.start()
        return False

    def _is_wanted(self) -> bool:
        asked_at, wanted = self._wanted
        if time.monotonic() - asked_at > _ASK_AGAIN or not asked_at:
            wanted = estimated_members() >= settings.AUDIENCE_BITMAPS_FROM
            self._wanted = (time.monotonic(), wanted)
        return wanted

    def _load_aside(self) -> None:
        try:
            self.load()
        except Exception:
            # SQL goes on answering; the next question tries again.
            log.exception("facets_not_loaded")
        finally:
            self._loading = None
            connection.close()

    def _current(self) -> Facets | None:
        facets = self._facets
        if facets is not None and time.monotonic() - self._caught_up > FRESH_SECONDS:
            facets.catch_up()
            self._caught_up = time.monotonic()
        return facets

    def _known_places(self) -> Places:
        if self._places is None or time.monotonic() - self._places[0] > _PLACES_FOR:
            self._places = (time.monotonic(), Places.read())
        return self._places[1]

    def _read_leaf(self, missing: NotRead) -> None:
        watermark = read_leaf(missing.leaf)
        with self._lock:
            if self._facets is not None:
                self._facets.hold(missing.key, missing.leaf, watermark)
                self._caught_up = time.monotonic()


HOLDER = Holder()
