"""The menu below an application's conversation."""

import json
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.cards import entries
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

BUTTONS, BELOW = 3, 5
NAME_BYTES, NAME_BYTES_BELOW = 16, 40
KEYED = (
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)


def own_agent(call: Call) -> int:
    """The agentid of the query, which must be the token's."""
    agent_id = reading.number(call.query, "agentid", missing=41011)
    if agent_id != call.app["agent_id"]:
        raise ApiError(301002)
    return agent_id


@endpoint("menu/create")
def create_menu(call: Call) -> dict[str, Any]:
    """Put up to three buttons, each with up to five below, in place of the old ones."""
    agent_id = own_agent(call)
    buttons = entries(call.body, "button", required=True, most=BUTTONS)
    for button in buttons:
        below = entries(button, "sub_button", most=BELOW)
        reading.text(button, "name", missing=40063, bytes=NAME_BYTES)
        for leaf in below or [button]:
            check_leaf(leaf, NAME_BYTES_BELOW if below else NAME_BYTES)
    call.world.store.run("INSERT OR REPLACE INTO app_menu VALUES (?, ?)", agent_id, pack(buttons))
    return {}


def check_leaf(button: dict[str, Any], name_bytes: int) -> None:
    """A button that does something: a key, an address, or a mini-program."""
    reading.text(button, "name", missing=40063, bytes=name_bytes)
    kind = reading.text(button, "type", missing=40063)
    if kind in KEYED:
        reading.text(button, "key", missing=40063, bytes=128)
    elif kind == "view":
        reading.text(button, "url", missing=40063, bytes=1024)
    elif kind == "view_miniprogram":
        reading.text(button, "appid", missing=40063)
        reading.text(button, "pagepath", missing=40063)
    else:
        raise ApiError(40058, "invalid button type")


@endpoint("menu/get")
def get_menu(call: Call) -> dict[str, Any]:
    """The menu as it was put; empty when there is none."""
    agent_id = own_agent(call)
    buttons = call.world.store.value("SELECT buttons FROM app_menu WHERE agent_id = ?", agent_id)
    return {"button": json.loads(buttons or "[]")}


@endpoint("menu/delete")
def delete_menu(call: Call) -> dict[str, Any]:
    """Take the menu away; repeating is harmless."""
    call.world.store.run("DELETE FROM app_menu WHERE agent_id = ?", own_agent(call))
    return {}
