"""The start page and the control page: applications, callbacks, calls, switches, faults."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.control import inspect, seed
from wecom.sandbox.world import World

from .rendering import render


async def show_start(request: Request) -> Response:
    """/sandbox/: what this is and its doors."""
    world: World = request.app.state.world
    return render(request, "start.html", counts=seed.count_all(world))


async def show_board(request: Request) -> Response:
    """/sandbox/control/: everything that can be seen and turned."""
    world: World = request.app.state.world
    return render(
        request,
        "board.html",
        corp_id=world.corp_id,
        counts=seed.count_all(world),
        apps=[
            dict(app) | {"events": "、".join(json.loads(app["events"]))}
            for app in world.store.rows("SELECT * FROM app ORDER BY agent_id")
        ],
        deliveries=inspect.list_deliveries(world, {"limit": "60"})["deliveries"],
        calls=inspect.list_calls(world, {"limit": "60"})["calls"],
        switches=[
            switch
            | {
                "is_flag": isinstance(switch["value"], bool),
                "is_number": isinstance(switch["value"], int | float),
            }
            for switch in world.switches.described()
        ],
        faults=world.store.rows("SELECT * FROM fault WHERE times != 0 ORDER BY id"),
        offset=world.clock.offset,
        topics="control tasks people",
    )


async def go_start(_request: Request) -> Response:
    """The prefix without its slash."""
    return RedirectResponse("/sandbox/", 307)


ROUTES = [
    Route("/sandbox", go_start),
    Route("/sandbox/", show_start),
    Route("/sandbox/control/", show_board),
]
