"""Several callers in the same moment, each with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

from kit.actions import set_session_scope
from kit.actor import EVERYTHING

R = TypeVar("R")


def all_at_once(calls: Sequence[Callable[[], R]]) -> list[R | Exception]:
    """Start every call at the same moment; what each gave or raised, in order."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], R]) -> R | Exception:
        try:
            connection.ensure_connection()
            set_session_scope(EVERYTHING)
            barrier.wait(10)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
