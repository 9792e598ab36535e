"""Customer groups: founding, joining, leaving, renaming, dissolving, as people do it."""

import sqlite3
from typing import Any

from wecom.sandbox.world import Refused, World

from . import chats, events
from .people import find_member, name_of

INVITED, BY_LINK, BY_CODE = 1, 2, 3
LEFT, REMOVED = 0, 1
CODE_CAPACITY = 200  # by QR code a group grows to 200, by invitation to 500
CAPACITY = 500


def find_group(world: World, chat_id: str) -> sqlite3.Row:
    """The group; refused when unknown or dissolved."""
    row = world.store.row("SELECT * FROM group_chat WHERE chat_id = ? AND NOT dismissed", chat_id)
    if row is None:
        raise Refused(f"没有这个群，或群已解散：{chat_id}")
    return row


def size_of(world: World, chat_id: str) -> int:
    """How many people are inside."""
    return int(world.store.value("SELECT count(*) FROM group_member WHERE chat_id = ?", chat_id))


def put_inside(
    world: World,
    chat_id: str,
    person: str,
    kind: int,
    join_scene: int,
    *,
    invitor: str = "",
    state: str = "",
    joined_at: int | None = None,
) -> bool:
    """Add one person without a word to anybody; False when already inside."""
    return bool(
        world.store.run(
            "INSERT OR IGNORE INTO group_member"
            " (chat_id, member_id, type, joined_at, join_scene, invitor, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            chat_id,
            person,
            kind,
            world.clock.second() if joined_at is None else joined_at,
            join_scene,
            invitor,
            state,
        )
    )


def create_group(
    world: World, *, owner: str, name: str, members: list[str], chat_id: str = ""
) -> str:
    """A member founds a customer group; everybody named is inside at once."""
    founder = find_member(world, owner)["userid"]
    chat_id = chat_id or world.ids.new("group", 32, "wr")
    with world.store.writing():
        world.store.run(
            "INSERT INTO group_chat (chat_id, name, owner, created_at, version)"
            " VALUES (?, ?, ?, ?, ?)",
            chat_id,
            name,
            founder,
            world.clock.second(),
            world.ids.new_hex("version"),
        )
        put_inside(world, chat_id, founder, 1, INVITED)
        for person in members:
            kind, person = kind_of(world, person)
            put_inside(world, chat_id, person, kind, INVITED, invitor=founder)
        text = f"{name_of(world, founder)}创建了群聊「{name}」"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        events.tell_group_change(world, chat_id, founder, "create")
    announce(world, chat_id)
    return chat_id


def kind_of(world: World, person: str) -> tuple[int, str]:
    """1 and the member's userid, or 2 and the customer's id; refused when nobody."""
    if world.store.value("SELECT 1 FROM customer WHERE external_userid = ?", person):
        return 2, person
    return 1, str(find_member(world, person)["userid"])


def join_group(
    world: World,
    *,
    chat_id: str,
    person: str,
    join_scene: int = BY_CODE,
    invitor: str = "",
    state: str = "",
) -> bool:
    """Somebody comes in; True when he already was. A full group refuses."""
    group = find_group(world, chat_id)
    kind, person = kind_of(world, person)
    limit = CODE_CAPACITY if join_scene == BY_CODE else CAPACITY
    with world.store.writing():
        if size_of(world, chat_id) >= limit and not is_inside(world, chat_id, person):
            raise Refused(f"群已满（{limit} 人）")
        if not put_inside(world, chat_id, person, kind, join_scene, invitor=invitor, state=state):
            return True
        text = f"{name_of(world, person)}加入了群聊"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        # The event's scenes differ from those of groupchat/get: 0 invited, 3 by code.
        scene = 3 if join_scene == BY_CODE else 0
        tell_membership(world, group, "add_member", ("JoinScene", scene), person)
    announce(world, chat_id, person)
    return False


