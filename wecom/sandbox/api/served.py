"""contact_list: everybody the corp serves, customers first, then others inside groups (5.1)."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

PAGE = 1000
CUSTOMERS = """
    SELECT userid AS one, external_userid AS two, external_userid, customer.name, userid,
      friendship.created_at AS at
    FROM friendship JOIN customer USING (external_userid) JOIN member USING (userid)
    WHERE friendship.status IN ('friends', 'deleted_by_customer')
      AND member.contact AND member.status != 5
      AND (userid, external_userid) > (:one, :two)
      AND (:visible IS NULL OR userid IN (SELECT value FROM json_each(:visible)))
    ORDER BY userid, external_userid LIMIT :limit
"""
OTHERS = """
    SELECT chat_id AS one, member_id AS two, member_id AS external_userid, chat_id,
      group_chat.name AS chat_name, joined_at AS at
    FROM group_member JOIN group_chat USING (chat_id)
    WHERE type = 2 AND NOT dismissed AND (chat_id, member_id) > (:one, :two)
      AND (:visible IS NULL OR owner IN (SELECT value FROM json_each(:visible)))
      AND NOT EXISTS (SELECT 1 FROM friendship WHERE external_userid = member_id
        AND friendship.status IN ('friends', 'deleted_by_customer'))
    ORDER BY chat_id, member_id LIMIT :limit
"""
PARTS = {"customers": CUSTOMERS, "others": OTHERS}


def find(call: Call, part: str, after: tuple[str, str], limit: int) -> list[Row]:
    """Rows of one part behind the last one told."""
    visible = None
    if call.app["visible_departments"]:
        visible = json_list(people.visible_members(call.world, call.app))
    values = {"one": after[0], "two": after[1], "visible": visible, "limit": limit}
    rows: list[Row] = call.world.store.db.execute(PARTS[part], values).fetchall()
    return rows


def write_served(call: Call, row: Row, *, is_customer: bool) -> dict[str, Any]:
    """A customer with name and follower; somebody else only with the group."""
    world, person = call.world, row["external_userid"]
    tmp = world.ids.derive("tmp_openid", person, 32, "wt")
    written = {
        "is_customer": is_customer,
        "tmp_openid": people.tell_other_name(world, "tmp", tmp, person),
        "add_time": row["at"],
    }
    if is_customer:
        return written | {
            "external_userid": person,
            "name": row["name"],
            "follow_userid": row["userid"],
        }
    return written | {"chat_id": row["chat_id"], "chat_name": row["chat_name"]}


@endpoint("externalcontact/contact_list", contacts=True)
def list_served(call: Call) -> dict[str, Any]:
    """Everybody served, by page; a page may be short where customers end and others begin."""
    limit = reading.page_size(call.body, most=PAGE, default=PAGE)
    part, _, rest = (reading.cursor_of(call, "served") or "customers").partition(" ")
    one, _, two = rest.partition(" ")
    if part not in PARTS:
        raise ApiError(50100)
    rows = find(call, part, (one, two), limit + 1)
    page = rows[:limit]
    following = "others" if part == "customers" else ""
    if len(rows) > limit:
        following = f"{part} {page[-1]['one']} {page[-1]['two']}"
    return {
        "info_list": [write_served(call, row, is_customer=part == "customers") for row in page],
        "next_cursor": reading.write_cursor("served", following) if following else "",
    }
