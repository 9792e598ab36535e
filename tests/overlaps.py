"""Transactions that overlap on purpose: not yet committed, or cut in between statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, Final

from django.db import connection

from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor

SOON: Final = 20
_WRITER: Final = Actor.system("overlap")


def elsewhere(work: Callable[[], Any]) -> Any:
    """On a connection of its own, which is closed afterwards; for another thread."""
    try:
        connection.ensure_connection()
        set_session_scope(EVERYTHING)
        return work()
    finally:
        connection.close()


@contextmanager
def uncommitted(write: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Written inside an action, and seen by nobody until the given function is called."""
    written, commit = Event(), Event()

    @action
    def held(*, by: Actor) -> None:
        write()
        written.set()
        assert commit.wait(SOON)

    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(elsewhere, lambda: held(by=_WRITER))
        assert written.wait(SOON), told.exception(SOON)

        def finish() -> None:
            commit.set()
            told.result(SOON)

        try:
            yield finish
        finally:
            commit.set()


def statements_with(
    interrupt: Callable[[], object], place: int | str, work: Callable[[], object]
) -> int:
    """Do the work; before its statement of this number, or with these words, something else
    happens. How many statements.
    """
    seen = 0

    def before(execute: Callable[..., Any], sql: str, *said: Any) -> Any:
        nonlocal seen
        if place == seen or (isinstance(place, str) and place in sql):
            interrupt()
        seen += 1
        return execute(sql, *said)

    with connection.execute_wrapper(before):
        work()
    return seen
