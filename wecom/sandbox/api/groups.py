"""Customer groups as the API shows them: list, get (wecom.md 5.9). It cannot change them."""

import json
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import group_lag, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

OWNERS_WITHOUT_FILTER = 1000


@endpoint("externalcontact/groupchat/list", contacts=True)
def list_groups(call: Call) -> dict[str, Any]:
    """Groups whose owner is in range, by page; ``limit`` is required."""
    body = call.body
    limit = reading.number(body, "limit", missing=40063, low=1, high=1000)
    status = reading.number(body, "status_filter", 0, high=3)
    listed = reading.texts(reading.mapping(body, "owner_filter"), "userid_list", most=100)
    if listed:
        owners = [owner_in_range(call, userid) for userid in listed]
    else:
        owners = people.visible_members(call.world, call.app)
        if len(owners) > OWNERS_WITHOUT_FILTER:
            raise ApiError(81017)
        owners += people.members_who_left(call.world, call.app)
    after = reading.cursor_of(call, "groups")
    rows = call.world.store.rows(
        "SELECT chat_id, status FROM group_chat WHERE NOT dismissed"
        " AND owner IN (SELECT value FROM json_each(?))"
        " AND (? = 0 OR status = ?) AND chat_id > ? ORDER BY chat_id LIMIT ?",
        json_list(owners),
        status,
        status,
        after,
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        cursor = reading.write_cursor("groups", page[-1]["chat_id"])
    return {
        "group_chat_list": [{"chat_id": row["chat_id"], "status": row["status"]} for row in page],
        "next_cursor": cursor,
    }


def owner_in_range(call: Call, userid: str) -> str:
    """An owner, who may have left the corp meanwhile; else as ``member_in_range``."""
    row = call.world.store.row("SELECT * FROM member WHERE userid = ? AND status = 5", userid)
    if row is not None and people.is_in_range(call.world, call.app, row["userid"]):
        return str(row["userid"])
    return checks.member_in_range(call, userid)


@endpoint("externalcontact/groupchat/get", contacts=True)
def get_group(call: Call) -> dict[str, Any]:
    """A group with everybody inside and its member version."""
    chat_id = reading.text(call.body, "chat_id", missing=86001)
    need_name = reading.number(call.body, "need_name", 0, high=1) == 1
    shown = group_lag.shown(call.world, chat_id)
    if shown is None:
        raise ApiError(86003)
    group = shown.group
    if group["dismissed"]:
        raise ApiError(49008)
    if not people.is_in_range(call.world, call.app, group["owner"]):
        raise ApiError(60011)
    return {
        "group_chat": {
            "chat_id": group["chat_id"],
            "name": group["name"],
            "owner": group["owner"],
            "create_time": group["created_at"],
            "notice": group["notice"],
            "member_list": [
                write_member(call, member, need_name=need_name) for member in shown.members
            ],
            "admin_list": [{"userid": userid} for userid in json.loads(group["admins"])],
            "member_version": group["version"],
        }
    }


def write_member(call: Call, member: dict[str, Any], *, need_name: bool) -> dict[str, Any]:
    """One person of a group; unionid under the same rule as in externalcontact/get."""
    written = {
        "userid": member["member_id"],
        "type": member["type"],
        "join_time": member["joined_at"],
        "join_scene": member["join_scene"],
        "group_nickname": member["nickname"],
    }
    if member["invitor"]:
        written["invitor"] = {"userid": member["invitor"]}
    if need_name:
        written["name"] = member["name"]
    if member["state"]:
        written["state"] = member["state"]
    if member["unionid"] and call.world.is_bound:
        written["unionid"] = member["unionid"]
    return written
