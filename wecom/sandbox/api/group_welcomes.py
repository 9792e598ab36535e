"""Materials to greet newcomers of groups (wecom.md 5.9). Only owners apply them, in the client."""

import json
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.truth import group_welcome
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

MOST = 100
# Of several kinds the first one in this order is used.
KINDS = ("image", "link", "miniprogram", "file", "video")
PATH = "externalcontact/group_welcome_template"


def read_material(call: Call) -> dict[str, Any]:
    """The contents that will be sent, and the members as they were given."""
    body = call.body
    content = reading.text(
        reading.mapping(body, "text"), "content", bytes=checks.CONTENT_BYTES, too_long=45002
    )
    kept: dict[str, Any] = {"text": {"content": content}} if content else {}
    contents = [{"msgtype": "text", **kept}] if content else []
    kind = next((kind for kind in KINDS if reading.mapping(body, kind)), "")
    if kind:
        attachment = checks.read_attachment(call, {"msgtype": kind, kind: body[kind]})
        kept[kind] = attachment[kind]
        contents.append(attachment)
    if not contents:
        raise ApiError(40063)
    return {"kept": kept, "contents": contents}


def own_material(call: Call) -> dict[str, Any]:
    """The stored material; 40058 unknown, 41058 when another application made it."""
    template_id = reading.text(call.body, "template_id", missing=40063)
    row = group_welcome.find_template(call.world, template_id)
    if row is None:
        raise ApiError(40058, "invalid template_id")
    if row["agent_id"] != call.app["agent_id"]:
        raise ApiError(41058)
    return {"template_id": template_id} | json.loads(row["body"])


@endpoint(f"{PATH}/add", contacts=True)
def add_material(call: Call) -> dict[str, Any]:
    """A new material, at most 100 in the corp; two equal requests make two."""
    checks.own_agent(call)
    store = call.world.store
    material = read_material(call)
    if store.count("group_welcome") >= MOST:
        raise ApiError(41055)
    template_id = call.world.ids.new("group_welcome", 32, "msg")
    store.run(
        "INSERT INTO group_welcome VALUES (?, ?, ?, ?)",
        template_id,
        call.app["agent_id"],
        pack(material),
        call.world.clock.second(),
    )
    return {"template_id": template_id}


@endpoint(f"{PATH}/edit", contacts=True)
def edit_material(call: Call) -> dict[str, Any]:
    """Overwrite an own material; groups it is applied to greet with the new one."""
    checks.own_agent(call)
    template_id = own_material(call)["template_id"]
    call.world.store.run(
        "UPDATE group_welcome SET body = ? WHERE template_id = ?",
        pack(read_material(call)),
        template_id,
    )
    return {}


@endpoint(f"{PATH}/get", contacts=True)
def get_material(call: Call) -> dict[str, Any]:
    """An own material as it is used; a picture is told by its address."""
    kept: dict[str, Any] = own_material(call)["kept"]
    media_id = kept.get("image", {}).get("media_id")
    if media_id:
        kept["image"] = {"pic_url": call.world.options.public(f"/sandbox/img/{media_id}")}
    return kept


@endpoint(f"{PATH}/del", contacts=True)
def delete_material(call: Call) -> dict[str, Any]:
    """Delete an own material; groups it was applied to greet nobody any more."""
    checks.own_agent(call)
    template_id = own_material(call)["template_id"]
    call.world.store.run("DELETE FROM group_welcome WHERE template_id = ?", template_id)
    return {}
