"""The one door of /cgi-bin/: faults, token, permissions, handler, answer, call log."""

import asyncio
import hashlib
import inspect
import json
import re
import time
from sqlite3 import Row
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from wecom.sandbox.store import pack
from wecom.sandbox.world import World

from .errors import TEXTS, ApiError
from .limits import draw, within_limits
from .registry import ENDPOINTS, Call, Endpoint

CALLS_KEPT = 20_000
LOGGED_BYTES = 4000


async def answer_api(request: Request) -> Response:
    """Handle one call to /sandbox/cgi-bin/…; unknown paths are a plain 404."""
    world: World = request.app.state.world
    path = request.path_params["path"]
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        return PlainTextResponse("404 page not found", 404)
    began = time.perf_counter()
    call = await read_call(world, request, path)
    try:
        async with within_limits(call):
            answer = await meet_fault(world, path) or await handle_by_chance(call, endpoint)
    except ApiError as error:
        answer = write_error(call, error)
    log_call(call, request.method, answer, (time.perf_counter() - began) * 1000)
    return answer


async def read_call(world: World, request: Request, path: str) -> Call:
    """Body as JSON whatever the content type, or the parts of an upload."""
    call = Call(world, path, dict(request.query_params), {}, caller_ip(request))
    call.range = request.headers.get("range", "")
    if request.headers.get("content-type", "").startswith("multipart/"):
        call.form = await request.form()
        return call
    raw = await request.body()
    if raw:
        try:
            read = json.loads(raw)
            call.broken_json = not isinstance(read, dict)
            call.body = read if isinstance(read, dict) else {}
        except ValueError:
            call.broken_json = True
    return call


def caller_ip(request: Request) -> str:
    """Who calls, for errmsg and the trusted-IP list."""
    return request.client.host if request.client else ""


async def handle_by_chance(call: Call, endpoint: Endpoint) -> Response:
    """Handle the call, unless the dice say otherwise before or after it."""
    chance = draw(call.world)
    struck = chance.strike(after=False)
    if struck:
        return struck
    answer = await handle(call, endpoint)
    return chance.strike(after=True) or answer


async def handle(call: Call, endpoint: Endpoint) -> Response:
    """Check token and permissions, run the handler, write its answer."""
    if endpoint.token:
        call.app_row = find_app(call)
        check_app(call, call.app_row, endpoint)
    handler = endpoint.handler
    if inspect.iscoroutinefunction(handler):
        answer = await handler(call)
    else:
        with call.world.store.writing():
            answer = handler(call)
    if isinstance(answer, Response):
        return answer
    return write_json({"errcode": 0, "errmsg": "ok"} | cast(dict[str, Any], answer))


def find_app(call: Call) -> Row:
    """The application of the access_token in the query string, and nowhere else."""
    world = call.world
    token = call.query.get("access_token", "")
    if not token:
        raise ApiError(41001)
    row = world.store.row("SELECT * FROM token WHERE token = ?", token)
    if row is None or world.switches.on.tokens_always_bad:
        raise ApiError(40014)
    if row["bad_errcode"]:
        raise ApiError(row["bad_errcode"])
    if row["expires_at"] <= world.clock.now():
        raise ApiError(world.switches.on.expired_token_errcode)
    app = world.store.row("SELECT * FROM app WHERE agent_id = ?", row["agent_id"])
    if app is None:
        raise ApiError(40014)
    return app


def check_app(call: Call, app: Row, endpoint: Endpoint) -> None:
    """Disabled application, trusted IP, customer-contact permission."""
    if app["disabled"]:
        raise ApiError(50003)
    if app["inactive"]:
        raise ApiError(48006)
    trusted = json.loads(app["trusted_ips"])
    if trusted and call.ip not in trusted:
        raise ApiError(60020)
    if endpoint.contacts and not app["callable_contacts"]:
        raise ApiError(48002)


class BrokenOff(Response):
    """An answer whose connection ends in the middle of its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more than is sent; the server closes the connection."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"errcode":0,', "more_body": True})


async def meet_fault(world: World, path: str) -> Response | None:
    """A fault ordered for this path: slow, an HTTP status, or an errcode."""
    row = world.store.row(
        "SELECT * FROM fault WHERE path IN (?, '*') AND times != 0 ORDER BY id LIMIT 1",
        path,
    )
    if row is None:
        return None
    if row["times"] > 0:
        world.store.run("UPDATE fault SET times = times - 1 WHERE id = ?", row["id"])
    if row["delay_s"]:
        await asyncio.sleep(row["delay_s"])
    if row["cut"]:
        return BrokenOff()
    if row["http_status"]:
        return PlainTextResponse("fault", row["http_status"])
    if row["errcode"] is not None:
        raise ApiError(row["errcode"], row["errmsg"] or TEXTS.get(row["errcode"], ""))
    return None


def write_error(call: Call, error: ApiError) -> Response:
    """HTTP 200 with errcode and the vendor's long errmsg."""
    world = call.world
    warning = "Warning: wrong json format. " if call.broken_json else ""
    mark = hashlib.sha256(f"{time.time_ns()}".encode()).hexdigest()
    hint = f"{world.clock.second()}{int(mark[:16], 16) % 10**15:015d}"
    errmsg = (
        f"{warning}{error.text}, hint: [{hint}], from ip: {call.ip}, more info at"
        f" https://open.work.weixin.qq.com/devtool/query?e={error.code}"
    )
    answer = write_json({"errcode": error.code, "errmsg": errmsg} | error.fields)
    answer.headers["Error-Code"] = str(error.code)
    # A caller's words may stand in the text, and a header holds printable letters only.
    answer.headers["Error-Msg"] = re.sub(r"[^ -~]", "?", error.text)
    return answer


def write_json(answer: dict[str, Any]) -> Response:
    """JSON with readable Chinese, as the real servers write it."""
    return Response(pack(answer).encode(), media_type="application/json; charset=UTF-8")


def log_call(call: Call, method: str, answer: Response, ms: float) -> None:
    """Remember the call for the control page; secrets and tokens are cut."""
    world = call.world
    errcode, errmsg = read_outcome(answer)
    query = {
        key: value[:8] + "…" if key in ("access_token", "corpsecret") else value
        for key, value in call.query.items()
    }
    number = world.store.insert(
        "INSERT INTO call (at, method, path, agent_id, query, body, errcode, errmsg, ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        world.clock.now(),
        method,
        call.path,
        call.app_row["agent_id"] if call.app_row is not None else None,
        pack(query),
        pack(call.body)[:LOGGED_BYTES],
        errcode,
        errmsg,
        round(ms, 2),
    )
    if number % 1000 == 0:
        world.store.run("DELETE FROM call WHERE id <= ?", number - CALLS_KEPT)
    world.live.announce("control")


def read_outcome(answer: Response) -> tuple[int | None, str]:
    """errcode and a short errmsg of an answer; HTTP trouble has no errcode."""
    if answer.status_code != 200:
        return None, f"HTTP {answer.status_code}"
    code = answer.headers.get("Error-Code")
    if code is None:
        return 0, "ok"
    return int(code), answer.headers.get("Error-Msg", "")