def is_inside(world: World, chat_id: str, person: str) -> bool:
    """Whether the person is in the group."""
    return bool(
        world.store.value(
            "SELECT 1 FROM group_member WHERE chat_id = ? AND member_id = ?",
            chat_id,
            person,
        )
    )


def leave_group(world: World, *, chat_id: str, person: str, scene: int = LEFT) -> None:
    """Somebody goes, or is removed by the owner; refused for the owner and outsiders."""
    group = find_group(world, chat_id)
    if person.lower() == group["owner"].lower():
        raise Refused("群主不能退群，请先转让")
    with world.store.writing():
        gone = world.store.run(
            "DELETE FROM group_member WHERE chat_id = ? AND member_id = ? COLLATE NOCASE",
            chat_id,
            person,
        )
        if not gone:
            raise Refused("不在这个群里")
        word = "退出了群聊" if scene == LEFT else "被移出了群聊"
        text = f"{name_of(world, person)}{word}"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        tell_membership(world, group, "del_member", ("QuitScene", scene), person)
    announce(world, chat_id, person)


def tell_membership(
    world: World, group: sqlite3.Row, detail: str, scene: events.Field, person: str
) -> None:
    """A new member version and the event that carries both versions."""
    version = world.ids.new_hex("version")
    world.store.run(
        "UPDATE group_chat SET version = ? WHERE chat_id = ?",
        version,
        group["chat_id"],
    )
    events.tell_group_change(
        world,
        group["chat_id"],
        group["owner"],
        "update",
        ("UpdateDetail", detail),
        scene,
        ("MemChangeCnt", 1),
        ("MemChangeList", [person]),
        ("LastMemVer", group["version"]),
        ("CurMemVer", version),
    )


def rename_group(world: World, *, chat_id: str, name: str) -> None:
    """The owner renames the group."""
    group = find_group(world, chat_id)
    with world.store.writing():
        world.store.run("UPDATE group_chat SET name = ? WHERE chat_id = ?", name, chat_id)
        text = f"群名改为「{name}」"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        events.tell_group_change(
            world, chat_id, group["owner"], "update", ("UpdateDetail", "change_name")
        )
    announce(world, chat_id)


def dismiss_group(world: World, *, chat_id: str) -> None:
    """The owner dissolves the group; the API answers 49008 from now on."""
    group = find_group(world, chat_id)
    with world.store.writing():
        world.store.run("UPDATE group_chat SET dismissed = 1 WHERE chat_id = ?", chat_id)
        events.tell_group_change(world, chat_id, group["owner"], "dismiss")
    announce(world, chat_id)


def announce(world: World, chat_id: str, person: str = "") -> None:
    """Tell open pages that the group changed."""
    topics = [f"group:{chat_id}", "groups"]
    if person:
        topics += [f"customer:{person}", f"member:{person.lower()}"]
    world.live.announce(*topics)


def groups_of_person(world: World, person: str) -> list[dict[str, Any]]:
    """Living groups in which the person is."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT chat_id, name, owner FROM group_member JOIN group_chat"
            " USING (chat_id) WHERE member_id = ? AND NOT dismissed"
            " ORDER BY group_chat.created_at, chat_id",
            person,
        )
    ]


def members_of(world: World, chat_id: str) -> list[dict[str, Any]]:
    """Everybody inside, with names, in the order of joining."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT member_id, group_member.type, joined_at, join_scene, invitor,"
            " nickname, state, coalesce(member.name, customer.name, member_id) AS name,"
            " customer.unionid AS unionid,"
            " coalesce(member.avatar, customer.avatar, '') AS avatar"
            " FROM group_member"
            " LEFT JOIN member ON group_member.type = 1 AND member.userid = member_id"
            " LEFT JOIN customer ON group_member.type = 2"
            " AND customer.external_userid = member_id"
            " JOIN group_chat USING (chat_id)"
            " WHERE chat_id = ? ORDER BY joined_at, member_id != group_chat.owner,"
            " group_member.type, member_id",
            chat_id,
        )
    ]
