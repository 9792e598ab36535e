"""Carries callbacks to the applications: encrypted, signed, on time, again when refused.

The bag is the table ``delivery``; a killed process goes on with what it had not delivered.
"""

import asyncio
import secrets
import sqlite3
import time
from contextlib import closing
from urllib.parse import urlencode, urlsplit, urlunsplit

from wecom.sandbox import crypto
from wecom.sandbox.truth import events
from wecom.sandbox.truth.later import settle_due
from wecom.sandbox.world import World

from .posting import Letterbox

AT_ONCE = 32
KEPT = 200_000
# A body for ever growing is the receiver's fault; only the status counts.
NOTHING_TO_DO_S = 30.0


class Courier:
    """One task of the server process; ``wake`` it after putting something into the bag."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bell = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.under_way: set[asyncio.Task[None]] = set()
        world.wake_courier = self.wake

    def wake(self) -> None:
        """There may be something to carry."""
        self.bell.set()

    async def run(self) -> None:
        """Carry until cancelled."""
        self.world.store.run("UPDATE delivery SET state = 'waiting' WHERE state = 'sending'")
        with closing(Letterbox()) as letterbox:
            while True:
                self.bell.clear()
                settled = settle_due(self.world)
                pause = min(settled, self.notify_of_archive(), self.start_due(letterbox))
                try:
                    await asyncio.wait_for(self.bell.wait(), pause)
                except TimeoutError:
                    continue

    def notify_of_archive(self) -> float:
        """Queue msgaudit_notify when the archive grew, at most once per interval."""
        world = self.world
        newest = world.store.value("SELECT max(seq) FROM archive") or 0
        if newest <= world.store.setting("archive_notified_seq", 0):
            return NOTHING_TO_DO_S
        wait = world.archive_told_at + world.switches.on.msgaudit_interval_s - time.monotonic()
        if world.archive_told_at and wait > 0:
            return wait
        world.archive_told_at = time.monotonic()
        with world.store.writing():
            world.store.put_setting("archive_notified_seq", newest)
            events.tell_archive_grew(world)
        return NOTHING_TO_DO_S

    def start_due(self, letterbox: Letterbox) -> float:
        """Start what is due as far as hands are free; give the time until the next."""
        store = self.world.store
        free = AT_ONCE - len(self.under_way)
        if free <= 0:
            return NOTHING_TO_DO_S
        rows = store.rows(
            "SELECT * FROM delivery WHERE state = 'waiting' AND due_at <= ?"
            " ORDER BY due_at, id LIMIT ?",
            time.time(),
            free,
        )
        for row in rows:
            store.run("UPDATE delivery SET state = 'sending' WHERE id = ?", row["id"])
            task = asyncio.create_task(self.carry(letterbox, row))
            self.under_way.add(task)
            task.add_done_callback(self.put_down)
        next_due = store.value("SELECT min(due_at) FROM delivery WHERE state = 'waiting'")
        if next_due is None:
            return NOTHING_TO_DO_S
        return float(max(0.0, next_due - time.time()))

    def put_down(self, task: asyncio.Task[None]) -> None:
        """A hand is free again."""
        self.under_way.discard(task)
        self.wake()

    async def carry(self, letterbox: Letterbox, row: sqlite3.Row) -> None:
        """One attempt; only HTTP 200 within the deadline counts as received."""
        world, life = self.world, self.world.life
        app = world.store.row("SELECT * FROM app WHERE agent_id = ?", row["agent_id"])
        status, error, began = None, "", time.monotonic()
        if app is None or not app["callback_url"]:
            error = "no callback address"
        else:
            try:
                async with asyncio.timeout(world.switches.on.callback_deadline_s):
                    status = await self.post(letterbox, app, row)
            except TimeoutError:
                error = "no answer in time"
            except (OSError, EOFError, ValueError) as problem:
                error = f"{type(problem).__name__}: {problem}"
        latency = (time.monotonic() - began) * 1000
        if life != world.life:
            return
        with world.store.writing():
            self.write_down(row, status, error, latency)
        world.live.announce("control")

    async def post(self, letterbox: Letterbox, app: sqlite3.Row, row: sqlite3.Row) -> int:
        """Seal the event anew (fresh nonce and prefix) and send it."""
        corp_id = self.world.corp_id
        sealed = crypto.encrypt(app["callback_aes_key"], row["inner_xml"], corp_id)
        # A signature carries real time even when the simulated clock was moved: the
        # receiver judges freshness by its own clock.
        timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
        signature = crypto.sign(app["callback_token"], timestamp, nonce, sealed)
        body = (
            f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
            "<AgentID><![CDATA[]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        return await letterbox.post(add_query(app["callback_url"], query), body.encode())

    def write_down(self, row: sqlite3.Row, status: int | None, error: str, latency: float) -> None:
        """The outcome of the attempt, and the next attempt when it failed."""
        world, on = self.world, self.world.switches.on
        received = status == 200
        world.store.run(
            "UPDATE delivery SET state = ?, http_status = ?, latency_ms = ?, error = ?"
            " WHERE id = ?",
            "delivered" if received else "failed",
            status,
            round(latency, 1),
            error[:300],
            row["id"],
        )
        if not received and row["attempt"] <= on.callback_retries:
            world.store.run(
                "INSERT INTO delivery (event_id, agent_id, event, change_type,"
                " inner_xml, attempt, due_at, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row["event_id"],
                row["agent_id"],
                row["event"],
                row["change_type"],
                row["inner_xml"],
                row["attempt"] + 1,
                time.time() + on.callback_retry_pause_s,
                world.clock.now(),
            )
        if row["id"] % 1000 == 0:
            world.store.run("DELETE FROM delivery WHERE id < ?", row["id"] - KEPT)


def add_query(url: str, query: dict[str, str]) -> str:
    """The address with more parameters behind those it has."""
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))
