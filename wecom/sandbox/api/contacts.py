"""Customers and their followers: list, get, batch, remark (wecom.md 5.1–5.4)."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list, pack
from wecom.sandbox.truth import friends, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

FOLLOWERS_A_PAGE = 500


@endpoint("externalcontact/get_follow_user_list", contacts=True)
def get_follow_user_list(call: Call) -> dict[str, Any]:
    """Members in range who have the customer-contact function."""
    return {"follow_user": people.visible_members(call.world, call.app)}


@endpoint("externalcontact/list", contacts=True)
def list_customers(call: Call) -> dict[str, Any]:
    """A member's customers; none at all is 84061, not an empty list."""
    userid = call.query.get("userid", "")
    if not userid:
        raise ApiError(41009)
    userid = checks.member_in_range(call, userid)
    found = call.world.store.column(
        "SELECT external_userid FROM friendship WHERE userid = ?"
        " AND status IN ('friends', 'deleted_by_customer')"
        " ORDER BY created_at, external_userid",
        userid,
    )
    if not found:
        raise ApiError(84061)
    return {"external_userid": found}


def write_contact(call: Call, row: Row) -> dict[str, Any]:
    """external_contact: unionid only for WeChat users of a corp bound to a developer."""
    contact = {
        "external_userid": row["external_userid"],
        "name": row["name"],
        "avatar": row["avatar"],
        "type": row["type"],
        "gender": row["gender"],
    }
    if row["type"] == 1 and call.world.is_bound:
        contact["unionid"] = row["unionid"]
    return contact


def write_follow(row: Row) -> dict[str, Any]:
    """The part of a relation that get and batch share."""
    follow = {
        "userid": row["userid"],
        "remark": row["remark"],
        "description": row["description"],
        "createtime": row["created_at"],
        "remark_corp_name": row["remark_corp_name"],
        "remark_mobiles": friends.mobiles_of(row),
        "oper_userid": row["oper_userid"],
        "add_way": row["add_way"],
    }
    if row["state"]:
        follow["state"] = row["state"]
    return follow


def write_tags(call: Call, row: Row) -> list[dict[str, Any]]:
    """Corp tags of a relation, with names."""
    return [
        {
            "group_name": tag["group_name"],
            "tag_name": tag["name"],
            "tag_id": tag["tag_id"],
            "type": 3 if tag["strategy_id"] else 1,
        }
        for tag in call.world.store.rows(
            "SELECT tag.*, tag_group.name AS group_name, strategy_id FROM friend_tag"
            " JOIN tag USING (tag_id) JOIN tag_group USING (group_id)"
            " WHERE userid = ? AND external_userid = ? ORDER BY tag_id",
            row["userid"],
            row["external_userid"],
        )
    ]


@endpoint("externalcontact/get", contacts=True)
def get_customer(call: Call) -> dict[str, Any]:
    """A customer with every follower in range, 500 a page."""
    row = checks.known_customer(call, call.query.get("external_userid", ""))
    start = reading.cursor_of(call, "get", dict(call.query))
    offset = int(start or 0)
    visible = [
        follower
        for follower in friends.followers_for_api(call.world, row["external_userid"])
        if people.is_visible(call.world, call.app, follower["userid"])
    ]
    if not visible:
        known = friends.followers_for_api(call.world, row["external_userid"])
        raise ApiError(84084 if known else 84061)
    page = visible[offset : offset + FOLLOWERS_A_PAGE]
    answer: dict[str, Any] = {
        "external_contact": write_contact(call, row),
        "follow_user": [
            write_follow(follower) | {"tags": write_tags(call, follower)} for follower in page
        ],
    }
    if offset + FOLLOWERS_A_PAGE < len(visible):
        answer["next_cursor"] = reading.write_cursor("get", str(offset + FOLLOWERS_A_PAGE))
    return answer


@endpoint("externalcontact/batch/get_by_user", contacts=True)
def batch_get_by_user(call: Call) -> dict[str, Any]:
    """One row per member and customer; at most 100 a page, 50 when not said."""
    wanted = reading.texts(call.body, "userid_list", most=100, missing=40063)
    userids = sorted({checks.member_in_range(call, userid) for userid in wanted})
    limit = reading.page_size(call.body, most=100, default=50)
    after = reading.cursor_of(call, "batch")
    last_user, _, last_customer = after.partition(" ")
    rows = call.world.store.rows(
        "SELECT * FROM friendship"
        " WHERE userid IN (SELECT value FROM json_each(?))"
        " AND status IN ('friends', 'deleted_by_customer')"
        " AND (userid, external_userid) > (?, ?)"
        " ORDER BY userid, external_userid LIMIT ?",
        json_list(userids),
        last_user,
        last_customer,
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        last = page[-1]
        cursor = reading.write_cursor("batch", f"{last['userid']} {last['external_userid']}")
    return {
        "external_contact_list": [write_pair(call, row) for row in page],
        "next_cursor": cursor,
    }


def write_pair(call: Call, row: Row) -> dict[str, Any]:
    """A customer and one relation, with tag ids instead of names."""
    customer = checks.known_customer(call, row["external_userid"])
    tags = call.world.store.column(
        "SELECT tag_id FROM friend_tag WHERE userid = ? AND external_userid = ? ORDER BY tag_id",
        row["userid"],
        row["external_userid"],
    )
    return {
        "external_contact": write_contact(call, customer),
        "follow_info": write_follow(row) | {"tag_id": tags},
    }


@endpoint("externalcontact/remark", contacts=True)
def change_remark(call: Call) -> dict[str, Any]:
    """Overwrite what the member noted; makes no callback. Nothing at all is 40058."""
    body = call.body
    userid = checks.member_in_range(call, reading.text(body, "userid", missing=41009))
    external_userid = reading.text(body, "external_userid", missing=41035)
    checks.known_customer(call, external_userid)
    checks.relation_of(call, userid, external_userid)
    optional = (
        "remark",
        "description",
        "remark_company",
        "remark_mobiles",
        "remark_pic_mediaid",
    )
    if not any(body.get(name) for name in optional):
        raise ApiError(40058)
    remark = reading.text(body, "remark", chars=20)
    description = reading.text(body, "description", chars=150)
    company = reading.text(body, "remark_company", chars=20)
    mobiles = reading.texts(body, "remark_mobiles")
    call.world.store.run(
        "UPDATE friendship SET remark = coalesce(?, remark),"
        " description = coalesce(?, description),"
        " remark_corp_name = coalesce(?, remark_corp_name),"
        " remark_mobiles = coalesce(?, remark_mobiles)"
        " WHERE userid = ? AND external_userid = ?",
        remark or None,
        description or None,
        company or None,
        pack([mobile for mobile in mobiles if mobile]) if mobiles else None,
        userid,
        external_userid,
    )
    call.world.live.announce(f"member:{userid.lower()}")
    return {}
