"""Hints to open pages: which subject changed. A page then asks for its state again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

HEARTBEAT_S = 10.0
# A stream ends now and then and the page opens a new one: a proxy that does not notice
# a closed page must not keep streams for ever.
LIFE_S = 60.0
SLOW_READER_LIMIT = 200


class Live:
    """One queue per open connection; hints are topics such as ``customer:wm…``."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[str]] = set()

    def announce(self, *topics: str) -> None:
        """Tell every open page; losing a hint is harmless."""
        for queue in self.queues:
            for topic in topics:
                if queue.qsize() < SLOW_READER_LIMIT:
                    queue.put_nowait(topic)

    async def listen(self) -> AsyncIterator[str]:
        """Server-sent events until the reader leaves; hints at one moment go together."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.queues.add(queue)
        try:
            yield "retry: 1000\n\nevent: hello\ndata: \n\n"
            began = time.monotonic()
            while time.monotonic() - began < LIFE_S:
                topics = set()
                with suppress(TimeoutError):
                    topics.add(await asyncio.wait_for(queue.get(), HEARTBEAT_S))
                if not topics:
                    yield ": still here\n\n"
                    continue
                while not queue.empty():
                    topics.add(queue.get_nowait())
                yield f"event: changed\ndata: {' '.join(sorted(topics))}\n\n"
        finally:
            self.queues.discard(queue)
