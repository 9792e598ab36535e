"""What happens by itself at a simulated time: transfers taking effect, data catching up.

``later`` remembers it in the file, so a restarted sandbox goes on; ``settle_due`` lets it
happen, at the moment it was due however far the clock was moved.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

Handler = Callable[[World, dict[str, Any]], None]
HANDLERS: dict[str, Handler] = {}
NOTHING_S = 30.0


def on_due(what: str) -> Callable[[Handler], Handler]:
    """Register who lets this kind of thing happen."""

    def register(handler: Handler) -> Handler:
        HANDLERS[what] = handler
        return handler

    return register


def forget(_world: World, _body: dict[str, Any]) -> None:
    """Nothing happens."""


def later(world: World, due_at: float, what: str, **body: Any) -> int:
    """Let something happen at a simulated moment; gives the number to take it back by."""
    number = world.store.insert(
        "INSERT INTO due (due_at, what, body) VALUES (?, ?, ?)", due_at, what, pack(body)
    )
    world.wake_courier()
    return number


def never(world: World, number: int) -> None:
    """Take it back; harmless when it has happened already."""
    world.store.run("DELETE FROM due WHERE id = ?", number)


def settle_due(world: World) -> float:
    """Let everything happen whose time has come, in order; gives the pause until the next.

    Repeating is harmless. What has become impossible meanwhile does not happen, and holds
    nothing else up. Called inside a transaction it waits for a call outside of one.
    """
    while not world.store.db.in_transaction:
        row = world.store.row("SELECT * FROM due ORDER BY due_at, id LIMIT 1")
        if row is None:
            return NOTHING_S
        ahead = row["due_at"] - world.clock.now()
        if ahead > 0:
            # A clock that stands still brings nothing nearer: its next move wakes the courier.
            return NOTHING_S if world.clock.frozen_at is not None else float(min(NOTHING_S, ahead))
        # A file of another version may remember what this one knows nothing about.
        handler = HANDLERS.get(row["what"], forget)
        try:
            with world.store.writing(), standing_at(world, row["due_at"]):
                never(world, row["id"])
                handler(world, json.loads(row["body"]))
        except Refused:
            never(world, row["id"])
    return 0.0


@contextmanager
def standing_at(world: World, moment: float) -> Iterator[None]:
    """The clock shows this moment inside, whatever it shows outside."""
    before, world.clock.frozen_at = world.clock.frozen_at, moment
    try:
        yield
    finally:
        world.clock.frozen_at = before
