"""The corp's departments and labels, as the admin console changes them."""

import json
import sqlite3
from collections.abc import Sequence

from wecom.sandbox.world import Refused, World

from . import events
from .people import departments_below, find_member

ROOT = 1


def find_department(world: World, number: int) -> sqlite3.Row:
    """The department; refused when unknown."""
    row = world.store.row("SELECT * FROM department WHERE id = ?", number)
    if row is None:
        raise Refused(f"没有这个部门：{number}")
    return row


def hearers_of(world: World, number: int) -> list[sqlite3.Row]:
    """Applications that hear about this department."""
    return [
        app
        for app in events.apps_that_hear(world, "directory")
        if not app["visible_departments"]
        or number in departments_below(world, json.loads(app["visible_departments"]))
    ]


def create_department(
    world: World, number: int, *, name: str, parentid: int = ROOT, order: int = 0, tell: bool = True
) -> int:
    """A new department; 0 takes the next free number. Refused when there already."""
    find_department(world, parentid)
    store = world.store
    number = number or int(store.value("SELECT max(id) FROM department")) + 1
    if store.value("SELECT 1 FROM department WHERE id = ?", number):
        raise Refused(f"已有这个部门：{number}")
    with store.writing():
        store.run("INSERT INTO department VALUES (?, ?, ?, ?)", number, name, parentid, order)
        if tell:
            tell_department(world, hearers_of(world, number), "create_party", number)
    world.live.announce("people")
    return number


def edit_department(
    world: World,
    number: int,
    *,
    name: str | None = None,
    parentid: int | None = None,
    order: int | None = None,
    tell: bool = True,
) -> None:
    """Rename, move or reorder; a department below itself is refused."""
    find_department(world, number)
    hearers = {app["agent_id"]: app for app in hearers_of(world, number)}
    if parentid is not None:
        find_department(world, parentid)
        if number == ROOT or parentid in departments_below(world, [number]):
            raise Refused("部门不能移到自己下面")
    with world.store.writing():
        world.store.run(
            "UPDATE department SET name = coalesce(?, name), parentid = coalesce(?, parentid),"
            " ord = coalesce(?, ord) WHERE id = ?",
            name,
            parentid,
            order,
            number,
        )
        if tell:
            hearers |= {app["agent_id"]: app for app in hearers_of(world, number)}
            tell_department(world, list(hearers.values()), "update_party", number)
    world.live.announce("people")


def is_full(world: World, number: int) -> str:
    """Why a department cannot be deleted: ``members``, ``departments``, or nothing."""
    inside = (
        "SELECT 1 FROM member_department JOIN member USING (userid)"
        " WHERE department_id = ? AND status != 5 LIMIT 1"
    )
    if world.store.value(inside, number):
        return "members"
    below = world.store.value("SELECT 1 FROM department WHERE parentid = ? LIMIT 1", number)
    return "departments" if below else ""


def delete_department(world: World, number: int, *, tell: bool = True) -> None:
    """Dissolve an empty department; refused for the root and for one with people or parts."""
    find_department(world, number)
    if number == ROOT or is_full(world, number):
        raise Refused("根部门、还有成员或子部门的部门不能删除")
    hearers = hearers_of(world, number)
    with world.store.writing():
        world.store.run("DELETE FROM department WHERE id = ?", number)
        world.store.run("DELETE FROM member_department WHERE department_id = ?", number)
        world.store.run("DELETE FROM label_department WHERE department_id = ?", number)
        if tell:
            events.tell(world, hearers, "change_contact", "delete_party", [("Id", number)])
    world.live.announce("people")


def tell_department(
    world: World, apps: Sequence[sqlite3.Row], change_type: str, number: int
) -> None:
    """change_contact about one department."""
    row = find_department(world, number)
    fields: list[events.Field] = [
        ("Id", number),
        ("Name", row["name"]),
        ("ParentId", row["parentid"]),
        ("Order", row["ord"]),
    ]
    events.tell(world, apps, "change_contact", change_type, fields)


def edit_label(
    world: World,
    tagid: int,
    *,
    name: str = "",
    add_users: Sequence[str] = (),
    del_users: Sequence[str] = (),
    add_parties: Sequence[int] = (),
    del_parties: Sequence[int] = (),
    tell: bool = True,
) -> None:
    """Put a label on members and departments or take it off; an unknown label is made."""
    users = [str(find_member(world, userid)["userid"]) for userid in add_users]
    with world.store.writing():
        name_label(world, tagid, name)
        put_label(world, tagid, users, add_parties)
        take_label(world, tagid, del_users, del_parties)
        if tell:
            fields: list[events.Field] = [
                ("TagId", tagid),
                ("AddUserItems", ",".join(users) or None),
                ("DelUserItems", ",".join(del_users) or None),
                ("AddPartyItems", ",".join(map(str, add_parties)) or None),
                ("DelPartyItems", ",".join(map(str, del_parties)) or None),
            ]
            hearers = events.apps_that_hear(world, "directory")
            events.tell(world, hearers, "change_contact", "update_tag", fields)
    world.live.announce("people")


def name_label(world: World, tagid: int, name: str) -> None:
    """The label with this name; without one it keeps its own, or gets one."""
    world.store.run(
        "INSERT INTO label (tagid, name) VALUES (?, ?) ON CONFLICT (tagid)"
        " DO UPDATE SET name = coalesce(nullif(?, ''), name)",
        tagid,
        name or f"标签{tagid}",
        name,
    )


def put_label(world: World, tagid: int, users: Sequence[str], parties: Sequence[int]) -> None:
    """Put the label on; repeating changes nothing."""
    world.store.run_many(
        "INSERT OR IGNORE INTO label_member VALUES (?, ?)", [(tagid, user) for user in users]
    )
    world.store.run_many(
        "INSERT OR IGNORE INTO label_department VALUES (?, ?)",
        [(tagid, number) for number in parties],
    )


def take_label(world: World, tagid: int, users: Sequence[str], parties: Sequence[int]) -> None:
    """Take the label off; repeating changes nothing."""
    world.store.run_many(
        "DELETE FROM label_member WHERE tagid = ? AND userid = ?",
        [(tagid, user) for user in users],
    )
    world.store.run_many(
        "DELETE FROM label_department WHERE tagid = ? AND department_id = ?",
        [(tagid, number) for number in parties],
    )
