"""Tags of customers (wecom.md 5.6): of the corp, and of rule groups to read."""

from collections.abc import Sequence
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import corp_tags, friends
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

MOST_TAGS = 3000
GROUPS = "SELECT *, 0 AS gone FROM tag_group"
GROUPS_GONE = "SELECT *, 1 AS gone FROM tag_group_gone"
TAGS = "SELECT *, 0 AS gone FROM tag ORDER BY ord DESC, created_at, tag_id"
TAGS_GONE = "SELECT *, 1 AS gone FROM tag_gone ORDER BY tag_id"


def write_one(row: Row) -> dict[str, Any]:
    """What tags and groups share; ``deleted`` stands only with what is gone."""
    written = {
        "name": row["name"],
        "create_time": row["created_at"],
        "order": row["ord"],
    }
    return written | ({"deleted": True} if row["gone"] else {})


def write_group(group: Row, tags: Sequence[Row]) -> dict[str, Any]:
    """A tag group with some of its tags."""
    written = write_one(group)
    written["group_name"] = written.pop("name")
    return {
        "group_id": group["group_id"],
        **written,
        "tag": [{"id": tag["tag_id"], **write_one(tag)} for tag in tags],
    }


def list_tags(call: Call, where: str, *values: object) -> dict[str, Any]:
    """All living tags, or by id also those that are gone; groups win when both are given."""
    group_ids = set(reading.texts(call.body, "group_id"))
    tag_ids = set() if group_ids else set(reading.texts(call.body, "tag_id"))
    asked = bool(group_ids or tag_ids)
    store = call.world.store
    gone = [] if not asked else store.rows(f"{GROUPS_GONE} WHERE {where}", *values)
    groups = store.rows(f"{GROUPS} WHERE {where} ORDER BY ord DESC, created_at, group_id", *values)
    tags: dict[str, list[Row]] = {}
    for tag in [*store.rows(TAGS), *(store.rows(TAGS_GONE) if asked else [])]:
        if not tag_ids or tag["tag_id"] in tag_ids:
            tags.setdefault(tag["group_id"], []).append(tag)
    return {
        "tag_group": [
            write_group(group, tags.get(group["group_id"], []))
            for group in [*groups, *gone]
            if (not group_ids or group["group_id"] in group_ids)
            and (not tag_ids or group["group_id"] in tags)
        ]
    }


@endpoint("externalcontact/get_corp_tag_list", contacts=True)
def get_corp_tag_list(call: Call) -> dict[str, Any]:
    """Tags of the whole corp."""
    return list_tags(call, "strategy_id = 0")


@endpoint("externalcontact/get_strategy_tag_list", contacts=True)
def get_strategy_tag_list(call: Call) -> dict[str, Any]:
    """Tags of rule groups, of one or of all."""
    strategy_id = reading.number(call.body, "strategy_id", 0)
    answer = list_tags(call, "strategy_id > 0 AND (? = 0 OR strategy_id = ?)", *[strategy_id] * 2)
    store = call.world.store
    owners = "SELECT strategy_id FROM {} WHERE group_id = ?"
    for group in answer["tag_group"]:
        number = store.value(owners.format("tag_group"), group["group_id"])
        group["strategy_id"] = number or store.value(
            owners.format("tag_group_gone"), group["group_id"]
        )
    return answer


@endpoint("externalcontact/add_corp_tag", contacts=True)
def add_corp_tag(call: Call) -> dict[str, Any]:
    """Add tags to a group by id or by name; the name makes the group when it is new."""
    checks.own_agent(call)
    wanted = read_new_tags(call)
    group = find_or_make_group(call)
    store, now = call.world.store, call.world.clock.second()
    if store.value("SELECT count(*) FROM tag") + len(wanted) > MOST_TAGS:
        raise ApiError(40126, "too many tags")
    added = []
    for name, order in wanted.items():
        if store.value(
            "SELECT 1 FROM tag WHERE group_id = ? AND name = ?", group["group_id"], name
        ):
            raise ApiError(40071)
        tag_id = call.world.ids.new("tag", 32, "et")
        store.run(
            "INSERT INTO tag VALUES (?, ?, ?, ?, ?)",
            tag_id,
            group["group_id"],
            name,
            order,
            now,
        )
        added += store.rows("SELECT *, 0 AS gone FROM tag WHERE tag_id = ?", tag_id)
    return {"tag_group": write_group(group, added)}


