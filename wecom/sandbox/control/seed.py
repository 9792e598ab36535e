"""Seeding: what the world is like before anybody acts. Merges, and makes no callbacks."""

import json
from collections.abc import Callable
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.truth.events import EVENT_KINDS
from wecom.sandbox.truth.groups import INVITED
from wecom.sandbox.truth.staff import LEFT
from wecom.sandbox.world import Refused, World

from . import seed_channels

Part = list[dict[str, Any]]


def seed(world: World, wanted: dict[str, Any]) -> dict[str, int]:
    """Put everything named into the world, or nothing; a repetition changes nothing.

    Another corp than the file already plays is refused.
    """
    with world.store.writing():
        seed_corp(world, wanted)
        for name, put in PARTS.items():
            part = wanted.get(name) or []
            if not isinstance(part, list):
                raise Refused(f"{name} 必须是列表")
            try:
                put(world, part)
            except (KeyError, TypeError) as error:
                raise Refused(f"{name}: {error}") from error
    world.live.announce("everything")
    return count_all(world)


def seed_lines(world: World, raw: bytes) -> dict[str, int]:
    """A world given line by line (NDJSON), each line a piece of what ``seed`` takes.

    All or nothing; lists of the same name are joined.
    """
    with world.store.writing():
        gathered: dict[str, Any] = {}
        for number, line in enumerate(raw.splitlines(), 1):
            if not line.strip():
                continue
            try:
                piece = json.loads(line)
            except ValueError as error:
                raise Refused(f"第 {number} 行不是 JSON：{error}") from error
            if not isinstance(piece, dict):
                raise Refused(f"第 {number} 行不是 JSON 对象")
            for name, part in piece.items():
                known = gathered.get(name)
                if isinstance(known, list) and isinstance(part, list):
                    known.extend(part)
                else:
                    gathered[name] = part
        return seed(world, gathered)


def count_all(world: World) -> dict[str, int]:
    """How much of everything there is."""
    tables = {
        "apps": "app",
        "departments": "department",
        "members": "member",
        "customers": "customer",
        "friends": "friendship",
        "groups": "group_chat",
        "group_members": "group_member",
        "messages": "message",
        "mass_tasks": "mass_task",
        "kf_accounts": "kf_account",
        "archive": "archive",
    }
    return {name: world.store.count(table) for name, table in tables.items()}


def seed_corp(world: World, wanted: dict[str, Any]) -> None:
    """The corp itself, its service account and its open-platform binding."""
    store = world.store
    corp_id = wanted.get("corp_id")
    if corp_id and world.corp_id and corp_id != world.corp_id:
        raise Refused(f"这个模拟器已在扮演 {world.corp_id}，请先 reset")
    for name in ("corp_id", "corp_name", "open_platform_bound", "service_account", "shop_url"):
        if name in wanted:
            store.put_setting(name, wanted[name])
    if not world.corp_id:
        raise Refused("缺少 corp_id")
    store.run("INSERT OR IGNORE INTO department (id, name) VALUES (1, '总部')")


def seed_apps(world: World, part: Part) -> None:
    """Applications; a known agent id is overwritten."""
    world.store.run_many(
        "INSERT OR REPLACE INTO app (agent_id, name, secret, callback_url,"
        " callback_token, callback_aes_key, sidebar_url, home_url, trusted_domain,"
        " events, visible_departments, trusted_ips, callable_contacts, disabled,"
        " contact_sync) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                app["agent_id"],
                app["name"],
                app["secret"],
                app.get("callback_url") or "",
                app.get("callback_token") or "",
                app.get("callback_aes_key") or "",
                app.get("sidebar_url") or "",
                app.get("home_url") or "",
                app.get("trusted_domain") or "",
                pack(app.get("events") or EVENT_KINDS),
                pack(app["visible_departments"]) if app.get("visible_departments") else "",
                pack(app.get("trusted_ips") or []),
                app.get("callable_contacts", True),
                app.get("disabled", False),
                app.get("contact_sync", False),
            )
            for app in part
        ],
    )


def seed_departments(world: World, part: Part) -> None:
    """Departments; the root is 1."""
    world.store.run_many(
        "INSERT OR REPLACE INTO department VALUES (?, ?, ?, ?)",
        [
            (
                department["id"],
                department["name"],
                department.get("parentid", 0 if department["id"] == 1 else 1),
                department.get("order", 0),
            )
            for department in part
        ],
    )


