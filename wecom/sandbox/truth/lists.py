"""Lists as they stand on a screen: conversations of a phone and of a client, newest first."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.world import World

SHOWN = 80
SEARCHED = 20_000
LAST_LETTER = "\U0010ffff"


def count_unread(world: World, viewer: str, chat_key: str) -> int:
    """Messages of others behind what the viewer has seen; notices do not count."""
    return int(
        world.store.value(
            "SELECT count(*) FROM message WHERE chat_key = ? AND sender_type != 0"
            " AND sender != ? COLLATE NOCASE AND id > coalesce("
            " (SELECT last_id FROM seen WHERE viewer = ? AND chat_key = ?), 0)",
            chat_key,
            viewer,
            viewer,
            chat_key,
        )
    )


def entry(world: World, viewer: str, row: Row) -> dict[str, Any]:
    """One line of a list of conversations."""
    return {
        "kind": row["kind"],
        "key": row["chat_key"],
        "id": row["other"],
        "title": row["title"],
        "avatar": row["avatar"],
        "preview": row["last_text"],
        "at": row["last_at"],
        "unread": count_unread(world, viewer, row["chat_key"]),
    }


def chats_of_customer(world: World, external_userid: str) -> list[dict[str, Any]]:
    """Guides, groups and customer service on one phone; deleted guides are gone from it."""
    rows = world.store.rows(
        "SELECT chat.*, chat.userid AS other, member.name AS title, member.avatar AS avatar"
        " FROM chat JOIN member USING (userid) JOIN friendship"
        " ON friendship.userid = chat.userid AND friendship.external_userid = ?"
        " WHERE chat.kind = 'single' AND chat.external_userid = ?"
        " AND friendship.status NOT IN ('deleted_by_customer', 'requested')"
        " UNION ALL SELECT chat.*, chat.place, group_chat.name, ''"
        " FROM group_member JOIN group_chat USING (chat_id)"
        " JOIN chat ON chat.chat_key = 'group:' || group_member.chat_id"
        " WHERE group_member.member_id = ? AND NOT dismissed"
        " UNION ALL SELECT chat.*, chat.place, kf_account.name, kf_account.avatar"
        " FROM chat JOIN kf_account ON kf_account.open_kfid = chat.place"
        " WHERE chat.kind = 'kf' AND chat.external_userid = ?"
        " ORDER BY last_id DESC LIMIT ?",
        external_userid,
        external_userid,
        external_userid,
        external_userid,
        SHOWN,
    )
    return [entry(world, external_userid, row) for row in rows]


def chats_of_member(world: World, userid: str) -> list[dict[str, Any]]:
    """Customers, groups, applications, robots and customer-service sessions of one member."""
    rows = world.store.rows(
        "SELECT chat.*, chat.external_userid AS other,"
        " coalesce(nullif(friendship.remark, ''), customer.name) AS title,"
        " customer.avatar AS avatar"
        " FROM chat JOIN customer USING (external_userid)"
        " LEFT JOIN friendship ON friendship.userid = chat.userid"
        " AND friendship.external_userid = chat.external_userid"
        " WHERE chat.kind = 'single' AND chat.userid = ?"
        " UNION ALL SELECT chat.*, chat.place, app.name, ''"
        " FROM chat JOIN app ON app.agent_id = CAST(chat.place AS INTEGER)"
        " WHERE chat.kind = 'app' AND chat.userid = ?"
        " UNION ALL SELECT chat.*, chat.place, group_chat.name, ''"
        " FROM group_member JOIN group_chat USING (chat_id)"
        " JOIN chat ON chat.chat_key = 'group:' || group_member.chat_id"
        " WHERE group_member.member_id = ? AND NOT dismissed"
        " UNION ALL SELECT chat.*, chat.place || '/' || chat.external_userid,"
        " kf_account.name || ' · ' || customer.name, customer.avatar"
        " FROM kf_session JOIN kf_account USING (open_kfid)"
        " JOIN customer USING (external_userid)"
        " JOIN chat ON chat.chat_key ="
        " 'kf:' || kf_session.external_userid || ':' || kf_session.open_kfid"
        " WHERE kf_session.servicer = ? AND kf_session.state = 3"
        " UNION ALL SELECT chat.*, chat.place, appchat.name, ''"
        " FROM appchat_member JOIN appchat USING (chatid)"
        " JOIN chat ON chat.chat_key = 'appchat:' || appchat_member.chatid"
        " WHERE appchat_member.userid = ?"
        " UNION ALL SELECT chat.*, chat.place, robot.name, ''"
        " FROM chat JOIN robot ON robot.aibotid = chat.place"
        " WHERE chat.kind = 'robot' AND chat.userid = ?"
        " ORDER BY last_id DESC LIMIT ?",
        *[userid] * 6,
        SHOWN,
    )
    return [entry(world, userid, row) for row in rows]


def find_members(world: World, search: str, limit: int = 30) -> list[dict[str, Any]]:
    """Members whose name or id holds the text, for chooser pages."""
    rows = world.store.rows(
        "SELECT userid AS id, member.name, avatar, department.name AS line FROM member"
        " LEFT JOIN department ON department.id = main_department"
        " WHERE status != 5 AND (member.name LIKE ? OR userid LIKE ?)"
        " ORDER BY userid LIMIT ?",
        f"%{search}%",
        f"%{search}%",
        limit,
    )
    return [dict(row) for row in rows]


def find_customers(world: World, search: str, limit: int = 30) -> list[dict[str, Any]]:
    """Customers by id, by how their name begins, or, among the newest, by any part of it.

    Searching a million names for a part would hold everybody else up.
    """
    columns = "external_userid AS id, name, avatar, external_userid AS line"
    newest = (
        f"SELECT {columns} FROM customer ORDER BY created_at DESC, external_userid DESC LIMIT ?"  # noqa: S608 - our own names
    )
    if not search:
        return [dict(row) for row in world.store.rows(newest, limit)]
    queries: list[tuple[str, list[object]]] = [
        (f"SELECT {columns} FROM customer WHERE external_userid = ?", [search]),  # noqa: S608
        (
            f"SELECT {columns} FROM customer WHERE name >= ? AND name < ?"  # noqa: S608
            " ORDER BY name LIMIT ?",
            [search, search + LAST_LETTER, limit],
        ),
        (
            f"SELECT * FROM ({newest}) WHERE name LIKE ? OR id LIKE ? LIMIT ?",  # noqa: S608
            [SEARCHED, f"%{search}%", f"%{search}%", limit],
        ),
    ]
    found: dict[str, dict[str, Any]] = {}
    for sql, values in queries:
        for row in world.store.rows(sql, *values):
            found.setdefault(row["id"], dict(row))
    return list(found.values())[:limit]


def recent_codes(world: World, limit: int = 12) -> list[dict[str, Any]]:
    """Codes a customer may find lying about: those held up to her first, then those made by API."""
    shown = world.store.rows(
        "SELECT title, url, shown_at AS at FROM shown_code ORDER BY shown_at DESC LIMIT ?", limit
    )
    ways = world.store.rows(
        "SELECT config_id, receivers, json_extract(body, '$.remark') AS remark,"
        " json_extract(body, '$.state') AS state, created_at AS at,"
        " (SELECT name FROM member WHERE userid = json_extract(receivers, '$[0]')) AS name"
        " FROM contact_way ORDER BY created_at DESC LIMIT ?",
        limit,
    )
    joins = world.store.rows(
        "SELECT config_id, created_at AS at, (SELECT name FROM group_chat"
        " WHERE chat_id = json_extract(body, '$.chat_id_list[0]')) AS name"
        " FROM join_way ORDER BY created_at DESC LIMIT ?",
        limit,
    )
    held_up = [{"title": row["title"], "url": row["url"], "at": row["at"]} for row in shown]
    found = [
        {
            "title": f"{row['name']}的「联系我」"
            + (f" · {row['remark'] or row['state']}" if row["remark"] or row["state"] else ""),
            "url": f"/sandbox/c/{row['config_id']}",
            "at": row["at"],
        }
        for row in ways
    ]
    found += [
        {
            "title": f"加入群聊「{row['name']}」",
            "url": f"/sandbox/g/{row['config_id']}",
            "at": row["at"],
        }
        for row in joins
    ]
    found.sort(key=lambda code: -float(code["at"]))
    return [*held_up, *found][:limit]
