"""Puts the sandbox together: routes, the world, the courier's life."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .api import ROUTES as API_ROUTES
from .control.door import ROUTES as CONTROL_ROUTES
from .options import Options
from .pages import ROUTES as PAGE_ROUTES
from .truth import welcome
from .truth.later import settle_due
from .wire import errands
from .wire.courier import Courier
from .world import World


async def answer_health(request: Request) -> JSONResponse:
    """200 once the sandbox answers at all."""
    world: World = request.app.state.world
    return JSONResponse({"ok": True, "corp_id": world.corp_id})


async def stream_hints(request: Request) -> StreamingResponse:
    """Hints of what changed, for open pages; proxies must not hold them back."""
    world: World = request.app.state.world
    return StreamingResponse(
        world.live.listen(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


class Settling:
    """Lets happen what is due before a request is answered, so that every answer is up to date."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            settle_due(self.world)
        await self.app(scope, receive, send)


def create_app(options: Options) -> Starlette:
    """One sandbox over one file; the courier lives as long as the server."""
    world = World(options)

    @asynccontextmanager
    async def live(_app: Starlette) -> AsyncIterator[None]:
        welcome.reopen_unfinished(world)
        courier = asyncio.create_task(Courier(world).run())
        yield
        errands.give_up(world)
        courier.cancel()
        with suppress(asyncio.CancelledError):
            await courier
        world.store.close()

    routes: list[BaseRoute] = [
        Route("/sandbox/healthz", answer_health),
        Route("/sandbox/live/", stream_hints),
        *API_ROUTES,
        *CONTROL_ROUTES,
        *PAGE_ROUTES,
    ]
    app = Starlette(routes=routes, lifespan=live, middleware=[Middleware(Settling, world=world)])
    app.state.world = world
    return app
