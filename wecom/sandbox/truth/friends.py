"""Friendships of members and customers: adding, deleting, editing, as people do it.

status: requested (waits for the member), friends, half, deleted_by_customer,
deleted_by_member. The API knows all but the first and the last.
"""

import json
import sqlite3
from typing import Any

from wecom.sandbox.world import Refused, World

from . import chats, events, welcome
from .people import find_customer, find_member

WECHAT_USER = 1
KNOWN_TO_API = ("friends", "half", "deleted_by_customer")


def find_friendship(world: World, userid: str, external_userid: str) -> sqlite3.Row | None:
    """The relation of two people, in whatever status."""
    return world.store.row(
        "SELECT * FROM friendship WHERE userid = ? AND external_userid = ?",
        userid,
        external_userid,
    )


def find_guide(world: World, userid: str) -> sqlite3.Row:
    """A member who may have customers; refused when he may not."""
    member = find_member(world, userid)
    if not member["contact"]:
        raise Refused(f"{member['name']}没有客户联系权限")
    return member


def add_friend(
    world: World,
    *,
    userid: str,
    external_userid: str,
    state: str = "",
    add_way: int = 1,
    by_customer: bool = True,
    config_id: str = "",
    verified: bool = True,
) -> dict[str, Any]:
    """Make them friends, or let the unverified wait for the member; friends stay friends."""
    member, customer = find_guide(world, userid), find_customer(world, external_userid)
    userid = member["userid"]
    before = find_friendship(world, userid, external_userid)
    answer = {"userid": userid, "external_userid": external_userid}
    if before is not None and before["status"] == "friends":
        return answer | {"state": before["state"], "already": True, "waiting": False}
    with world.store.writing():
        world.store.run(
            "INSERT OR REPLACE INTO friendship (userid, external_userid, status,"
            " created_at, state, add_way, oper_userid, config_id, remark)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            userid,
            external_userid,
            "friends" if verified else "requested",
            world.clock.second(),
            state,
            add_way,
            external_userid if by_customer else userid,
            config_id,
            before["remark"] if before is not None else "",
        )
        if not by_customer:
            log_contact(world, userid, "applied")
        if verified:
            become_friends(world, member, customer, state)
    world.live.announce(f"customer:{external_userid}", f"member:{userid.lower()}")
    return answer | {"state": state, "already": False, "waiting": not verified}


def become_friends(
    world: World,
    member: sqlite3.Row,
    customer: sqlite3.Row,
    state: str,
    change_type: str = "add_external_contact",
) -> None:
    """The moment both see each other: notices, one welcome code per application, events.

    Somebody of another corp's WeCom is greeted by name card: no code.
    """
    userid, external_userid = member["userid"], customer["external_userid"]
    chat = chats.single(userid, external_userid)
    text = f"你已添加了{member['name']}，现在可以开始聊天了"
    chats.post_all(world, [chats.notice(chat, text)])
    hearers = events.apps_that_hear(world, "contact", userid)
    agents = [app["agent_id"] for app in hearers if customer["type"] == WECHAT_USER]
    # An earlier code of the same pair, not used yet, makes room for the new one.
    welcome.close_slots(world, userid, external_userid)
    codes = welcome.open_slot(world, userid, external_userid, agents)
    if change_type != "add_half_external_contact":
        log_contact(world, userid, "gained")
    events.tell_contact_change(
        world,
        change_type,
        userid,
        external_userid,
        state=state,
        welcome_codes=codes,
    )


def add_half(world: World, *, userid: str, external_userid: str, state: str = "") -> dict[str, Any]:
    """The customer adds a member who lets anybody in and has not added back yet."""
    member, customer = find_guide(world, userid), find_customer(world, external_userid)
    userid = member["userid"]
    answer = {"userid": userid, "external_userid": external_userid, "state": state}
    before = find_friendship(world, userid, external_userid)
    if before is not None and before["status"] in ("friends", "half"):
        return answer | {"already": True}
    with world.store.writing():
        world.store.run(
            "INSERT OR REPLACE INTO friendship (userid, external_userid, status, created_at,"
            " state, add_way, oper_userid) VALUES (?, ?, 'half', ?, ?, 1, ?)",
            userid,
            external_userid,
            world.clock.second(),
            state,
            external_userid,
        )
        become_friends(world, member, customer, state, "add_half_external_contact")
    world.live.announce(f"customer:{external_userid}", f"member:{userid.lower()}")
    return answer | {"already": False}


def add_back(world: World, *, userid: str, external_userid: str) -> dict[str, Any]:
    """The member adds back who added him one-sidedly; refused when nobody did."""
    return complete(world, userid, external_userid, "half", "没有等待加回的好友")


def log_contact(world: World, userid: str, kind: str) -> None:
    """Something that the statistics count for this member, today."""
    world.store.run(
        "INSERT INTO contact_log (userid, at, kind) VALUES (?, ?, ?)",
        userid,
        world.clock.second(),
        kind,
    )


def accept_friend(world: World, *, userid: str, external_userid: str) -> dict[str, Any]:
    """The member accepts a waiting request; refused when none waits."""
    return complete(world, userid, external_userid, "requested", "没有待通过的好友申请")


