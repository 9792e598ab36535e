"""What makes an action: one durable transaction, the actor's scope, steps that stay inside it.

A door calls actions one after another; an action never calls an action; a step begins with
`must_be_in_action()`. Reads of a door run inside `scope_of(actor)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

from kit.actor import NOTHING, Actor, Scope

P = ParamSpec("P")
R = TypeVar("R")

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)

# PostgreSQL asks the client to run the whole transaction again on these two.
_TRY_AGAIN = {"40001", "40P01"}
_ATTEMPTS = 4

_SET_SCOPE = (
    "SELECT set_config('scope.everything', %s, {local}), set_config('scope.stores', %s, {local}),"
    " set_config('scope.guide', %s, {local}), set_config('scope.member', %s, {local}),"
    " set_config('scope.entity', %s, {local})"
)
_READ_SCOPE = (
    "SELECT current_setting('scope.everything', true), current_setting('scope.stores', true),"
    " current_setting('scope.guide', true), current_setting('scope.member', true),"
    " current_setting('scope.entity', true)"
)


class NotInAction(RuntimeError):
    """A step was called outside an action."""


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run as one durable transaction within the scope of `by`.

    `by` is a required keyword argument of type `Actor`. A deadlock or a serialization failure
    runs the whole function again, so it must have no effect outside the database.
    """

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        by = cast(Actor, kwargs["by"])
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with transaction.atomic(durable=True), _scoped_transaction(by.scope):
                    token = _acting.set(by)
                    try:
                        return function(*args, **kwargs)
                    finally:
                        _acting.reset(token)
            except OperationalError as error:
                if attempt == _ATTEMPTS or _sqlstate(error) not in _TRY_AGAIN:
                    raise
        raise AssertionError("unreachable")

    return inner


def must_be_in_action() -> Actor:
    """The actor of the action around us. Raises NotInAction when there is none."""
    by = _acting.get()
    if by is None or not connection.in_atomic_block:
        raise NotInAction
    return by


@contextmanager
def scope_of(actor: Actor) -> Iterator[None]:
    """A read-only transaction in which only rows of the actor's scope exist.

    It ends with a rollback: nothing was written, and no setting outlives it.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(_SET_SCOPE.format(local="true"), actor.scope.settings())
        yield
        transaction.set_rollback(True)


@contextmanager
def scope_of_session(actor: Actor) -> Iterator[None]:
    """The actor's scope for a whole request, across transactions; for Django's admin alone.

    The admin reads outside any transaction of ours, so the scope is set on the session and taken
    back in `finally`; the connection pool clears it once more when the connection comes home.
    """
    set_session_scope(actor.scope)
    try:
        yield
    finally:
        set_session_scope(NOTHING)


def set_session_scope(scope: Scope) -> None:
    """Set the scope of the open connection until it is set again."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_SCOPE.format(local="false"), scope.settings())


def drop_what_still_runs() -> None:
    """Cancel the statement that an interruption left running, and close its connection.

    A worker's time limit strikes wherever it is, also while it waits for an answer. Every further
    statement on such a connection is refused, the one that writes down the failure among them.
    """
    raw = connection.connection
    if raw is None or raw.closed or raw.info.transaction_status != TransactionStatus.ACTIVE:
        return
    with suppress(psycopg.Error):
        raw.cancel_safe(timeout=5)
    connection.close()


@contextmanager
def session_lock(lock_class: int, key: int) -> Iterator[bool]:
    """PostgreSQL's session lock on a row: it ends with the connection, so also with a kill -9.

    Yields False when somebody alive holds it. A claim of a dead worker is thereby taken over within
    seconds, not after a lease. Workers need a connection of their own for it: no pooler that
    changes connections between transactions. Each table that is claimed so has a class of its own.
    """
    lock = [lock_class, key % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock)
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)


@contextmanager
def _scoped_transaction(scope: Scope) -> Iterator[None]:
    """Set the scope for the transaction; give back what an outer transaction (a test's) had."""
    nested = bool(connection.savepoint_ids)
    before: tuple[Any, ...] = ()
    with connection.cursor() as cursor:
        if nested:
            cursor.execute(_READ_SCOPE)
            before = tuple(value or "" for value in cursor.fetchone())
        cursor.execute(_SET_SCOPE.format(local="true"), scope.settings())
    yield
    if nested:
        with connection.cursor() as cursor:
            cursor.execute(_SET_SCOPE.format(local="true"), before)


def _sqlstate(error: OperationalError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
