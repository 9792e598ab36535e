"""gettoken, tickets of the JS-SDK, and addresses of the service (wecom.md 1, 4.4)."""

from typing import Any

from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

TICKET_LIFE_S = 7200


@endpoint("gettoken", token=False)
def get_token(call: Call) -> dict[str, Any]:
    """The application's token; inside its life always the same one."""
    store, now = call.world.store, call.world.clock.now()
    corp_id, secret = call.query.get("corpid", ""), call.query.get("corpsecret", "")
    if not corp_id:
        raise ApiError(41002)
    if not secret:
        raise ApiError(41004)
    if corp_id != call.world.corp_id:
        raise ApiError(40013)
    app = store.row("SELECT * FROM app WHERE secret = ?", secret)
    if app is None or app["disabled"]:
        raise ApiError(40001)
    call.app_row = app
    life = call.world.switches.on.token_ttl_s
    row = store.row(
        "SELECT * FROM token WHERE agent_id = ? AND expires_at > ? AND bad_errcode = 0"
        " ORDER BY expires_at DESC LIMIT 1",
        app["agent_id"],
        now,
    )
    if row is not None:
        return {"access_token": row["token"], "expires_in": int(row["expires_at"] - now)}
    token = call.world.ids.new("token", 214)
    store.run(
        "INSERT INTO token (token, agent_id, expires_at) VALUES (?, ?, ?)",
        token,
        app["agent_id"],
        now + life,
    )
    return {"access_token": token, "expires_in": life}


def hand_ticket(call: Call, kind: str, agent_id: int) -> dict[str, Any]:
    """A ticket of one kind, the same inside its life."""
    store, now = call.world.store, call.world.clock.now()
    row = store.row(
        "SELECT * FROM ticket WHERE kind = ? AND agent_id = ? AND expires_at > ?",
        kind,
        agent_id,
        now,
    )
    if row is not None:
        return {"ticket": row["ticket"], "expires_in": int(row["expires_at"] - now)}
    ticket = call.world.ids.new("ticket", 86)
    store.run(
        "INSERT INTO ticket VALUES (?, ?, ?, ?)",
        ticket,
        agent_id,
        kind,
        now + TICKET_LIFE_S,
    )
    return {"ticket": ticket, "expires_in": TICKET_LIFE_S}


@endpoint("get_jsapi_ticket")
def get_jsapi_ticket(call: Call) -> dict[str, Any]:
    """The corp's ticket for wx.config; one for all applications."""
    return hand_ticket(call, "jsapi", 0)


@endpoint("ticket/get")
def get_agent_ticket(call: Call) -> dict[str, Any]:
    """The application's ticket for agentConfig; not shared."""
    if call.query.get("type") != "agent_config":
        raise ApiError(40058)
    return hand_ticket(call, "agent_config", call.app["agent_id"])


@endpoint("getcallbackip")
def get_callback_ip(_call: Call) -> dict[str, Any]:
    """Where callbacks come from: this machine."""
    return {"ip_list": ["127.0.0.1"]}


@endpoint("get_api_domain_ip")
def get_api_domain_ip(_call: Call) -> dict[str, Any]:
    """Where the API stands: this machine."""
    return {"ip_list": ["127.0.0.1"]}
