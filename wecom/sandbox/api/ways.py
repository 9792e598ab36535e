"""Contact-me codes and group join ways (wecom.md 5.5, 5.9)."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list, pack
from wecom.sandbox.truth import people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

QUOTA = 500_000
LIST_DAYS_S = 90 * 86400
GROUPS_A_WAY = 5


def picture_of(call: Call, config_id: str) -> str:
    """The address of the code's picture, reachable by a browser."""
    return call.world.options.public(f"/sandbox/qr/{config_id}.png")


def way_of(call: Call, config_id: str) -> Row:
    """An own contact way; 41043 missing, 41044 unknown."""
    if not config_id:
        raise ApiError(41043)
    row = call.world.store.row("SELECT * FROM contact_way WHERE config_id = ?", config_id)
    if row is None:
        raise ApiError(41044)
    return row


def read_receivers(call: Call, kind: int) -> list[str]:
    """Members of a code: exactly one for type 1; departments are expanded, 100 at most."""
    named = reading.texts(call.body, "user") if call.body.get("user") else []
    parties = reading.numbers(call.body, "party")
    if kind == 1 and (len(named) != 1 or parties):
        raise ApiError(40058, "single contact way needs exactly one user")
    receivers = [receiver_in_range(call, userid) for userid in named]
    if parties:
        below = people.departments_below(call.world, parties)
        if not below:
            raise ApiError(60003)
        receivers += call.world.store.column(
            "SELECT DISTINCT member.userid FROM member JOIN member_department"
            " USING (userid) WHERE department_id IN (SELECT value FROM json_each(?))"
            " AND contact AND status = 1 ORDER BY member.userid",
            json_list(below),
        )
    receivers = list(dict.fromkeys(receivers))
    if not receivers:
        raise ApiError(40063)
    if len(receivers) > 100:
        raise ApiError(41041)
    return receivers


def receiver_in_range(call: Call, userid: str) -> str:
    """A member who may stand on a code: in range (60011), active (41054)."""
    try:
        userid = checks.member_in_range(call, userid)
    except ApiError as error:
        raise ApiError(60011 if error.code == 60111 else error.code) from None
    if call.world.store.value("SELECT status FROM member WHERE userid = ?", userid) != 1:
        raise ApiError(41054)
    return userid


@endpoint("externalcontact/add_contact_way", contacts=True)
def add_contact_way(call: Call) -> dict[str, Any]:
    """Make a code; ``qr_code`` only for scene 2. Two equal requests make two codes."""
    body = call.body
    kind = reading.number(body, "type", missing=41037, low=1, high=2, outside=41039)
    scene = reading.number(body, "scene", missing=41038, low=1, high=2, outside=41040)
    style = reading.number(body, "style", 1, low=1, high=3, outside=41042)
    receivers = read_receivers(call, kind)
    if call.world.store.value("SELECT count(*) FROM contact_way") >= QUOTA:
        raise ApiError(41045)
    way = {
        "type": kind,
        "scene": scene,
        "style": style,
        "remark": reading.text(body, "remark", chars=30),
        "skip_verify": reading.flag(body, "skip_verify", default=True),
        "state": reading.text(body, "state", chars=30),
        "user": reading.texts(body, "user"),
        "party": reading.numbers(body, "party"),
        "is_temp": reading.flag(body, "is_temp", default=False),
        "is_exclusive": reading.flag(body, "is_exclusive", default=False),
        "mark_source": reading.flag(body, "mark_source", default=True),
        "conclusions": reading.mapping(body, "conclusions"),
    }
    config_id = call.world.ids.new_hex("config")
    call.world.store.run(
        "INSERT INTO contact_way (config_id, agent_id, body, receivers, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        config_id,
        call.app["agent_id"],
        pack(way),
        pack(receivers),
        call.world.clock.second(),
    )
    call.world.live.announce("codes")
    answer = {"config_id": config_id}
    return answer | ({"qr_code": picture_of(call, config_id)} if scene == 2 else {})


@endpoint("externalcontact/get_contact_way", contacts=True)
def get_contact_way(call: Call) -> dict[str, Any]:
    """A code with everything it was made with."""
    row = way_of(call, reading.text(call.body, "config_id"))
    way = {"config_id": row["config_id"]} | json.loads(row["body"])
    if way["scene"] == 2:
        way["qr_code"] = picture_of(call, row["config_id"])
    return {"contact_way": way}


@endpoint("externalcontact/list_contact_way", contacts=True)
def list_contact_way(call: Call) -> dict[str, Any]:
    """Config ids by time of making; the last 90 days when not said."""
    now = call.world.clock.second()
    start = reading.number(call.body, "start_time", now - LIST_DAYS_S)
    end = reading.number(call.body, "end_time", now)
    limit = reading.page_size(call.body, most=1000, default=100)
    made_at, _, last = reading.cursor_of(call, "ways").partition(" ")
    rows = call.world.store.rows(
        "SELECT config_id, created_at FROM contact_way"
        " WHERE created_at BETWEEN ? AND ? AND (created_at, config_id) > (?, ?)"
        " ORDER BY created_at, config_id LIMIT ?",
        start,
        end,
        int(made_at or 0),
        last,
        limit + 1,
    )
    page = rows[:limit]
    answer: dict[str, Any] = {"contact_way": [{"config_id": row["config_id"]} for row in page]}
    if len(rows) > limit:
        answer["next_cursor"] = reading.write_cursor(
            "ways", f"{page[-1]['created_at']} {page[-1]['config_id']}"
        )
    return answer


