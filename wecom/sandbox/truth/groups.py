"""Customer groups: founding, joining, leaving, renaming, dissolving, as people do it."""

import json
import sqlite3
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import chats, events
from .group_lag import members_of as members_of  # pages ask groups
from .group_lag import remember
from .group_welcome import greet
from .people import find_member, name_of

INVITED, BY_LINK, BY_CODE = 1, 2, 3
INSIDER, OUTSIDER = 1, 2
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
        remember(world, chat_id)
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
        remember(world, chat_id)
        if size_of(world, chat_id) >= limit and not is_inside(world, chat_id, person):
            raise Refused(f"群已满（{limit} 人）")
        if not put_inside(world, chat_id, person, kind, join_scene, invitor=invitor, state=state):
            return True
        text = f"{name_of(world, person)}加入了群聊"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        # The event's scenes differ from those of groupchat/get: 0 invited, 3 by code.
        scene = 3 if join_scene == BY_CODE else 0
        tell_membership(world, group, "add_member", ("JoinScene", scene), person)
        if kind == OUTSIDER:
            greet(world, group, person)
    announce(world, chat_id, person)
    return False


def invite_together(world: World, *, chat_id: str, invitor: str, people: list[str]) -> list[str]:
    """Somebody brings several in at once: one event names them all. Who was inside is left out."""
    group = find_group(world, chat_id)
    if not is_inside(world, chat_id, invitor):
        raise Refused("邀请人不在这个群里")
    with world.store.writing():
        remember(world, chat_id)
        found = [kind_of(world, each) for each in people]
        came = {
            person: kind
            for kind, person in found
            if put_inside(world, chat_id, person, kind, INVITED, invitor=invitor)
        }
        if size_of(world, chat_id) > CAPACITY:
            raise Refused(f"群已满（{CAPACITY} 人）")
        if not came:
            return []
        names = "、".join(name_of(world, person) for person in came)
        text = f"{name_of(world, invitor)}邀请{names}加入了群聊"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        tell_membership(world, group, "add_member", ("JoinScene", 0), *came)
        for person, kind in came.items():
            if kind == OUTSIDER:
                greet(world, group, person)
    for person in came:
        announce(world, chat_id, person)
    return list(came)


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
        remember(world, chat_id)
        if not put_outside(world, chat_id, person):
            raise Refused("不在这个群里")
        word = "退出了群聊" if scene == LEFT else "被移出了群聊"
        text = f"{name_of(world, person)}{word}"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        tell_membership(world, group, "del_member", ("QuitScene", scene), person)
    announce(world, chat_id, person)


def put_outside(world: World, chat_id: str, person: str) -> bool:
    """Take one person out without a word to anybody; False when not inside."""
    world.store.run(
        "INSERT INTO group_leaver (chat_id, member_id, joined_at, left_at)"
        " SELECT chat_id, member_id, joined_at, ? FROM group_member"
        " WHERE chat_id = ? AND member_id = ? COLLATE NOCASE",
        world.clock.second(),
        chat_id,
        person,
    )
    return bool(
        world.store.run(
            "DELETE FROM group_member WHERE chat_id = ? AND member_id = ? COLLATE NOCASE",
            chat_id,
            person,
        )
    )


def tell_membership(
    world: World, group: sqlite3.Row, detail: str, scene: events.Field, *people: str
) -> None:
    """A new member version and the event that carries both versions; an Item for each person."""
    version = new_version(world, group["chat_id"])
    tell_update(
        world,
        group,
        detail,
        scene,
        ("MemChangeCnt", len(people)),
        ("MemChangeList", list(people)),
        ("LastMemVer", group["version"]),
        ("CurMemVer", version),
    )


def new_version(world: World, chat_id: str) -> str:
    """The member version after somebody came, went or changed place."""
    version = world.ids.new_hex("version")
    world.store.run("UPDATE group_chat SET version = ? WHERE chat_id = ?", version, chat_id)
    return version


def tell_update(world: World, group: sqlite3.Row, detail: str, *fields: events.Field) -> None:
    """One update event; a sparse one lacks what a receiver must not need, or has too much."""
    if world.switches.on.sparse_group_events:
        if detail in ("add_member", "del_member"):
            fields = (("MemChangeCnt", 1),)
        else:
            version = group["version"]
            fields = (
                ("JoinScene", 0),
                ("MemChangeCnt", 2),
                ("LastMemVer", version),
                ("CurMemVer", version),
            )
    details: list[events.Field] = [("UpdateDetail", detail), *fields]
    events.tell_group_change(world, group["chat_id"], group["owner"], "update", *details)


def rename_group(world: World, *, chat_id: str, name: str) -> None:
    """The owner renames the group."""
    group = find_group(world, chat_id)
    with world.store.writing():
        remember(world, chat_id)
        world.store.run("UPDATE group_chat SET name = ? WHERE chat_id = ?", name, chat_id)
        text = f"群名改为「{name}」"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        tell_update(world, group, "change_name")
    announce(world, chat_id)


def set_notice(world: World, *, chat_id: str, text: str) -> None:
    """The owner or an admin writes the group's notice."""
    group = find_group(world, chat_id)
    with world.store.writing():
        remember(world, chat_id)
        world.store.run("UPDATE group_chat SET notice = ? WHERE chat_id = ?", text, chat_id)
        chats.post_all(world, [chats.notice(chats.group(chat_id), f"群公告：{text}")])
        tell_update(world, group, "change_notice")
    announce(world, chat_id)


def set_admins(world: World, *, chat_id: str, admins: list[str]) -> None:
    """The owner names admins among the members inside; that is told to nobody."""
    group = find_group(world, chat_id)
    named = [str(find_member(world, userid)["userid"]) for userid in admins]
    outside = [userid for userid in named if not is_inside(world, chat_id, userid)]
    if outside or group["owner"] in named:
        raise Refused("管理员须是群内成员，且不是群主")
    with world.store.writing():
        remember(world, chat_id)
        world.store.run("UPDATE group_chat SET admins = ? WHERE chat_id = ?", pack(named), chat_id)
    announce(world, chat_id)


def change_owner(world: World, *, chat_id: str, owner: str) -> None:
    """The owner hands the group to a colleague inside it."""
    group = find_group(world, chat_id)
    successor = find_member(world, owner)["userid"]
    if not is_inside(world, chat_id, successor) or successor == group["owner"]:
        raise Refused("新群主须是群内的另一位成员")
    with world.store.writing():
        remember(world, chat_id)
        set_owner(world, chat_id, successor)
        text = f"{name_of(world, successor)}成为新群主"
        chats.post_all(world, [chats.notice(chats.group(chat_id), text)])
        tell_update(world, find_group(world, chat_id), "change_owner")
    announce(world, chat_id, successor)


def set_owner(world: World, chat_id: str, owner: str) -> None:
    """Somebody inside becomes the owner, and is no admin any more."""
    admins = json.loads(find_group(world, chat_id)["admins"])
    world.store.run(
        "UPDATE group_chat SET owner = ?, admins = ? WHERE chat_id = ?",
        owner,
        pack([userid for userid in admins if userid != owner]),
        chat_id,
    )
    new_version(world, chat_id)


def dismiss_group(world: World, *, chat_id: str) -> None:
    """The owner dissolves the group; the API answers 49008 from now on."""
    group = find_group(world, chat_id)
    with world.store.writing():
        remember(world, chat_id)
        world.store.run(
            "UPDATE group_chat SET dismissed = 1, dismissed_at = ? WHERE chat_id = ?",
            world.clock.second(),
            chat_id,
        )
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
