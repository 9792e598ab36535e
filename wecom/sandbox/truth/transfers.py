"""Customers handed from one member to another: after 24 h, unless the customer refuses.

status: 1 done, 2 waiting, 3 refused, 4 the new member has too many customers, 5 came to nothing.
"""

import sqlite3
from datetime import timedelta
from typing import Any

from wecom.sandbox.clock import from_china
from wecom.sandbox.world import Refused, World

from . import chats, events, friends, staff, welcome
from .later import later, on_due
from .people import find_customer, find_member, name_of

DONE, WAITING, REFUSED, FULL, NOTHING = 1, 2, 3, 4, 5
FOLLOWING = ("friends", "deleted_by_customer")
OFTEN_DAYS, OFTEN = 90, 2
BY_ASSIGNMENT = 202
DEFAULT_MESSAGE = "您好，您的服务已升级，后续将由我继续为您服务。"


def days_ago(world: World, days: int) -> float:
    """The first moment of the natural day so many days ago."""
    return from_china(world.clock.china_day() - timedelta(days=days))


def customers_of(world: World, userid: str) -> int:
    """How many customers a member has, as the limit counts them."""
    return int(
        world.store.value(
            "SELECT count(*) FROM friendship WHERE userid = ?"
            " AND status IN ('friends', 'half', 'deleted_by_customer')",
            userid,
        )
    )


def is_full(world: World, takeover: str, external_userid: str) -> bool:
    """Whether the member cannot take one more; somebody he has already is not one more."""
    limit = world.switches.on.takeover_customer_limit
    has = friends.find_friendship(world, takeover, external_userid)
    if not limit or (has is not None and has["status"] in FOLLOWING):
        return False
    return customers_of(world, takeover) >= limit


def may_work(world: World, userid: str) -> bool:
    """Activated, real-name verified, and logged in within a year."""
    member = find_member(world, userid)
    away_since = member["last_login"]
    lately = not away_since or away_since > world.clock.now() - staff.YEAR_S
    return bool(member["status"] == staff.ACTIVE and member["verified"] and lately)


def is_waiting(world: World, handover: str, external_userid: str) -> bool:
    """Whether the customer is on the way from this member to another one."""
    return bool(
        world.store.value(
            "SELECT 1 FROM transfer WHERE external_userid = ? AND status = ? AND handover = ?",
            external_userid,
            WAITING,
            handover,
        )
    )


def was_moved_often(world: World, external_userid: str) -> bool:
    """Twice within 90 natural days is as often as a customer may be handed on in service."""
    times = world.store.value(
        "SELECT count(*) FROM transfer WHERE external_userid = ? AND status IN (?, ?)"
        " AND NOT resigned AND asked_at >= ?",
        external_userid,
        DONE,
        WAITING,
        days_ago(world, OFTEN_DAYS - 1),
    )
    return int(times) >= OFTEN


def why_not(
    world: World, *, handover: str, takeover: str, external_userid: str, resigned: bool
) -> int:
    """The row code that forbids the hand-over, 0 when nothing does."""
    known = "SELECT 1 FROM customer WHERE external_userid = ?"
    if not world.store.value(known, external_userid):
        return 40096
    if handover.lower() == takeover.lower():
        return 40130
    relation = friends.find_friendship(world, handover, external_userid)
    if relation is None or relation["status"] not in FOLLOWING:
        return 40131
    if is_waiting(world, handover, external_userid):
        return 40100 if resigned else 40129
    if not resigned and was_moved_often(world, external_userid):
        return 40128
    if not may_work(world, takeover) or not (resigned or may_work(world, handover)):
        return 40098
    return 40099 if is_full(world, takeover, external_userid) else 0


def start(
    world: World,
    *,
    handover: str,
    takeover: str,
    external_userid: str,
    resigned: bool,
    message: str = "",
) -> None:
    """Begin: the customer reads of it, and has 24 h to refuse."""
    takes_effect = world.clock.now() + world.switches.on.transfer_takes_s
    with world.store.writing():
        number = world.store.insert(
            "INSERT INTO transfer (handover, takeover, external_userid, resigned, status,"
            " message, asked_at, takeover_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            handover,
            takeover,
            external_userid,
            resigned,
            WAITING,
            message,
            world.clock.now(),
            int(takes_effect),
        )
        text = (
            f"{name_of(world, handover)}的工作将由{name_of(world, takeover)}接替，"
            "到时会自动添加，您可以拒绝"
        )
        chat = chats.single(handover, external_userid)
        chats.post_all(world, [chats.notice(chat, text)])
        later(world, takes_effect, "transfer", number=number)


@on_due("transfer")
def take_effect(world: World, body: dict[str, Any]) -> None:
    """The 24 h are over and nobody refused."""
    row = world.store.row("SELECT * FROM transfer WHERE id = ?", body["number"])
    if row is None or row["status"] != WAITING:
        return
    old = friends.find_friendship(world, row["handover"], row["external_userid"])
    here = world.store.value(
        "SELECT 1 FROM member WHERE userid = ? AND status = ?", row["takeover"], staff.ACTIVE
    )
    if old is None or old["status"] not in FOLLOWING or not here:
        close(world, row, NOTHING, 0)
    elif is_full(world, row["takeover"], row["external_userid"]):
        close(world, row, FULL, 0)
        tell_failure(world, row, "customer_limit_exceed")
    else:
        close(world, row, DONE, world.clock.second())
        hand_over(world, row, old)