def departments_of(member: dict[str, Any]) -> list[int]:
    """A member's departments: a list, one number, or the root."""
    listed = member.get("department", 1)
    return list(listed) if isinstance(listed, list) else [int(listed)]


def member_values(member: dict[str, Any], now: int) -> dict[str, Any]:
    """One member's columns; what is absent takes its default."""
    texts = {
        name: member.get(name) or ""
        for name in ("position", "avatar", "mobile", "email", "biz_mail")
    }
    return texts | {
        "userid": member["userid"],
        "name": member["name"],
        "main": departments_of(member)[0],
        "contact": member.get("contact", True),
        "archived": member.get("archived", False),
        "verified": member.get("verified", True),
        "status": member.get("status"),
        "last_login": member.get("last_login"),
        "left_at": member.get("left_at") or (now if member.get("status") == LEFT else 0),
    }


def seed_members(world: World, part: Part) -> None:
    """Members; a known userid is overwritten, whatever the case of its letters.

    Whether he is still here changes only when the seed says so, and so does his last login.
    """
    now = world.clock.second()
    world.store.run_many(
        "INSERT INTO member (userid, name, position, avatar, main_department, contact, archived,"
        " verified, mobile, email, biz_mail, status, last_login, left_at)"
        " VALUES (:userid, :name, :position, :avatar, :main, :contact, :archived, :verified,"
        " :mobile, :email, :biz_mail, coalesce(:status, 1), coalesce(:last_login, 0), :left_at)"
        " ON CONFLICT (userid) DO UPDATE SET name = excluded.name,"
        " position = excluded.position, avatar = excluded.avatar,"
        " main_department = excluded.main_department,"
        " contact = excluded.contact, archived = excluded.archived,"
        " verified = excluded.verified, mobile = excluded.mobile, email = excluded.email,"
        " biz_mail = excluded.biz_mail, status = coalesce(:status, status),"
        " last_login = coalesce(:last_login, last_login),"
        " left_at = CASE WHEN :status IS NULL OR status = :status THEN left_at"
        " ELSE excluded.left_at END",
        [member_values(member, now) for member in part],
    )
    world.store.run_many(
        "DELETE FROM member_department WHERE userid = ?",
        [(member["userid"],) for member in part],
    )
    world.store.run_many(
        "INSERT OR IGNORE INTO member_department (department_id, userid) VALUES (?, ?)",
        [
            (department, member["userid"])
            for member in part
            for department in departments_of(member)
        ],
    )


def seed_customers(world: World, part: Part) -> None:
    """WeChat users; a known one is overwritten, a missing unionid is derived."""
    now = world.clock.second()
    world.store.run_many(
        "INSERT INTO customer (external_userid, name, unionid, avatar, gender, type,"
        " archive_agreed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (external_userid) DO UPDATE SET name = excluded.name,"
        " unionid = excluded.unionid, avatar = excluded.avatar,"
        " gender = excluded.gender, archive_agreed = excluded.archive_agreed",
        [
            (
                customer["external_userid"],
                customer["name"],
                customer.get("unionid")
                or world.ids.derive("unionid", customer["external_userid"], 28, "o"),
                customer.get("avatar") or "",
                customer.get("gender", 0),
                customer.get("type", 1),
                customer.get("archive_agreed", True),
                customer.get("created_at", now),
            )
            for customer in part
        ],
    )


def seed_tag_groups(world: World, part: Part) -> None:
    """Corp tags; ids that are not given are derived from the names."""
    now, store = world.clock.second(), world.store
    for group in part:
        name = group["group_name"]
        group_id = group.get("group_id") or world.ids.derive("taggroup", name, 32, "et")
        store.run(
            "INSERT OR IGNORE INTO tag_group"
            " (group_id, name, ord, agent_id, created_at, strategy_id) VALUES (?, ?, ?, ?, ?, ?)",
            group_id,
            name,
            group.get("order", 0),
            group.get("agent_id", 0),
            now,
            group.get("strategy_id", 0),
        )
        store.run_many(
            "INSERT OR IGNORE INTO tag VALUES (?, ?, ?, ?, ?)",
            [
                (
                    tag.get("id") or world.ids.derive("tag", f"{name}/{tag['name']}", 32, "et"),
                    group_id,
                    tag["name"],
                    tag.get("order", 0),
                    now,
                )
                for tag in group.get("tags") or []
            ],
        )


