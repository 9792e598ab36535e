"""The data zone as the product reaches it through its program: no texts, only what was hit.

``chatdata/…`` are no paths of WeCom: they stand for the corp's program inside the zone.
"""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import zone
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

PAGE = 1000
KEPT_S = 5 * 86400
MEMBER, CUSTOMER = 1, 2


def person(value: str) -> dict[str, Any]:
    """Whether somebody is a member (1) or a customer (2), and the id."""
    is_customer = value.startswith(("wm", "wo")) and len(value) == 32
    return {"type": CUSTOMER if is_customer else MEMBER, "id": value}


def write_message(call: Call, row: Row) -> dict[str, Any]:
    """A message without what was said in it."""
    message = json.loads(row["message"])
    return {
        "msgid": message["msgid"],
        "sender": person(message["from"]),
        "receiver_list": [person(each) for each in message["tolist"]],
        "chatid": message["roomid"],
        "send_time": message["msgtime"] // 1000,
        "msgtype": message["msgtype"],
        "hit_rule_list": [
            {"rule_id": hit["rule_id"], "rule_name": hit["name"]}
            for hit in zone.hits_of(call.world, row["seq"])
        ],
    }


def read_page(call: Call, kind: str, *, hits_only: bool) -> dict[str, Any]:
    """Messages behind the cursor, at most five days old."""
    if not zone.is_open(call.world):
        raise ApiError(301053)
    token = reading.text(call.body, "token")
    if token and not zone.knows_token(call.world, token):
        raise ApiError(95007)
    limit = reading.page_size(call.body, most=PAGE, default=PAGE)
    after = int(reading.cursor_of(call, kind) or 0)
    rows = call.world.store.rows(
        "SELECT * FROM archive WHERE seq > ? AND at > ?"
        " AND (NOT ? OR seq IN (SELECT seq FROM zone_hit)) ORDER BY seq LIMIT ?",
        after,
        call.world.clock.now() - KEPT_S,
        hits_only,
        limit + 1,
    )
    page = rows[:limit]
    return {
        "has_more": int(len(rows) > limit),
        "next_cursor": reading.write_cursor(kind, str(page[-1]["seq"] if page else after)),
        "msg_list": [write_message(call, row) for row in page],
    }


@endpoint("chatdata/sync_msg")
def sync_msg(call: Call) -> dict[str, Any]:
    """What was said lately: who, to whom, when, of what kind; never the words."""
    reading.number(call.body, "mode", 0, high=2)
    return read_page(call, "zone", hits_only=False)


@endpoint("chatdata/get_hit_msg_list")
def get_hit_messages(call: Call) -> dict[str, Any]:
    """Only what a keyword rule was hit by."""
    return read_page(call, "zonehits", hits_only=True)
