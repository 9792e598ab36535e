"""The truth of whole subjects, by page, to compare a product with."""

import json
from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import groups
from wecom.sandbox.world import World

Query = dict[str, str]
MOST = 5000


def page_of(query: Query) -> int:
    """``limit`` of a request, at most 5000."""
    given = query.get("limit", "")
    return min(int(given), MOST) if given.isdigit() else MOST


def show_transfers(world: World, query: Query, _rest: str) -> dict[str, Any]:
    """Hand-overs of customers, oldest first; ``takeover``, ``handover``, ``customer`` narrow."""
    handover, takeover = query.get("handover", ""), query.get("takeover", "")
    customer, after = query.get("customer", ""), query.get("after", "0")
    rows = world.store.rows(
        "SELECT * FROM transfer WHERE (? = '' OR handover = ?) AND (? = '' OR takeover = ?)"
        " AND (? = '' OR external_userid = ?) AND id > ? ORDER BY id LIMIT ?",
        handover,
        handover,
        takeover,
        takeover,
        customer,
        customer,
        int(after),
        page_of(query),
    )
    return {"transfers": [dict(row) | {"resigned": bool(row["resigned"])} for row in rows]}


def show_directory(world: World, query: Query, _rest: str) -> dict[str, Any]:
    """Departments and members, also those who left; ``after`` a userid gives the next page."""
    departments = world.store.rows("SELECT * FROM department ORDER BY id")
    members = world.store.rows(
        "SELECT member.*, (SELECT group_concat(department_id) FROM (SELECT department_id"
        " FROM member_department WHERE member_department.userid = member.userid"
        " ORDER BY ord, department_id)) AS listed"
        " FROM member WHERE userid > ? ORDER BY userid LIMIT ?",
        query.get("after", ""),
        page_of(query),
    )
    return {
        "departments": [dict(row) for row in departments],
        "members": [
            {name: row[name] for name in row.keys() if name != "listed"}  # noqa: SIM118 - a Row
            | {"department": [int(one) for one in str(row["listed"] or "").split(",") if one]}
            for row in members
        ],
    }


def show_groups(world: World, query: Query, _rest: str) -> dict[str, Any]:
    """Every group with everybody inside; ``after`` a chat_id gives the next page."""
    rows = world.store.rows(
        "SELECT * FROM group_chat WHERE chat_id > ? ORDER BY chat_id LIMIT ?",
        query.get("after", ""),
        page_of(query),
    )
    return {
        "groups": [
            dict(row)
            | {
                "admins": json.loads(row["admins"]),
                "members": groups.members_of(world, row["chat_id"]),
            }
            for row in rows
        ]
    }


def show_tags(world: World, _query: Query, _rest: str) -> dict[str, Any]:
    """Every tag of customers, by group, and what was deleted."""
    store = world.store
    tags = store.rows("SELECT * FROM tag ORDER BY ord DESC, created_at, tag_id")
    return {
        "tag_groups": [
            dict(group)
            | {"tags": [dict(tag) for tag in tags if tag["group_id"] == group["group_id"]]}
            for group in store.rows("SELECT * FROM tag_group ORDER BY ord DESC, group_id")
        ],
        "deleted": store.column("SELECT tag_id FROM tag_gone ORDER BY tag_id"),
    }


STATES: dict[str, Callable[[World, Query, str], dict[str, Any]]] = {
    "transfers": show_transfers,
    "directory": show_directory,
    "groups": show_groups,
    "tags": show_tags,
}
