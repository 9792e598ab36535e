"""Tags of customers as the admin changes them in the console, and what is left of deleted ones."""

import sqlite3
from collections.abc import Sequence

from wecom.sandbox.store import json_list
from wecom.sandbox.world import Refused, World

from . import events

TAG, GROUP = "tag", "tag_group"


def create(world: World, *, group_name: str, name: str) -> tuple[str, str]:
    """A tag, in a new group when there is none of that name; gives both ids."""
    store, now = world.store, world.clock.second()
    group_id = store.value(
        "SELECT group_id FROM tag_group WHERE name = ? AND strategy_id = 0", group_name
    )
    with store.writing():
        if group_id is None:
            group_id = world.ids.new("tag", 32, "et")
            store.run(
                "INSERT INTO tag_group (group_id, name, created_at) VALUES (?, ?, ?)",
                group_id,
                group_name,
                now,
            )
            tell(world, "create", group_id, GROUP)
        elif store.value("SELECT 1 FROM tag WHERE group_id = ? AND name = ?", group_id, name):
            raise Refused(f"已有这个标签：{name}")
        tag_id = world.ids.new("tag", 32, "et")
        store.run(
            "INSERT INTO tag (tag_id, group_id, name, created_at) VALUES (?, ?, ?, ?)",
            tag_id,
            group_id,
            name,
            now,
        )
        tell(world, "create", tag_id, TAG)
    return str(group_id), tag_id


def kind_of(world: World, wanted: str) -> str:
    """Whether an id is of a tag or of a group; refused when of neither."""
    if world.store.value("SELECT 1 FROM tag WHERE tag_id = ?", wanted):
        return TAG
    if world.store.value("SELECT 1 FROM tag_group WHERE group_id = ?", wanted):
        return GROUP
    raise Refused("没有这个标签或标签组")


def rename(world: World, *, wanted: str, name: str) -> None:
    """Another name for a tag or a group."""
    kind = kind_of(world, wanted)
    change = {
        TAG: "UPDATE OR IGNORE tag SET name = ? WHERE tag_id = ?",
        GROUP: "UPDATE OR IGNORE tag_group SET name = ? WHERE group_id = ?",
    }[kind]
    with world.store.writing():
        if not world.store.run(change, name, wanted):
            raise Refused(f"已有这个名字：{name}")
        tell(world, "update", wanted, kind)


def delete(world: World, *, wanted: str) -> None:
    """Delete a tag, or a group with its tags; of a group only the group is told."""
    kind = kind_of(world, wanted)
    tag_ids = [wanted]
    if kind == GROUP:
        tag_ids = world.store.column("SELECT tag_id FROM tag WHERE group_id = ?", wanted)
    with world.store.writing():
        emptied = bury(world, tag_ids)
        tell(world, "delete", wanted, kind)
        for group_id in emptied:
            if group_id != wanted:
                tell(world, "delete", group_id, GROUP)


def bury(world: World, tag_ids: Sequence[str]) -> list[str]:
    """Delete tags without a word and remember what they were; gives groups that went with them."""
    store, listed = world.store, json_list(tag_ids)
    with store.writing():
        store.run(
            "INSERT OR REPLACE INTO tag_gone SELECT tag_id, group_id, name, ord, created_at"
            " FROM tag WHERE tag_id IN (SELECT value FROM json_each(?))",
            listed,
        )
        for removal in (
            "DELETE FROM tag WHERE tag_id IN (SELECT value FROM json_each(?))",
            "DELETE FROM friend_tag WHERE tag_id IN (SELECT value FROM json_each(?))",
        ):
            store.run(removal, listed)
        gone = store.column(
            "SELECT group_id FROM tag_group WHERE group_id NOT IN (SELECT group_id FROM tag)"
        )
        store.run(
            "INSERT OR REPLACE INTO tag_group_gone"
            " SELECT group_id, name, ord, created_at, strategy_id FROM tag_group"
            " WHERE group_id IN (SELECT value FROM json_each(?))",
            json_list(gone),
        )
        store.run(
            "DELETE FROM tag_group WHERE group_id IN (SELECT value FROM json_each(?))",
            json_list(gone),
        )
    return gone


def order(world: World, *, ids: Sequence[str], group_id: str = "") -> None:
    """The tags of a group, or all groups, in this order from now on."""
    column, table = ("tag_id", "tag") if group_id else ("group_id", "tag_group")
    with world.store.writing():
        for place, one in enumerate(reversed(ids)):
            world.store.run(
                f"UPDATE {table} SET ord = ? WHERE {column} = ?",  # noqa: S608 - our own names
                place,
                one,
            )
        fields: list[events.Field] = [("Id", group_id or None)]
        hearers = events.apps_that_hear(world, "tag")
        events.tell(world, hearers, "change_external_tag", "shuffle", fields)


def tell(world: World, change_type: str, wanted: str, kind: str) -> None:
    """change_external_tag about one tag or group."""
    fields: list[events.Field] = [("Id", wanted), ("TagType", kind)]
    strategy_id = strategy_of(world, wanted, kind)
    if strategy_id:
        fields.append(("StrategyId", strategy_id))
    hearers = events.apps_that_hear(world, "tag")
    events.tell(world, hearers, "change_external_tag", change_type, fields)


def strategy_of(world: World, wanted: str, kind: str) -> int:
    """The rule group of a tag, 0 for a tag of the whole corp."""
    if kind == TAG:
        wanted = world.store.value(
            "SELECT group_id FROM tag WHERE tag_id = ?"
            " UNION ALL SELECT group_id FROM tag_gone WHERE tag_id = ?",
            wanted,
            wanted,
        )
    row: sqlite3.Row | None = world.store.row(
        "SELECT strategy_id FROM tag_group WHERE group_id = ?"
        " UNION ALL SELECT strategy_id FROM tag_group_gone WHERE group_id = ?",
        wanted,
        wanted,
    )
    return 0 if row is None else int(row["strategy_id"])
