"""contact_list: everybody the corp serves, customers first, then others inside groups (5.1)."""

from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

PAGE = 1000
# A page looks at no more than this, so that one call never holds the others up.
MEMBERS_LOOKED_AT, PEOPLE_LOOKED_AT = 1000, 10_000
BEHIND_EVERYBODY = "~"
CUSTOMERS = """
    SELECT userid AS one, external_userid AS two, external_userid, name, userid,
      friendship.created_at AS at
    FROM friendship JOIN customer USING (external_userid)
    WHERE userid IN (SELECT value FROM json_each(:members))
      AND status IN ('friends', 'deleted_by_customer')
      AND (userid, external_userid) > (:one, :two)
    ORDER BY userid, external_userid LIMIT :limit
"""
OTHERS = """
    SELECT chat_id AS one, member_id AS two, member_id AS external_userid, chat_id, owner,
      name AS chat_name, joined_at AS at, type = 2 AND NOT dismissed AND NOT EXISTS (
        SELECT 1 FROM friendship WHERE external_userid = member_id
        AND friendship.status IN ('friends', 'deleted_by_customer')) AS is_stranger
    FROM group_member JOIN group_chat USING (chat_id)
    WHERE (chat_id, member_id) > (:one, :two)
    ORDER BY chat_id, member_id LIMIT :limit
"""


@dataclass(frozen=True)
class Part:
    """Some of the rows, and where to go on: nothing when the part is at its end."""

    rows: list[Row]
    behind: str


def ask(call: Call, sql: str, **values: object) -> list[Row]:
    """The rows of a query."""
    rows: list[Row] = call.world.store.db.execute(sql, values).fetchall()
    return rows


def customers(call: Call, one: str, two: str, limit: int) -> Part:
    """Relations of the next members in range, in order."""
    visible = people.visible_members(call.world, call.app)
    ahead = [userid for userid in visible if userid.lower() >= one.lower()]
    looked_at = ahead[:MEMBERS_LOOKED_AT]
    members = json_list(looked_at)
    rows = ask(call, CUSTOMERS, members=members, one=one, two=two, limit=limit + 1)
    if len(rows) > limit:
        return Part(rows[:limit], f"{rows[limit - 1]['one']} {rows[limit - 1]['two']}")
    more = len(ahead) > len(looked_at)
    return Part(rows, f"{looked_at[-1]} {BEHIND_EVERYBODY}" if more else "")


def others(call: Call, one: str, two: str, limit: int) -> Part:
    """People inside groups in range who are nobody's customer, in order."""
    looked_at = ask(call, OTHERS, one=one, two=two, limit=PEOPLE_LOOKED_AT)
    in_range: dict[str, bool] = {}
    told: list[Row] = []
    for row in looked_at:
        owner = row["owner"]
        if row["is_stranger"] and owner not in in_range:
            in_range[owner] = people.is_in_range(call.world, call.app, owner)
        if row["is_stranger"] and in_range[owner]:
            told.append(row)
        if len(told) == limit:
            return Part(told, f"{row['one']} {row['two']}")
    more = len(looked_at) == PEOPLE_LOOKED_AT
    return Part(told, f"{looked_at[-1]['one']} {looked_at[-1]['two']}" if more else "")


PARTS = {"customers": customers, "others": others}


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
    """Everybody served, by page; a page may be short, or even empty, before the end."""
    limit = reading.page_size(call.body, most=PAGE, default=PAGE)
    name, _, rest = (reading.cursor_of(call, "served") or "customers").partition(" ")
    one, _, two = rest.partition(" ")
    if name not in PARTS:
        raise ApiError(50100)
    part = PARTS[name](call, one, two, limit)
    following = f"{name} {part.behind}" if part.behind else ""
    if not following and name == "customers":
        following = "others"
    return {
        "info_list": [
            write_served(call, row, is_customer=name == "customers") for row in part.rows
        ],
        "next_cursor": reading.write_cursor("served", following) if following else "",
    }