def read_new_tags(call: Call) -> dict[str, int]:
    """Names with orders; a name twice in one call is one tag."""
    listed = call.body.get("tag")
    if not isinstance(listed, list) or not listed:
        raise ApiError(40063)
    wanted: dict[str, int] = {}
    for tag in listed:
        if not isinstance(tag, dict):
            raise ApiError(40058)
        name = reading.text(tag, "name", missing=40072, chars=30, too_long=40072)
        wanted.setdefault(name, reading.number(tag, "order", 0))
    return wanted


def find_or_make_group(call: Call) -> Row:
    """The group named in the request."""
    store, body = call.world.store, call.body
    group_id = reading.text(body, "group_id")
    if group_id:
        row = store.row(f"{GROUPS} WHERE group_id = ?", group_id)
        if row is None:
            raise ApiError(40068)
        return row
    name = reading.text(body, "group_name", missing=40063, chars=30, too_long=40072)
    store.run(
        "INSERT OR IGNORE INTO tag_group (group_id, name, ord, agent_id, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        call.world.ids.new("tag", 32, "et"),
        name,
        reading.number(body, "order", 0),
        call.app["agent_id"],
        call.world.clock.second(),
    )
    row = store.row(f"{GROUPS} WHERE name = ?", name)
    if row is None:
        raise ApiError(-1)
    return row


def own_group(call: Call, group_id: str) -> None:
    """Only the application that made a group may change it or its tags."""
    made_by = call.world.store.value("SELECT agent_id FROM tag_group WHERE group_id = ?", group_id)
    if made_by != call.app["agent_id"]:
        raise ApiError(81011)


@endpoint("externalcontact/edit_corp_tag", contacts=True)
def edit_corp_tag(call: Call) -> dict[str, Any]:
    """Rename or reorder a tag or a group made by this application."""
    checks.own_agent(call)
    store, body = call.world.store, call.body
    wanted = reading.text(body, "id", missing=40063)
    name = reading.text(body, "name", chars=30, too_long=40072)
    order = reading.number(body, "order", -1, low=-1)
    tag = store.row("SELECT * FROM tag WHERE tag_id = ?", wanted)
    group_id = tag["group_id"] if tag is not None else wanted
    if not store.value("SELECT 1 FROM tag_group WHERE group_id = ?", group_id):
        raise ApiError(40068)
    own_group(call, group_id)
    if tag is not None:
        taken = store.value(
            "SELECT 1 FROM tag WHERE name = ? AND tag_id != ? AND group_id = ?",
            name,
            wanted,
            group_id,
        )
        change = "UPDATE tag SET name = coalesce(?, name), ord = coalesce(?, ord) WHERE tag_id = ?"
    else:
        taken = store.value(
            "SELECT 1 FROM tag_group WHERE name = ? AND group_id != ?", name, wanted
        )
        change = (
            "UPDATE tag_group SET name = coalesce(?, name), ord = coalesce(?, ord)"
            " WHERE group_id = ?"
        )
    if name and taken:
        raise ApiError(40071)
    store.run(change, name or None, order if order >= 0 else None, wanted)
    return {}


@endpoint("externalcontact/del_corp_tag", contacts=True)
def delete_corp_tag(call: Call) -> dict[str, Any]:
    """Delete tags and groups; a group without tags disappears with the last one."""
    checks.own_agent(call)
    store = call.world.store
    tag_ids = reading.texts(call.body, "tag_id")
    group_ids = reading.texts(call.body, "group_id")
    if not tag_ids and not group_ids:
        raise ApiError(40063)
    for group_id in group_ids:
        own_group(call, group_id)
        tag_ids += store.column("SELECT tag_id FROM tag WHERE group_id = ?", group_id)
    for tag_id in tag_ids:
        row = store.row("SELECT group_id FROM tag WHERE tag_id = ?", tag_id)
        if row is None:
            raise ApiError(40068)
        own_group(call, row["group_id"])
    corp_tags.bury(call.world, tag_ids)
    return {}


@endpoint("externalcontact/mark_tag", contacts=True)
def mark_tag(call: Call) -> dict[str, Any]:
    """Put corp tags on a friend and take others off; makes no callback."""
    body = call.body
    userid = checks.member_in_range(call, reading.text(body, "userid", missing=41009))
    external_userid = reading.text(body, "external_userid", missing=41035)
    checks.known_customer(call, external_userid)
    relation = checks.relation_of(call, userid, external_userid)
    add = reading.texts(body, "add_tag")
    remove = reading.texts(body, "remove_tag")
    if not add and not remove:
        raise ApiError(40063)
    for tag_id in [*add, *remove]:
        if not call.world.store.value("SELECT 1 FROM tag WHERE tag_id = ?", tag_id):
            raise ApiError(40068)
    friends.change_tags(call.world, relation, add, remove)
    call.world.live.announce(f"member:{userid.lower()}")
    return {}
