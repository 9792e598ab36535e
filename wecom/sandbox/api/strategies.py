"""规则组 of customers and of moments (wecom.md 5.12): who may do what, and for whom."""

import json
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.cards import entries
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

MOST_ADMINS = 20
MEMBER, DEPARTMENT = 1, 2
BASIC = ("view_customer_list", "view_customer_data", "view_room_list", "contact_me", "join_room")
PRIVILEGES: dict[str, tuple[str, ...]] = {
    "customer": (
        *BASIC,
        "share_customer",
        "oper_resign_customer",
        "oper_resign_group",
        "send_customer_msg",
        "edit_welcome_msg",
        "view_behavior_data",
        "view_room_data",
        "send_group_msg",
        "room_deduplication",
        "rapid_reply",
        "onjob_customer_transfer",
        "edit_anti_spam_rule",
        "export_customer_list",
        "export_customer_data",
        "export_customer_group_list",
        "manage_customer_tag",
    ),
    "moment": ("send_moment", "view_moment_list", "manage_moment_cover_and_sign"),
}


def strategy_of(call: Call, kind: str) -> Row:
    """The group of rules named in the request."""
    number = reading.number(call.body, "strategy_id")
    row = call.world.store.row(
        "SELECT * FROM strategy WHERE strategy_id = ? AND kind = ?", number, kind
    )
    if row is None:
        raise ApiError(40058, "invalid strategy_id")
    return row


def read_privilege(call: Call, kind: str, before: dict[str, bool]) -> dict[str, bool]:
    """Every right as a yes or no; the basic ones cannot be taken away."""
    wanted = reading.mapping(call.body, "privilege")
    return {
        name: name in BASIC or reading.flag(wanted, name, default=before.get(name, False))
        for name in PRIVILEGES[kind]
    }


def read_admins(call: Call, *, required: bool) -> list[str]:
    """At most twenty members in range."""
    named = reading.texts(call.body, "admin_list", most=MOST_ADMINS, missing=40063 * required)
    return [checks.member_in_range(call, userid, contact=False) for userid in named]


def read_range(call: Call, name: str, *, required: bool = False) -> list[tuple[int, str]]:
    """Members (1) and departments (2)."""
    found = []
    for each in entries(call.body, name, required=required):
        kind = reading.number(each, "type", low=MEMBER, high=DEPARTMENT)
        if kind == MEMBER:
            userid = reading.text(each, "userid", missing=41009)
            found.append((kind, checks.member_in_range(call, userid, contact=False)))
            continue
        party = reading.number(each, "partyid")
        if not call.world.store.value("SELECT 1 FROM department WHERE id = ?", party):
            raise ApiError(60003)
        found.append((kind, str(party)))
    return found


def put_range(call: Call, strategy_id: int, wanted: list[tuple[int, str]]) -> None:
    """Cover more; what is covered stays. A sub-group covers only what its parent does."""
    store = call.world.store
    parent = store.value("SELECT parent_id FROM strategy WHERE strategy_id = ?", strategy_id)
    for kind, target in wanted:
        if parent and not store.value(
            "SELECT 1 FROM strategy_range WHERE strategy_id = ? AND type = ? AND target = ?",
            parent,
            kind,
            target,
        ):
            raise ApiError(40058, "range is not in the parent's")
        store.run(
            "INSERT OR IGNORE INTO strategy_range VALUES (?, ?, ?)", strategy_id, kind, target
        )


def list_strategies(call: Call, kind: str) -> dict[str, Any]:
    """Ids by page."""
    limit = reading.page_size(call.body, most=1000, default=1000)
    ids = call.world.store.column(
        "SELECT strategy_id FROM strategy WHERE kind = ? AND strategy_id > ?"
        " ORDER BY strategy_id LIMIT ?",
        kind,
        int(reading.cursor_of(call, f"{kind}strategies") or 0),
        limit + 1,
    )
    cursor = ""
    if len(ids) > limit:
        cursor = reading.write_cursor(f"{kind}strategies", str(ids[limit - 1]))
    return {"strategy": [{"strategy_id": each} for each in ids[:limit]], "next_cursor": cursor}


def get_strategy(call: Call, kind: str) -> dict[str, Any]:
    """One group of rules with what it allows."""
    row = strategy_of(call, kind)
    return {
        "strategy": {
            "strategy_id": row["strategy_id"],
            "parent_id": row["parent_id"],
            "strategy_name": row["name"],
            "create_time": row["created_at"],
            "admin_list": json.loads(row["admins"]),
            "privilege": json.loads(row["privilege"]),
        }
    }