def seed_friends(world: World, part: Part) -> None:
    """Friendships that are old already; a known pair is left as it is."""
    now = world.clock.second()
    world.store.run_many(
        "INSERT OR IGNORE INTO friendship (userid, external_userid, status,"
        " created_at, state, add_way, oper_userid, remark)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                friend["userid"],
                friend["external_userid"],
                friend.get("status") or "friends",
                friend.get("created_at", now),
                friend.get("state") or "",
                friend.get("add_way", 1),
                friend["external_userid"],
                friend.get("remark") or "",
            )
            for friend in part
        ],
    )
    world.store.run_many(
        "INSERT OR IGNORE INTO friend_tag VALUES (?, ?, ?)",
        [
            (friend["userid"], friend["external_userid"], tag)
            for friend in part
            for tag in friend.get("tags") or []
        ],
    )


def seed_groups(world: World, part: Part) -> None:
    """Groups with everybody inside; a known group keeps its owner and gets the missing people."""
    now, store = world.clock.second(), world.store
    for group in part:
        chat_id, created_at = group["chat_id"], group.get("created_at", now)
        owner, has_left = anybody(world, group["owner"])
        store.run(
            "INSERT INTO group_chat (chat_id, name, owner, notice, created_at, version, admins,"
            " status) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id) DO UPDATE SET"
            " name = excluded.name, notice = excluded.notice, admins = excluded.admins",
            chat_id,
            group["name"],
            owner,
            group.get("notice") or "",
            created_at,
            world.ids.derive("first_version", chat_id, 32).lower(),
            pack(group.get("admins") or []),
            has_left,
        )
        store.run_many(
            "INSERT OR IGNORE INTO group_member"
            " (chat_id, member_id, type, joined_at, join_scene, state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                group_row(world, chat_id, entry, created_at)
                for entry in [owner, *(group.get("members") or [])]
            ],
        )


def anybody(world: World, userid: str) -> tuple[str, bool]:
    """A member as the corp writes him and whether he left; refused when unknown."""
    row = world.store.row("SELECT userid, status FROM member WHERE userid = ?", userid)
    if row is None:
        raise Refused(f"没有这位成员：{userid}")
    return str(row["userid"]), row["status"] == LEFT


def group_row(
    world: World, chat_id: str, entry: str | dict[str, Any], created_at: int
) -> tuple[object, ...]:
    """One person of a seeded group: an id alone, or an object with details."""
    detail = {} if isinstance(entry, str) else entry
    person = entry if isinstance(entry, str) else ""
    person = person or detail.get("external_userid") or detail.get("userid") or ""
    kind = 2
    if not world.store.value("SELECT 1 FROM customer WHERE external_userid = ?", person):
        kind, person = 1, anybody(world, person)[0]
    return (
        chat_id,
        person,
        kind,
        detail.get("joined_at", created_at),
        detail.get("join_scene", INVITED),
        detail.get("state") or "",
    )


def seed_kf_accounts(world: World, part: Part) -> None:
    """Customer-service accounts and who serves them."""
    store = world.store
    for account in part:
        store.run(
            "INSERT INTO kf_account (open_kfid, name, avatar) VALUES (?, ?, ?)"
            " ON CONFLICT (open_kfid) DO UPDATE SET name = excluded.name,"
            " avatar = excluded.avatar",
            account["open_kfid"],
            account["name"],
            account.get("avatar") or "",
        )
        store.run_many(
            "INSERT OR IGNORE INTO kf_servicer (open_kfid, userid) VALUES (?, ?)",
            [(account["open_kfid"], each) for each in account.get("servicers") or []],
        )


def seed_codes(world: World, part: Part) -> None:
    """Codes on the phone's list of codes shown lately."""
    world.store.run_many(
        "INSERT OR REPLACE INTO shown_code VALUES (?, ?, ?)",
        [(code["url"], code["title"], world.clock.now()) for code in part],
    )


Putter = Callable[[World, Part], None]
PARTS: dict[str, Putter] = {
    "apps": seed_apps,
    "departments": seed_departments,
    "members": seed_members,
    "customers": seed_customers,
    "kf_accounts": seed_kf_accounts,
    "tag_groups": seed_tag_groups,
    "friends": seed_friends,
    "groups": seed_groups,
    "codes": seed_codes,
    **seed_channels.PARTS,
}
