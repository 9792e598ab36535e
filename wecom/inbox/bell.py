"""Tells a worker that rows wait, without the callback's answer waiting for Redis."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

# However many callbacks come, at most so many messages a second: one says "look" for all.
_PAUSE_SECONDS: Final = 0.05


class ReaderBell:
    """Rings the reader. Several rings during one are one more; a lost one waits for the sweep."""

    def __init__(self) -> None:
        self._wanted = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Ask for one look soon. Never blocks, never raises."""
        self._wanted = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def close(self) -> None:
        """Wait for a ring under way."""
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)

    async def _ring(self) -> None:
        while self._wanted:
            self._wanted = False
            await asyncio.to_thread(_send)
            await asyncio.sleep(_PAUSE_SECONDS)


def _send() -> None:
    try:
        current_app.send_task("wecom.tasks.read_inbox", queue="urgent", expires=30)
    except Exception as error:  # noqa: BLE001 - the rows are the intent, the broker may be away
        log.warning("nudge_lost", task="wecom.tasks.read_inbox", error=type(error).__name__)
