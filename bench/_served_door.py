"""The product's side of `callbacks`: the callback door as uvicorn serves it in front of Django."""

from __future__ import annotations

import django

django.setup()

from wecom.inbox.door import CallbackDoor, Message, Receive, Send  # noqa: E402

_door = CallbackDoor.from_settings()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """HTTP goes to the door; the server's own life needs nothing."""
    if scope["type"] == "http":
        await _door(scope, receive, send)
