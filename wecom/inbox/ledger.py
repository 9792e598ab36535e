"""How the door writes: many callbacks share one commit, each is answered after it.

While one batch commits, the next gathers; under load a commit carries hundreds of rows, alone a
callback waits for nobody. SQL of its own, since Django's ORM costs more than the rest of the door.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import psycopg
import structlog
from django.db import connections
from django.utils import timezone
from psycopg_pool import AsyncConnectionPool

from wecom.inbox.bell import ReaderBell

log = structlog.get_logger(__name__)

# WeCom gives up after 5 s; what cannot be stored by then is better refused and told again.
_PATIENCE_SECONDS: Final = 4.0
_BATCH: Final = 500
_QUEUE: Final = 2000
_WRITERS: Final = 2

# The columns travel as joined text: making arrays of them costs more than everything else here.
# The separator is a control character that no well-formed XML contains.
_SEPARATOR: Final = "\x1f"
_INSERT = """
INSERT INTO wecom_inboxmessage AS row
  (app, digest, body, received_at, repeats, state, kind, attempts, error)
SELECT app, decode(digest, 'hex'), body, %(at)s, repeats, 'waiting', '', 0, ''
FROM unnest(
    string_to_array(%(apps)s, chr(31)), string_to_array(%(digests)s, chr(31)),
    string_to_array(%(bodies)s, chr(31)), string_to_array(%(repeats)s, chr(31))::int[]
  ) AS told (app, digest, body, repeats)
ON CONFLICT (digest) DO UPDATE SET
  repeats = row.repeats + 1 + excluded.repeats,
  last_repeat_at = excluded.received_at,
  state = CASE WHEN row.state = 'done' THEN 'again' ELSE row.state END
"""


class Full(Exception):
    """More callbacks wait than could be stored in time."""


@dataclass(slots=True)
class Told:
    """One callback on its way into the table, with those who wait for its commit."""

    app: str
    digest: str
    body: str
    since: float
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class InboxLedger:
    """Writes callbacks of one event loop. Connections open at the first callback.

    After each commit the bell is rung for a worker to come and read.
    """

    def __init__(self, bell: ReaderBell, *, queue: int = _QUEUE) -> None:
        self._bell = bell
        self._limit = queue
        self._waiting: dict[str, Told] = {}
        self._writers: set[asyncio.Task[None]] = set()
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None
        self._opening = asyncio.Lock()

    async def store(self, app: str, digest: str, body: str) -> None:
        """Return once the row is durable. The same digest (in hex) again counts up its repeats.

        Raises Full when the queue is long, TimeoutError or psycopg.Error when the database
        does not answer; then nothing is promised and WeCom tells it again.
        """
        loop = asyncio.get_running_loop()
        told = self._waiting.get(digest)
        if told is None:
            if len(self._waiting) >= self._limit:
                raise Full
            told = Told(app, digest, body, loop.time())
            self._waiting[digest] = told
        done: asyncio.Future[None] = loop.create_future()
        told.waiting.append(done)
        if len(self._writers) < _WRITERS:
            writer = asyncio.create_task(self._write())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        await done

    async def close(self) -> None:
        """Let begun commits end and give the connections back."""
        await asyncio.gather(*self._writers, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self._bell.close()

    async def _write(self) -> None:
        """Write batch after batch until nobody waits."""
        # Callbacks that arrived in the same turn of the loop travel together.
        await asyncio.sleep(0)
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001 - every waiter gets it as an answer
                _answer(batch, error)
            else:
                _answer(batch, None)
                self._bell.ring()

    def _next_batch(self) -> list[Told]:
        """The oldest that wait, but for those whose sender has given up by now."""
        keys = list(islice(self._waiting, _BATCH))
        oldest = asyncio.get_running_loop().time() - _PATIENCE_SECONDS
        batch: list[Told] = []
        late: list[Told] = []
        for key in keys:
            told = self._waiting.pop(key)
            (late if told.since < oldest else batch).append(told)
        _answer(late, TimeoutError())
        return batch

    async def _commit(self, batch: list[Told]) -> None:
        if not batch:
            return
        # In one order everywhere, or two processes with common digests would lock each other.
        batch.sort(key=lambda told: told.digest)
        join = _SEPARATOR.join
        columns = {
            "at": timezone.now(),
            "apps": join(told.app for told in batch),
            "digests": join(told.digest for told in batch),
            "bodies": join(told.body for told in batch),
            "repeats": join(str(len(told.waiting) - 1) for told in batch),
        }
        async with asyncio.timeout(_PATIENCE_SECONDS):
            pool = await self._open_pool()
            for attempt in range(_WRITERS + 1):
                try:
                    async with pool.connection() as connection:
                        await connection.execute(_INSERT, columns, prepare=True)
                except psycopg.OperationalError:
                    # The server restarted and every connection of the pool died with it: the pool
                    # drops a dead one when it comes back. Storing twice only counts a repeat.
                    if attempt == _WRITERS:
                        raise
                else:
                    return

    async def _open_pool(self) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        async with self._opening:
            if self._pool is None:
                conninfo = database_address()
                pool = AsyncConnectionPool(
                    conninfo,
                    min_size=1,
                    max_size=_WRITERS,
                    open=False,
                    timeout=_PATIENCE_SECONDS,
                    # One statement is one transaction: no round trips for BEGIN and COMMIT.
                    kwargs={"autocommit": True},
                    name=f"inbox-{os.getpid()}",
                )
                await pool.open(wait=False)
                self._pool = pool
        return self._pool


def database_address() -> str:
    """libpq's connection string of the default database; a role to work as stands in it."""
    found: Mapping[str, Any] = connections["default"].settings_dict
    options = dict(found["OPTIONS"])
    for ours in ("pool", "server_side_binding", "isolation_level"):
        options.pop(ours, None)
    address = {
        "dbname": found["NAME"],
        "user": found["USER"],
        "password": found["PASSWORD"],
        "host": found["HOST"],
        "port": found["PORT"],
    }
    set_ones = {key: str(value) for key, value in address.items() if value}
    return psycopg.conninfo.make_conninfo("", **set_ones, **options)


def _answer(batch: list[Told], error: Exception | None) -> None:
    if error is not None and batch:
        log.error("inbox_not_stored", rows=len(batch), error=type(error).__name__)
    for told in batch:
        for done in told.waiting:
            # Somebody who gave up has cancelled his future.
            if done.done():
                continue
            with contextlib.suppress(asyncio.InvalidStateError):
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
