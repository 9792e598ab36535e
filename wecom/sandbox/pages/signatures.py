"""The side bar's signatures, judged as the vendor's client judges them."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wecom.sandbox.world import World


async def check_signature(request: Request) -> Response:
    """What the client does with config and agentConfig: compare with the tickets handed out."""
    world: World = request.app.state.world
    params = json.loads(await request.body() or b"{}")
    errcode, error = judge_signature(world, params)
    return JSONResponse({"ok": not errcode, "errcode": errcode, "error": error})


def judge_signature(world: World, params: dict[str, Any]) -> tuple[int, str]:
    """0, or the code of the vendor's client: 40093, 42012, 91040, 80001."""
    is_agent = params.get("kind") == "agentConfig"
    corp_id = params.get("corpid") if is_agent else params.get("appId")
    if corp_id != world.corp_id:
        return 40093, "invalid corpid"
    agent_id = int(params.get("agentid") or 0) if is_agent else 0
    url = str(params.get("url", ""))
    domain = world.store.value("SELECT trusted_domain FROM app WHERE agent_id = ?", agent_id)
    if domain and urlsplit(url).netloc != domain:
        return 80001, "untrusted domain"
    tickets = world.store.rows("SELECT * FROM ticket WHERE expires_at > ?", world.clock.now())
    given = str(params.get("signature", ""))
    kind = "agent_config" if is_agent else "jsapi"
    for ticket in tickets:
        joined = (
            f"jsapi_ticket={ticket['ticket']}&noncestr={params.get('nonceStr', '')}"
            f"&timestamp={params.get('timestamp', '')}&url={url}"
        )
        digest = hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the vendor's hash
        if not hmac.compare_digest(digest, given):
            continue
        if ticket["kind"] != kind:
            return 91040, "invalid ticket type"
        return (0, "") if ticket["agent_id"] == agent_id else (42012, "ticket unusable")
    return 40093, "invalid signature"


ROUTES = [Route("/sandbox/wecom/signature", check_signature, methods=["POST"])]
