"""A websocket without a network: what a browser's side would send and receive."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

# asgiref leaves it untyped.
_Wire: Any = ApplicationCommunicator


class Socket:
    """One connection to `/ws/tablet/` with the cookies of a signed-in client."""

    def __init__(self, application: Any, cookies: str) -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/tablet/",
            "query_string": b"",
            "headers": [(b"cookie", cookies.encode())],
            "subprotocols": [],
        }
        self._wire: Any = _Wire(application, scope)

    async def open(self) -> None:
        """Shake hands; the socket is always accepted first, so that its closing can say why."""
        await self._wire.send_input({"type": "websocket.connect"})
        assert (await self._wire.receive_output(timeout=5))["type"] == "websocket.accept"

    async def say(self, word: dict[str, Any]) -> None:
        await self._wire.send_input({"type": "websocket.receive", "text": json.dumps(word)})

    async def hear(self) -> dict[str, Any]:
        """The next word, a beat or a hint."""
        message = await self._wire.receive_output(timeout=5)
        assert message["type"] == "websocket.send", message
        word: dict[str, Any] = json.loads(message["text"])
        return word

    async def hear_hint(self) -> dict[str, Any]:
        """The next hint, past the beats."""
        while (word := await self.hear())["kind"] == "beat":
            pass
        return word

    async def closing_code(self) -> int:
        """Wait until the other side closes, past whatever it still says."""
        while True:
            message = await self._wire.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def leave(self) -> None:
        await self._wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._wire.wait(timeout=5)