@endpoint("externalcontact/update_contact_way", contacts=True)
def update_contact_way(call: Call) -> dict[str, Any]:
    """Overwrite what may change; type and scene stay."""
    body = call.body
    row = way_of(call, reading.text(body, "config_id"))
    way = json.loads(row["body"])
    receivers = json.loads(row["receivers"])
    if "user" in body or "party" in body:
        receivers = read_receivers(call, way["type"])
        way["user"] = reading.texts(body, "user")
        way["party"] = reading.numbers(body, "party")
    for name, limit in (("remark", 30), ("state", 30)):
        if name in body:
            way[name] = reading.text(body, name, chars=limit)
    for name in ("skip_verify", "mark_source"):
        if name in body:
            way[name] = reading.flag(body, name, default=way[name])
    if "conclusions" in body:
        way["conclusions"] = reading.mapping(body, "conclusions")
    if "style" in body:
        way["style"] = reading.number(body, "style", 1, low=1, high=3, outside=41042)
    call.world.store.run(
        "UPDATE contact_way SET body = ?, receivers = ? WHERE config_id = ?",
        pack(way),
        pack(receivers),
        row["config_id"],
    )
    return {}


@endpoint("externalcontact/del_contact_way", contacts=True)
def delete_contact_way(call: Call) -> dict[str, Any]:
    """Delete a code; a printed one leads nowhere from now on."""
    row = way_of(call, reading.text(call.body, "config_id"))
    call.world.store.run("DELETE FROM contact_way WHERE config_id = ?", row["config_id"])
    return {}


def read_join_way(call: Call) -> dict[str, Any]:
    """The members of a join way; groups must live and belong to members in range."""
    body = call.body
    scene = reading.number(body, "scene", low=1, high=2)
    chat_ids = reading.texts(body, "chat_id_list", most=GROUPS_A_WAY, too_many=41091, missing=40063)
    for chat_id in chat_ids:
        row = call.world.store.row(
            "SELECT owner, dismissed FROM group_chat WHERE chat_id = ?", chat_id
        )
        if row is None:
            raise ApiError(86003)
        if row["dismissed"]:
            raise ApiError(49008)
        if not people.is_visible(call.world, call.app, row["owner"]):
            raise ApiError(60011)
    return {
        "scene": scene,
        # Longer remarks are cut, not refused.
        "remark": reading.text(body, "remark")[:30],
        "auto_create_room": reading.number(body, "auto_create_room", 1, high=1),
        "room_base_name": reading.text(body, "room_base_name", chars=40),
        "room_base_id": reading.number(body, "room_base_id", 0),
        "chat_id_list": chat_ids,
        "state": reading.text(body, "state", chars=30),
        "mark_source": reading.flag(body, "mark_source", default=True),
    }


def own_join_way(call: Call) -> Row:
    """A join way of this application; another one's is unknown to it."""
    config_id = reading.text(call.body, "config_id", missing=41043)
    row = call.world.store.row(
        "SELECT * FROM join_way WHERE config_id = ? AND agent_id = ?",
        config_id,
        call.app["agent_id"],
    )
    if row is None:
        raise ApiError(41044)
    return row


@endpoint("externalcontact/groupchat/add_join_way", contacts=True)
def add_join_way(call: Call) -> dict[str, Any]:
    """Make a group code; the picture's address comes from get_join_way only."""
    way = read_join_way(call)
    config_id = call.world.ids.new_hex("config")
    call.world.store.run(
        "INSERT INTO join_way VALUES (?, ?, ?, ?)",
        config_id,
        call.app["agent_id"],
        pack(way),
        call.world.clock.second(),
    )
    call.world.live.announce("codes")
    return {"config_id": config_id}


@endpoint("externalcontact/groupchat/get_join_way", contacts=True)
def get_join_way(call: Call) -> dict[str, Any]:
    """A group code with the picture's address (scene 2)."""
    row = own_join_way(call)
    way = {"config_id": row["config_id"]} | json.loads(row["body"])
    if way["scene"] == 2:
        way["qr_code"] = picture_of(call, row["config_id"])
    return {"join_way": way}


@endpoint("externalcontact/groupchat/update_join_way", contacts=True)
def update_join_way(call: Call) -> dict[str, Any]:
    """Overwrite a group code wholly."""
    row = own_join_way(call)
    call.world.store.run(
        "UPDATE join_way SET body = ? WHERE config_id = ?",
        pack(read_join_way(call)),
        row["config_id"],
    )
    return {}


@endpoint("externalcontact/groupchat/del_join_way", contacts=True)
def delete_join_way(call: Call) -> dict[str, Any]:
    """Delete a group code."""
    row = own_join_way(call)
    call.world.store.run("DELETE FROM join_way WHERE config_id = ?", row["config_id"])
    return {}
