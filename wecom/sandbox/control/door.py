"""The control API's door: JSON in, JSON out, refusals with a reason."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from wecom.sandbox.switches import UnknownSwitch
from wecom.sandbox.truth import ways
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.world import Refused, World

from . import faults, growing, inspect, letters, seed
from .acts import ACTS, words
from .acts.reading import need

Body = dict[str, Any]
Letter = Callable[[World, Body], Awaitable[Body]]
PREFIX = "/sandbox/control/api"


async def read_body(request: Request) -> Body:
    """The JSON object of a request; nothing is an empty one."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        read = json.loads(raw)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from error
    if not isinstance(read, dict):
        raise Refused("a JSON object is needed")
    return read


def answer(world: World, act: Callable[[], Body]) -> JSONResponse:
    """Run an act all or nothing; a refusal is 409 with its reason."""
    try:
        with world.store.writing():
            result = act()
    except (Refused, UnknownSwitch) as error:
        return JSONResponse({"ok": False, "error": str(error)}, 409)
    except sqlite3.Error as error:
        return JSONResponse(
            {"ok": False, "error": f"存不进去，与已有的数据冲突或不合格式：{error}"}, 409
        )
    except (ApiError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return JSONResponse({"ok": False, "error": str(error)}, 400)
    return JSONResponse({"ok": True} | result)


async def run(request: Request, act: Callable[[World, Body], Body]) -> JSONResponse:
    """Read the body and run one act."""
    world: World = request.app.state.world
    try:
        body = await read_body(request)
    except Refused as error:
        return JSONResponse({"ok": False, "error": str(error)}, 400)
    return answer(world, lambda: act(world, body))


async def post_act(request: Request) -> JSONResponse:
    """POST acts/<name>."""
    act = ACTS.get(request.path_params["name"])
    if act is None:
        return JSONResponse({"ok": False, "error": "no such act"}, 404)
    return await run(request, act)


async def list_acts(request: Request) -> JSONResponse:
    """GET acts: every act with its parameters, as the control page's forms show them."""
    world: World = request.app.state.world
    return answer(world, lambda: {"acts": words.describe_acts()})


async def post_seed(request: Request) -> JSONResponse:
    """POST seed; as application/x-ndjson every line is a piece of the world."""
    if "ndjson" in request.headers.get("content-type", ""):
        world: World = request.app.state.world
        raw = await request.body()
        return answer(world, lambda: {"counts": seed.seed_lines(world, raw)})
    return await run(request, lambda world, body: {"counts": seed.seed(world, body)})


async def post_grow(request: Request) -> JSONResponse:
    """POST seed/grow: a corp of any size by numbers."""
    return await run(request, growing.grow)


async def ask_application(request: Request, letter: Letter) -> JSONResponse:
    """Send one letter to an application and tell what came back."""
    world: World = request.app.state.world
    try:
        told = await letter(world, await read_body(request))
    except Refused as error:
        return JSONResponse({"ok": False, "error": str(error)}, 409)
    except (TypeError, ValueError) as error:
        return JSONResponse({"ok": False, "error": str(error)}, 400)
    return JSONResponse({"ok": True} | told)


async def post_verify(request: Request) -> JSONResponse:
    """POST verify: the console's check of a callback address."""
    return await ask_application(request, letters.verify)


async def post_forge(request: Request) -> JSONResponse:
    """POST forge: a letter that no application may take for genuine."""
    return await ask_application(request, letters.forge)


async def post_reset(request: Request) -> JSONResponse:
    """POST reset: everything is forgotten."""
    world: World = request.app.state.world
    world.reset()
    return JSONResponse({"ok": True})


async def get_state(request: Request) -> JSONResponse:
    """GET state, state/<kind>/<id>."""
    world: World = request.app.state.world
    name = request.path_params.get("name", "")
    if not name:
        return answer(world, lambda: {"counts": seed.count_all(world)})
    kind, _, rest = name.partition("/")
    show = inspect.STATES.get(kind)
    if show is None:
        return JSONResponse({"ok": False, "error": "no such state"}, 404)
    query = dict(request.query_params)
    return answer(world, lambda: show(world, query, rest))


async def get_list(request: Request) -> JSONResponse:
    """GET friends, tasks, deliveries, calls."""
    world: World = request.app.state.world
    show = inspect.LISTS[request.url.path.rsplit("/", 1)[1]]
    query = dict(request.query_params)
    return answer(world, lambda: show(world, query))


async def do_faults(request: Request) -> JSONResponse:
    """GET, POST, DELETE faults."""
    world: World = request.app.state.world
    if request.method == "POST":
        return await run(request, faults.order_fault)
    if request.method == "DELETE":
        return answer(world, lambda: faults.clear_faults(world))
    return answer(world, lambda: faults.list_faults(world))


async def do_switches(request: Request) -> JSONResponse:
    """GET, POST switches."""
    world: World = request.app.state.world
    if request.method == "POST":
        return await run(request, lambda world, body: {"switches": world.switches.turn(body)})
    return answer(world, lambda: {"switches": world.switches.all()})


async def do_clock(request: Request) -> JSONResponse:
    """GET, POST clock."""
    world: World = request.app.state.world
    if request.method == "POST":
        return await run(request, faults.move_clock)
    return answer(world, lambda: faults.show_clock(world))


async def post_replay(request: Request) -> JSONResponse:
    """POST deliveries/replay."""
    return await run(request, faults.replay)


async def post_expire(request: Request) -> JSONResponse:
    """POST tokens/expire."""
    return await run(request, faults.expire_tokens)


def show_code(world: World, body: Body) -> Body:
    """Put a code on the phone's list."""
    ways.remember_shown(world, need(body, "url"), need(body, "title"))
    return {}


async def post_shown(request: Request) -> JSONResponse:
    """POST shown."""
    return await run(request, show_code)


ROUTES = [
    Route(f"{PREFIX}/seed", post_seed, methods=["POST"]),
    Route(f"{PREFIX}/seed/grow", post_grow, methods=["POST"]),
    Route(f"{PREFIX}/verify", post_verify, methods=["POST"]),
    Route(f"{PREFIX}/forge", post_forge, methods=["POST"]),
    Route(f"{PREFIX}/acts", list_acts),
    Route(f"{PREFIX}/reset", post_reset, methods=["POST"]),
    Route(f"{PREFIX}/acts/{{name}}", post_act, methods=["POST"]),
    Route(f"{PREFIX}/state", get_state),
    Route(f"{PREFIX}/state/{{name:path}}", get_state),
    Route(f"{PREFIX}/deliveries/replay", post_replay, methods=["POST"]),
    Route(f"{PREFIX}/faults", do_faults, methods=["GET", "POST", "DELETE"]),
    Route(f"{PREFIX}/switches", do_switches, methods=["GET", "POST"]),
    Route(f"{PREFIX}/clock", do_clock, methods=["GET", "POST"]),
    Route(f"{PREFIX}/tokens/expire", post_expire, methods=["POST"]),
    Route(f"{PREFIX}/shown", post_shown, methods=["POST"]),
    *(Route(f"{PREFIX}/{name}", get_list) for name in inspect.LISTS),
]
