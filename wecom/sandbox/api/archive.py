"""Chat archive (wecom.md 7.6): who is licensed, who agreed, and the bridge to the content.

``msgaudit/chatdata`` is no path of WeCom: it stands for a small program beside the product
that runs the vendor's C library (GetChatData, DecryptData) and answers decrypted messages.
"""

import json
from typing import Any

from starlette.responses import Response

from wecom.sandbox.truth import appchats
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Answer, Call, endpoint

from .media import cut_range

MOST_MESSAGES = 1000
KEPT_S = 5 * 86400


@endpoint("msgaudit/chatdata")
def get_chat_data(call: Call) -> dict[str, Any]:
    """Archived messages behind a seq, ascending; older than five days are gone."""
    if not call.world.store.value("SELECT 1 FROM member WHERE archived LIMIT 1"):
        raise ApiError(301053)
    after = reading.number(call.body, "seq", 0, high=2**62)
    limit = reading.page_size(call.body, most=MOST_MESSAGES, default=MOST_MESSAGES)
    rows = call.world.store.rows(
        "SELECT * FROM archive WHERE seq > ? AND at > ? ORDER BY seq LIMIT ?",
        after,
        call.world.clock.now() - KEPT_S,
        limit,
    )
    return {
        "chatdata": [
            {
                "seq": row["seq"],
                "msgid": row["msgid"],
                "message": json.loads(row["message"]),
            }
            for row in rows
        ]
    }


@endpoint("msgaudit/mediadata")
def get_media_data(call: Call) -> Answer:
    """The bridge to GetMediaData: a file of an archived message, in pieces when Range asks."""
    wanted = call.query.get("sdkfileid") or reading.text(call.body, "sdkfileid", missing=40063)
    row = call.world.store.row(
        "SELECT media.* FROM archive_file JOIN media USING (media_id) WHERE sdkfileid = ?", wanted
    )
    if row is None:
        raise ApiError(40007)
    whole = Response(row["data"], media_type=row["content_type"])
    return cut_range(whole, call.range) if call.range else whole


@endpoint("msgaudit/get_permit_user_list")
def get_permit_user_list(call: Call) -> dict[str, Any]:
    """Members with an archive licence."""
    return {
        "ids": call.world.store.column(
            "SELECT userid FROM member WHERE archived AND status != 5 ORDER BY userid"
        )
    }


@endpoint("msgaudit/check_single_agree")
def check_single_agree(call: Call) -> dict[str, Any]:
    """Who agreed; ``exteranalopenid`` is the vendor's own spelling."""
    info = call.body.get("info")
    if not isinstance(info, list) or not 1 <= len(info) <= 100:
        raise ApiError(40058)
    answers = []
    for pair in info:
        if not isinstance(pair, dict):
            raise ApiError(40058)
        external_userid = reading.text(pair, "exteranalopenid", missing=40063)
        agreed = call.world.store.value(
            "SELECT archive_agreed FROM customer WHERE external_userid = ?",
            external_userid,
        )
        answers.append(
            {
                "status_change_time": call.world.store.setting(f"agreed_at_{external_userid}", 0),
                "userid": reading.text(pair, "userid", missing=40063),
                "exteranalopenid": external_userid,
                "agree_status": "Agree" if agreed else "Disagree",
            }
        )
    return {"agreeinfo": answers}


@endpoint("msgaudit/check_room_agree")
def check_room_agree(call: Call) -> dict[str, Any]:
    """Who agreed among the customers of a group."""
    roomid = reading.text(call.body, "roomid", missing=86001)
    store = call.world.store
    if not store.value("SELECT 1 FROM group_chat WHERE chat_id = ?", roomid):
        raise ApiError(86003)
    rows = store.rows(
        "SELECT customer.* FROM group_member JOIN customer ON external_userid = member_id"
        " WHERE chat_id = ? ORDER BY external_userid",
        roomid,
    )
    return {
        "agreeinfo": [
            {
                "status_change_time": store.setting(f"agreed_at_{row['external_userid']}", 0),
                "exteranalopenid": row["external_userid"],
                "agree_status": "Agree" if row["archive_agreed"] else "Disagree",
            }
            for row in rows
        ]
    }


@endpoint("msgaudit/groupchat/get")
def get_internal_group(call: Call) -> dict[str, Any]:
    """An internal group; a customer group is 301059."""
    roomid = reading.text(call.body, "roomid", missing=86001)
    row = appchats.find(call.world, roomid)
    if row is None:
        known = call.world.store.value("SELECT 1 FROM group_chat WHERE chat_id = ?", roomid)
        raise ApiError(301059 if known else 86003)
    members = call.world.store.rows(
        "SELECT * FROM appchat_member WHERE chatid = ? ORDER BY joined_at, userid", roomid
    )
    return {
        "roomname": row["name"],
        "creator": row["owner"],
        "room_create_time": row["created_at"],
        "notice": "",
        "members": [{"memberid": m["userid"], "jointime": m["joined_at"]} for m in members],
    }


@endpoint("msgaudit/get_robot_info")
def get_robot_info(call: Call) -> dict[str, Any]:
    """A robot that speaks in archived groups."""
    robot_id = call.query.get("robot_id") or reading.text(call.body, "robot_id", missing=40063)
    for row in call.world.store.rows(
        "SELECT key, webhook.name, owner FROM webhook JOIN appchat USING (chatid)"
    ):
        if appchats.robot_id_of(call.world, row["key"]) == robot_id:
            found = {"robot_id": robot_id, "name": row["name"], "creator_userid": row["owner"]}
            return {"data": found}
    raise ApiError(40058, "invalid robot_id")