def close(world: World, row: sqlite3.Row, status: int, takeover_time: int) -> None:
    """Write down how it ended."""
    world.store.run(
        "UPDATE transfer SET status = ?, takeover_time = ? WHERE id = ?",
        status,
        takeover_time,
        row["id"],
    )
    customer, takeover = row["external_userid"], row["takeover"].lower()
    world.live.announce(f"customer:{customer}", f"member:{takeover}")


def hand_over(world: World, row: sqlite3.Row, old: sqlite3.Row) -> None:
    """The customer changes hands with remark and tags; both sides' applications hear of it."""
    handover, takeover = row["handover"], row["takeover"]
    customer = row["external_userid"]
    has = friends.find_friendship(world, takeover, customer)
    is_friend = has is not None and has["status"] == "friends"
    if not is_friend:
        copy_friendship(world, old, takeover)
    world.store.run(
        "UPDATE friendship SET status = 'deleted_by_member'"
        " WHERE userid = ? AND external_userid = ?",
        handover,
        customer,
    )
    world.store.run(
        "DELETE FROM friend_tag WHERE userid = ? AND external_userid = ?", handover, customer
    )
    welcome.close_slots(world, handover, customer)
    events.tell_contact_change(
        world, "del_external_contact", handover, customer, source="DELETE_BY_TRANSFER"
    )
    if not is_friend and not held_before(world, takeover, customer):
        events.tell_contact_change(world, "add_external_contact", takeover, customer)
    say_so(world, row)


def copy_friendship(world: World, old: sqlite3.Row, takeover: str) -> None:
    """What the old member noted goes along; how and when they met is new."""
    customer = old["external_userid"]
    world.store.run(
        "INSERT OR REPLACE INTO friendship (userid, external_userid, status, created_at,"
        " add_way, oper_userid, remark, description, remark_corp_name, remark_mobiles)"
        " VALUES (?, ?, 'friends', ?, ?, ?, ?, ?, ?, ?)",
        takeover,
        customer,
        world.clock.second(),
        BY_ASSIGNMENT,
        old["userid"],
        old["remark"],
        old["description"],
        old["remark_corp_name"],
        old["remark_mobiles"],
    )
    world.store.run(
        "INSERT OR IGNORE INTO friend_tag (userid, external_userid, tag_id)"
        " SELECT ?, external_userid, tag_id FROM friend_tag"
        " WHERE userid = ? AND external_userid = ?",
        takeover,
        old["userid"],
        customer,
    )


def held_before(world: World, userid: str, external_userid: str) -> bool:
    """Whether the customer comes back to somebody who handed her on: that is not told."""
    return bool(
        world.store.value(
            "SELECT 1 FROM transfer WHERE handover = ? AND external_userid = ? AND status = ?",
            userid,
            external_userid,
            DONE,
        )
    )


def say_so(world: World, row: sqlite3.Row) -> None:
    """The transfer message stands in the conversation with the new member."""
    chat = chats.single(row["takeover"], row["external_userid"])
    content = chats.text_content(row["message"] or DEFAULT_MESSAGE)
    chats.post_all(
        world,
        [
            chats.notice(chat, f"{name_of(world, row['takeover'])}已接替为您服务"),
            chats.Post(chat, row["takeover"], chats.MEMBER, content, "transfer"),
        ],
    )


def tell_failure(world: World, row: sqlite3.Row, reason: str) -> None:
    """transfer_fail, about the member who did not get the customer."""
    events.tell_contact_change(
        world,
        "transfer_fail",
        row["takeover"],
        row["external_userid"],
        fail_reason=reason,
    )


def refuse(world: World, *, external_userid: str, takeover: str) -> None:
    """The customer does not want the new member; refused when nothing waits."""
    find_customer(world, external_userid)
    row = world.store.row(
        "SELECT * FROM transfer WHERE external_userid = ? AND takeover = ? AND status = ?"
        " ORDER BY id DESC LIMIT 1",
        external_userid,
        takeover,
        WAITING,
    )
    if row is None:
        raise Refused("没有等待接替的成员")
    with world.store.writing():
        close(world, row, REFUSED, 0)
        chat = chats.single(row["handover"], external_userid)
        text = f"您已拒绝由{name_of(world, row['takeover'])}接替"
        chats.post_all(world, [chats.notice(chat, text)])
        tell_failure(world, row, "customer_refused")


def waiting_for(world: World, external_userid: str) -> list[dict[str, Any]]:
    """Hand-overs that a customer may still refuse."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT transfer.*, member.name AS takeover_name FROM transfer"
            " JOIN member ON member.userid = takeover"
            " WHERE external_userid = ? AND transfer.status = ? ORDER BY id",
            external_userid,
            WAITING,
        )
    ]
