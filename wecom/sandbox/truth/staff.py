"""The corp's members: joining, changing, leaving, as the admin console does it.

Status: 1 active, 2 disabled, 4 not activated, 5 left. Somebody who left keeps his row, so
that his customers and groups can be handed over for a year.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.world import Refused, World

from . import events
from .people import find_member

ACTIVE, DISABLED, INACTIVE, LEFT = 1, 2, 4, 5
OWNER_LEFT = 1
# Columns that both the console and contact sync may write.
WRITTEN = ("name", "position", "mobile", "email", "biz_mail")
YEAR_S = 365 * 86400


def departments_of(world: World, userid: str) -> list[int]:
    """A member's departments, the first one entered first."""
    return world.store.column(
        "SELECT department_id FROM member_department WHERE userid = ? ORDER BY ord, department_id",
        userid,
    )


def put_into_departments(
    world: World, userid: str, departments: Sequence[int], leads: Sequence[int] = ()
) -> None:
    """Exactly these departments; refused when one is unknown or none is given."""
    known = world.store.value(
        "SELECT count(*) FROM department WHERE id IN (SELECT value FROM json_each(?))",
        json_list(set(departments)),
    )
    if not departments or known != len(set(departments)):
        raise Refused("没有这个部门")
    world.store.run("DELETE FROM member_department WHERE userid = ?", userid)
    world.store.run_many(
        "INSERT OR IGNORE INTO member_department (department_id, userid, ord, is_leader)"
        " VALUES (?, ?, ?, ?)",
        [(number, userid, n, number in leads) for n, number in enumerate(departments)],
    )


def card_fields(world: World, member: sqlite3.Row) -> dict[str, str | int]:
    """A member as change_contact shows him to an application made after 2022-06."""
    rows = world.store.rows(
        "SELECT * FROM member_department WHERE userid = ? ORDER BY ord, department_id",
        member["userid"],
    )
    return {
        "Name": member["name"],
        "Department": ",".join(str(row["department_id"]) for row in rows),
        "MainDepartment": member["main_department"],
        "IsLeaderInDept": ",".join(str(row["is_leader"]) for row in rows),
        "Position": member["position"],
        "Status": member["status"],
    }


def hearers_of(world: World, userid: str) -> dict[int, sqlite3.Row]:
    """Applications that hear about this member, by agent id."""
    return {app["agent_id"]: app for app in events.apps_that_hear(world, "directory", userid)}


def create_member(
    world: World,
    userid: str,
    card: Mapping[str, str],
    *,
    departments: Sequence[int] = (1,),
    leads: Sequence[int] = (),
    status: int = ACTIVE,
    tell: bool = True,
) -> None:
    """Somebody joins; one who left comes back to his row. Refused when he is here already."""
    before = world.store.row("SELECT * FROM member WHERE userid = ?", userid)
    if before is not None and before["status"] != LEFT:
        raise Refused(f"已有这位成员：{before['userid']}")
    userid = userid if before is None else before["userid"]
    with world.store.writing():
        world.store.run(
            "INSERT INTO member (userid, name, position, mobile, email, biz_mail,"
            " main_department, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (userid) DO UPDATE SET name = excluded.name,"
            " position = excluded.position, mobile = excluded.mobile, email = excluded.email,"
            " biz_mail = excluded.biz_mail, main_department = excluded.main_department,"
            " status = excluded.status, left_at = 0",
            userid,
            *(card.get(column) or "" for column in WRITTEN),
            departments[0] if departments else 0,
            status,
        )
        put_into_departments(world, userid, departments, leads)
        if tell:
            fields = card_fields(world, find_member(world, userid))
            hearers = hearers_of(world, userid).values()
            tell_staff(world, hearers, "create_user", userid, fields)
    world.live.announce("people")


def edit_member(
    world: World,
    userid: str,
    card: Mapping[str, str],
    *,
    departments: Sequence[int] | None = None,
    leads: Sequence[int] = (),
    main_department: int | None = None,
    status: int | None = None,
    tell: bool = True,
) -> None:
    """Change what is given; tells applications that see him before or after what changed."""
    member = find_member(world, userid)
    userid = member["userid"]
    before, hearers = card_fields(world, member), hearers_of(world, userid)
    with world.store.writing():
        if departments is not None:
            put_into_departments(world, userid, departments, leads)
            if main_department is None and member["main_department"] not in departments:
                main_department = departments[0]
        changed: dict[str, Any] = {name: card.get(name) for name in WRITTEN}
        changed |= {"main_department": main_department, "status": status}
        for column, value in changed.items():
            if value is not None:
                world.store.run(
                    f"UPDATE member SET {column} = ? WHERE userid = ?",  # noqa: S608 - our own names
                    value,
                    userid,
                )
        after = card_fields(world, find_member(world, userid))
        hearers |= hearers_of(world, userid)
        different = {name: value for name, value in after.items() if before[name] != value}
        if tell and different:
            tell_staff(world, hearers.values(), "update_user", userid, different)
    world.live.announce("people", f"member:{userid.lower()}")


def resign_member(world: World, userid: str, *, tell: bool = True) -> None:
    """He leaves: his customers wait in get_unassigned_list, his groups have status 1."""
    member = find_member(world, userid)
    userid = member["userid"]
    hearers = hearers_of(world, userid)
    with world.store.writing():
        world.store.run(
            "UPDATE member SET status = ?, left_at = ? WHERE userid = ?",
            LEFT,
            world.clock.second(),
            userid,
        )
        world.store.run(
            "UPDATE group_chat SET status = ? WHERE owner = ? AND NOT dismissed",
            OWNER_LEFT,
            userid,
        )
        world.store.run("DELETE FROM label_member WHERE userid = ?", userid)
        if tell:
            tell_staff(world, hearers.values(), "delete_user", userid, {})
    world.live.announce("people", "groups", f"member:{userid.lower()}")


def tell_staff(
    world: World,
    apps: Iterable[sqlite3.Row],
    change_type: str,
    userid: str,
    fields: Mapping[str, str | int],
) -> None:
    """change_contact about one member."""
    listed: list[events.Field] = [("UserID", userid), *fields.items()]
    events.tell(world, apps, "change_contact", change_type, listed)
