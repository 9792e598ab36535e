"""Departments, members and customers, and which members an application may see."""

import json
import sqlite3
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.world import Refused, World


def departments_below(world: World, roots: list[int]) -> set[int]:
    """The departments and everything under them."""
    return set(
        world.store.column(
            "WITH RECURSIVE tree (id) AS ("
            " SELECT id FROM department WHERE id IN (SELECT value FROM json_each(?))"
            " UNION SELECT department.id FROM department"
            " JOIN tree ON department.parentid = tree.id)"
            " SELECT id FROM tree",
            json_list(roots),
        )
    )


def is_visible(world: World, app: sqlite3.Row, userid: str) -> bool:
    """Whether the member exists, has not left and stands in the app's visible range."""
    if not world.store.value("SELECT 1 FROM member WHERE userid = ? AND status != 5", userid):
        return False
    return is_in_range(world, app, userid)


def is_in_range(world: World, app: sqlite3.Row, userid: str) -> bool:
    """Whether the member, or somebody who left, stands in the app's visible range."""
    if not app["visible_departments"]:
        return bool(world.store.value("SELECT 1 FROM member WHERE userid = ?", userid))
    visible = departments_below(world, json.loads(app["visible_departments"]))
    own = world.store.column("SELECT department_id FROM member_department WHERE userid = ?", userid)
    return not visible.isdisjoint(own)


def visible_members(world: World, app: sqlite3.Row) -> list[str]:
    """Every member in range who has the customer-contact function."""
    if not app["visible_departments"]:
        return world.store.column(
            "SELECT userid FROM member WHERE contact AND status != 5 ORDER BY userid"
        )
    visible = departments_below(world, json.loads(app["visible_departments"]))
    return world.store.column(
        "SELECT DISTINCT member.userid FROM member"
        " JOIN member_department USING (userid)"
        " WHERE contact AND status != 5"
        " AND department_id IN (SELECT value FROM json_each(?))"
        " ORDER BY member.userid",
        json_list(visible),
    )


def find_member(world: World, userid: str) -> sqlite3.Row:
    """The member, whatever the case of the letters; refused when unknown or gone."""
    row = world.store.row("SELECT * FROM member WHERE userid = ? AND status != 5", userid)
    if row is None:
        raise Refused(f"没有这位成员：{userid}")
    return row


def find_customer(world: World, external_userid: str) -> sqlite3.Row:
    """The customer; refused when unknown."""
    row = world.store.row("SELECT * FROM customer WHERE external_userid = ?", external_userid)
    if row is None:
        raise Refused(f"没有这位顾客：{external_userid}")
    return row


def name_of(world: World, person: str) -> str:
    """The name of a member or a customer, or the id itself."""
    name = world.store.value("SELECT name FROM member WHERE userid = ?", person)
    if name is None:
        name = world.store.value("SELECT name FROM customer WHERE external_userid = ?", person)
    return str(person if name is None else name)


def create_customer(
    world: World,
    *,
    name: str = "",
    external_userid: str = "",
    unionid: str = "",
    gender: int = 0,
) -> dict[str, Any]:
    """A WeChat user who has met nobody yet; the same external_userid twice is refused."""
    external_userid = external_userid or world.ids.new("customer", 32, "wm")
    if world.store.value("SELECT 1 FROM customer WHERE external_userid = ?", external_userid):
        raise Refused(f"已有这位顾客：{external_userid}")
    unionid = unionid or world.ids.derive("unionid", external_userid, 28, "o")
    if world.store.value("SELECT 1 FROM customer WHERE unionid = ?", unionid):
        raise Refused(f"unionid 已属于别的顾客：{unionid}")
    number = world.ids.next_number("customer_name")
    world.store.run(
        "INSERT INTO customer (external_userid, name, unionid, gender, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        external_userid,
        name or f"顾客{number}",
        unionid,
        gender,
        world.clock.second(),
    )
    world.live.announce("people")
    return customer_card(find_customer(world, external_userid))


def customer_card(row: sqlite3.Row) -> dict[str, Any]:
    """A customer as the control API shows it."""
    return {
        key: row[key] for key in ("external_userid", "name", "unionid", "avatar", "gender", "type")
    } | {"archive_agreed": bool(row["archive_agreed"])}


def openid_of(world: World, app_id: str, external_userid: str) -> str:
    """A person's openid: the same for one app id, different for another."""
    return world.ids.derive("openid", f"{app_id}|{external_userid}", 28, "o")


def members_who_left(world: World, app: sqlite3.Row) -> list[str]:
    """Everybody in range who left the corp, in the order of leaving."""
    gone = world.store.column("SELECT userid FROM member WHERE status = 5 ORDER BY left_at, userid")
    return [userid for userid in gone if is_in_range(world, app, userid)]


def tell_other_name(world: World, kind: str, outside: str, inside: str) -> str:
    """Remember under which other name somebody was told, and give that name."""
    world.store.run("INSERT OR IGNORE INTO other_name VALUES (?, ?, ?)", kind, outside, inside)
    return outside


def find_other_name(world: World, kind: str, outside: str) -> str:
    """Who was told under that name, or nothing."""
    inside = world.store.value(
        "SELECT inside FROM other_name WHERE kind = ? AND outside = ?", kind, outside
    )
    return str(inside or "")


def open_userid_of(world: World, userid: str) -> str:
    """A member's encrypted id, always the same."""
    outside = world.ids.derive("open_userid", userid.lower(), 32, "woo")
    return tell_other_name(world, "open_userid", outside, userid)