def complete(
    world: World, userid: str, external_userid: str, waiting: str, nothing: str
) -> dict[str, Any]:
    """What was one-sided becomes a friendship."""
    row = find_friendship(world, userid, external_userid)
    if row is None or row["status"] != waiting:
        raise Refused(nothing)
    member, customer = find_member(world, userid), find_customer(world, external_userid)
    with world.store.writing():
        world.store.run(
            "UPDATE friendship SET status = 'friends', created_at = ?"
            " WHERE userid = ? AND external_userid = ?",
            world.clock.second(),
            userid,
            external_userid,
        )
        become_friends(world, member, customer, row["state"])
    world.live.announce(f"customer:{external_userid}", f"member:{userid.lower()}")
    return {"userid": member["userid"], "external_userid": external_userid}


def end_friendship(world: World, *, userid: str, external_userid: str, by_customer: bool) -> None:
    """One side deletes the other; refused when they are not friends.

    When the customer deletes, the member's one-way relation stays and the API goes on
    answering; when the member deletes, it is gone.
    """
    row = find_friendship(world, userid, external_userid)
    possible = ("friends", "half") if by_customer else KNOWN_TO_API
    if row is None or row["status"] not in possible:
        raise Refused("他们不是好友")
    userid = row["userid"]
    status = "deleted_by_customer" if by_customer else "deleted_by_member"
    change = "del_follow_user" if by_customer else "del_external_contact"
    with world.store.writing():
        world.store.run(
            "UPDATE friendship SET status = ? WHERE userid = ? AND external_userid = ?",
            status,
            userid,
            external_userid,
        )
        if by_customer:
            log_contact(world, userid, "lost")
        else:
            world.store.run(
                "DELETE FROM friend_tag WHERE userid = ? AND external_userid = ?",
                userid,
                external_userid,
            )
        welcome.close_slots(world, userid, external_userid)
        events.tell_contact_change(world, change, userid, external_userid)
    world.live.announce(f"customer:{external_userid}", f"member:{userid.lower()}")


def edit_in_client(
    world: World,
    *,
    userid: str,
    external_userid: str,
    remark: str | None = None,
    description: str | None = None,
    add_tags: list[str] | None = None,
    remove_tags: list[str] | None = None,
) -> None:
    """The member edits remark, description or tags in his client; tells applications."""
    row = find_friendship(world, userid, external_userid)
    if row is None or row["status"] not in KNOWN_TO_API:
        raise Refused("他们不是好友")
    with world.store.writing():
        world.store.run(
            "UPDATE friendship SET remark = coalesce(?, remark),"
            " description = coalesce(?, description)"
            " WHERE userid = ? AND external_userid = ?",
            remark,
            description,
            userid,
            external_userid,
        )
        change_tags(world, row, add_tags or [], remove_tags or [])
        events.tell_contact_change(world, "edit_external_contact", row["userid"], external_userid)
    world.live.announce(f"member:{row['userid'].lower()}")


def change_tags(world: World, friendship: sqlite3.Row, add: list[str], remove: list[str]) -> None:
    """Put tags on a friend and take others off; repeating changes nothing."""
    pair = (friendship["userid"], friendship["external_userid"])
    world.store.run_many(
        "INSERT OR IGNORE INTO friend_tag VALUES (?, ?, ?)",
        [(*pair, tag) for tag in add],
    )
    world.store.run_many(
        "DELETE FROM friend_tag WHERE userid = ? AND external_userid = ? AND tag_id = ?",
        [(*pair, tag) for tag in remove],
    )


def friends_of_customer(world: World, external_userid: str) -> list[dict[str, Any]]:
    """Members the customer ever added, with the present status."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT userid, member.name, friendship.status, state,"
            " friendship.created_at, remark, add_way, config_id"
            " FROM friendship JOIN member USING (userid)"
            " WHERE external_userid = ? ORDER BY friendship.created_at, userid",
            external_userid,
        )
    ]


def friends_of_member(
    world: World, userid: str, *, search: str = "", limit: int = 500
) -> list[dict[str, Any]]:
    """Customers of a member, newest first, found by name or remark."""
    rows = world.store.rows(
        "SELECT external_userid, customer.name, unionid, avatar, friendship.status,"
        " state, friendship.created_at, remark, description, add_way"
        " FROM friendship JOIN customer USING (external_userid)"
        " WHERE userid = ? AND friendship.status != 'deleted_by_member'"
        " AND (customer.name LIKE ? OR remark LIKE ?)"
        " ORDER BY friendship.created_at DESC, external_userid LIMIT ?",
        userid,
        f"%{search}%",
        f"%{search}%",
        limit,
    )
    return [dict(row) for row in rows]


def followers_for_api(world: World, external_userid: str) -> list[sqlite3.Row]:
    """Relations of a customer that the API shows."""
    return world.store.rows(
        "SELECT * FROM friendship WHERE external_userid = ?"
        " AND status IN ('friends', 'deleted_by_customer') ORDER BY created_at, userid",
        external_userid,
    )


def mobiles_of(friendship: sqlite3.Row) -> list[str]:
    """The phone numbers a member noted in the remark."""
    mobiles: list[str] = json.loads(friendship["remark_mobiles"])
    return mobiles
