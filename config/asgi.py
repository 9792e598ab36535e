"""The front of the house: WeCom's callback door, the demo's sandbox, the websocket, then Django."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - needs the app registry
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from config.proxy import Message, Receive, SandboxProxy, Send  # noqa: E402
from stores.tablet.consumers import TabletConsumer  # noqa: E402
from wecom.inbox.door import CallbackDoor  # noqa: E402

_channels = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter([path("ws/tablet/", TabletConsumer.as_asgi())]))
        ),
    }
)
_door = CallbackDoor.from_settings()
_sandbox = SandboxProxy(settings.SANDBOX_URL) if settings.SANDBOX_URL else None


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Route by the first part of the path; the callback door stands before Django."""
    path_of = scope.get("path", "")
    if scope["type"] == "http" and path_of.startswith("/wecom/callback/"):
        await _door(scope, receive, send)
    elif _sandbox and path_of.startswith("/sandbox/"):
        await _sandbox(scope, receive, send)
    else:
        await _channels(scope, receive, send)