def get_range(call: Call, kind: str) -> dict[str, Any]:
    """Whom it covers, by page."""
    row = strategy_of(call, kind)
    limit = reading.page_size(call.body, most=1000, default=1000)
    after, _, last = reading.cursor_of(call, "strategyrange").partition(" ")
    rows = call.world.store.rows(
        "SELECT * FROM strategy_range WHERE strategy_id = ? AND (type, target) > (?, ?)"
        " ORDER BY type, target LIMIT ?",
        row["strategy_id"],
        int(after or 0),
        last,
        limit + 1,
    )
    page, cursor = rows[:limit], ""
    if len(rows) > limit:
        cursor = reading.write_cursor("strategyrange", f"{page[-1]['type']} {page[-1]['target']}")
    found = [
        {"type": MEMBER, "userid": each["target"]}
        if each["type"] == MEMBER
        else {"type": DEPARTMENT, "partyid": int(each["target"])}
        for each in page
    ]
    return {"range": found, "next_cursor": cursor}


def create_strategy(call: Call, kind: str) -> dict[str, Any]:
    """A new group of rules, maybe below another one."""
    parent = reading.number(call.body, "parent_id", 0)
    if parent and not call.world.store.value(
        "SELECT 1 FROM strategy WHERE strategy_id = ? AND kind = ?", parent, kind
    ):
        raise ApiError(40058, "invalid parent_id")
    strategy_id = call.world.ids.next_number("strategy")
    call.world.store.run(
        "INSERT INTO strategy VALUES (?, ?, ?, ?, ?, ?, ?)",
        strategy_id,
        kind,
        parent,
        reading.text(call.body, "strategy_name", missing=40063, chars=30),
        pack(read_admins(call, required=True)),
        pack(read_privilege(call, kind, {})),
        call.world.clock.second(),
    )
    put_range(call, strategy_id, read_range(call, "range", required=True))
    return {"strategy_id": strategy_id}


def edit_strategy(call: Call, kind: str) -> dict[str, Any]:
    """Change parts of a group of rules; whom it covers comes and goes by lists."""
    row = strategy_of(call, kind)
    number = row["strategy_id"]
    name = reading.text(call.body, "strategy_name", chars=30) or row["name"]
    admins = read_admins(call, required=False) or json.loads(row["admins"])
    privilege = read_privilege(call, kind, json.loads(row["privilege"]))
    call.world.store.run(
        "UPDATE strategy SET name = ?, admins = ?, privilege = ? WHERE strategy_id = ?",
        name,
        pack(admins),
        pack(privilege),
        number,
    )
    put_range(call, number, read_range(call, "range_add"))
    call.world.store.run_many(
        "DELETE FROM strategy_range WHERE strategy_id = ? AND type = ? AND target = ?",
        [(number, *each) for each in read_range(call, "range_del")],
    )
    return {}


def delete_strategy(call: Call, kind: str) -> dict[str, Any]:
    """The group of rules and those below it are gone."""
    number, store = strategy_of(call, kind)["strategy_id"], call.world.store
    gone = store.column(
        "WITH RECURSIVE tree (id) AS (SELECT ? UNION SELECT strategy_id FROM strategy"
        " JOIN tree ON parent_id = tree.id) SELECT id FROM tree",
        number,
    )
    store.run_many("DELETE FROM strategy WHERE strategy_id = ?", [(each,) for each in gone])
    store.run_many("DELETE FROM strategy_range WHERE strategy_id = ?", [(each,) for each in gone])
    return {}


ACTIONS: dict[str, Callable[[Call, str], dict[str, Any]]] = {
    "list": list_strategies,
    "get": get_strategy,
    "get_range": get_range,
    "create": create_strategy,
    "edit": edit_strategy,
    "del": delete_strategy,
}


def register(kind: str, name: str, action: Callable[[Call, str], dict[str, Any]]) -> None:
    """The same six calls for customers and for moments."""

    @endpoint(f"externalcontact/{kind}_strategy/{name}", contacts=True)
    def handle(call: Call) -> dict[str, Any]:
        return action(call, kind)


for each_kind in PRIVILEGES:
    for each_name, each_action in ACTIONS.items():
        register(each_kind, each_name, each_action)
