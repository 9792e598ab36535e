"""客户朋友圈: a task per member, which only that member's client publishes.

The audience is fixed at the moment of publishing: friends of the member, those with one of
the wanted tags, less those who had enough in this window.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from wecom.sandbox.clock import from_china
from wecom.sandbox.store import json_list, pack
from wecom.sandbox.world import Refused, World

from .people import find_customer, find_member

CORP, PERSONAL = 0, 1
A_MONTH, A_DAY = 4, 1
LIKE, COMMENT = "like", "comment"


def create(
    world: World,
    *,
    agent_id: int,
    text: str,
    attachments: Sequence[dict[str, Any]],
    senders: Sequence[str],
    tags: Sequence[str],
    done_at: float,
) -> str:
    """Store a moment and who is asked to publish it; nobody sees anything yet."""
    moment_id = world.ids.new("moment", 32, "mom")
    world.store.run(
        "INSERT INTO moment (moment_id, agent_id, text, attachments, tags, is_public,"
        " created_at, ready_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        moment_id,
        agent_id,
        text,
        pack(list(attachments)),
        pack(list(tags)),
        not tags,
        world.clock.now(),
        done_at + world.switches.on.dispatch_delay_s,
    )
    world.store.run_many(
        "INSERT OR IGNORE INTO moment_sender (moment_id, userid) VALUES (?, ?)",
        [(moment_id, userid) for userid in senders],
    )
    world.live.announce("moments")
    return moment_id


def find(world: World, moment_id: str) -> sqlite3.Row:
    """The moment; refused when unknown or deleted."""
    row = world.store.row("SELECT * FROM moment WHERE moment_id = ? AND NOT deleted", moment_id)
    if row is None:
        raise Refused("没有这条朋友圈")
    return row


def find_sender(world: World, moment_id: str, userid: str) -> sqlite3.Row | None:
    """The member's part in a moment, or None."""
    return world.store.row(
        "SELECT * FROM moment_sender WHERE moment_id = ? AND userid = ?", moment_id, userid
    )


def chosen(world: World, moment: sqlite3.Row, userid: str) -> list[str]:
    """Customers of one member whom the moment is meant for, before and after publishing."""
    tags: list[str] = json.loads(moment["tags"])
    if not tags:
        return world.store.column(
            "SELECT external_userid FROM friendship WHERE userid = ? AND status = 'friends'"
            " ORDER BY external_userid",
            userid,
        )
    return world.store.column(
        "SELECT DISTINCT external_userid FROM friendship"
        " JOIN friend_tag USING (userid, external_userid)"
        " WHERE userid = ? AND status = 'friends'"
        " AND tag_id IN (SELECT value FROM json_each(?)) ORDER BY external_userid",
        userid,
        json_list(tags),
    )


def publish(world: World, *, moment_id: str, userid: str) -> dict[str, int]:
    """The member taps publish in his client; refused twice, too early, or after cancelling."""
    moment = find(world, moment_id)
    sender = find_sender(world, moment_id, userid)
    if sender is None:
        raise Refused("没有这个朋友圈任务")
    if sender["published_at"]:
        raise Refused("已经发表过了")
    if moment["cancelled_at"]:
        raise Refused("企业已停止这次发表")
    if moment["ready_at"] > world.clock.now():
        raise Refused("任务还在下发中")
    return show_to_audience(world, moment, sender["userid"])


def show_to_audience(world: World, moment: sqlite3.Row, userid: str) -> dict[str, int]:
    """Fix who sees it; those over the quota are kept as not reached."""
    now = world.clock.now()
    wanted = chosen(world, moment, userid)
    is_corp = not moment["creator"]
    full = had_enough(world, wanted) if is_corp else set()
    with world.store.writing():
        world.store.run(
            "INSERT INTO moment_sender (moment_id, userid, published_at) VALUES (?, ?, ?)"
            " ON CONFLICT (moment_id, userid) DO UPDATE SET published_at = excluded.published_at",
            moment["moment_id"],
            userid,
            now,
        )
        world.store.run_many(
            "INSERT OR IGNORE INTO moment_audience VALUES (?, ?, ?, ?, ?)",
            [(moment["moment_id"], userid, each, each not in full, now) for each in wanted],
        )
    world.live.announce("moments", f"member:{userid.lower()}")
    world.live.announce(*[f"customer:{each}" for each in wanted[:500]])
    return {"reached": len(wanted) - len(full), "over_quota": len(full)}


def had_enough(world: World, customers: Sequence[str]) -> set[str]:
    """Customers who saw as many corp moments as one window allows."""
    mode, today = world.switches.on.moment_quota, world.clock.china_day()
    if mode == "off":
        return set()
    since, most = (today, A_DAY) if mode == "daily" else (today.replace(day=1), A_MONTH)
    return set(
        world.store.column(
            "SELECT external_userid FROM moment_audience JOIN moment USING (moment_id)"
            " WHERE external_userid IN (SELECT value FROM json_each(?))"
            " AND at >= ? AND reached AND creator = ''"
            " GROUP BY external_userid HAVING count(DISTINCT moment_id) >= ?",
            json_list(customers),
            from_china(since),
            most,
        )
    )


def publish_personal(
    world: World, *, userid: str, text: str, attachments: Sequence[dict[str, Any]] = ()
) -> str:
    """A member writes a moment of his own: seen at once, by all his customers."""
    member, now = find_member(world, userid), world.clock.now()
    moment_id = world.ids.new("moment", 32, "mom")
    with world.store.writing():
        world.store.run(
            "INSERT INTO moment (moment_id, creator, text, attachments, created_at, ready_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            moment_id,
            member["userid"],
            text,
            pack(list(attachments)),
            now,
            now,
        )
        show_to_audience(world, find(world, moment_id), member["userid"])
    return moment_id


def delete(world: World, *, moment_id: str, userid: str) -> None:
    """A member deletes his own moment; the corp's is withdrawn by cancelling only."""
    moment = find(world, moment_id)
    if moment["creator"].lower() != userid.lower():
        raise Refused("只能删除自己的朋友圈")
    world.store.run("UPDATE moment SET deleted = 1 WHERE moment_id = ?", moment_id)
    world.live.announce("moments")


def cancel(world: World, moment_id: str) -> None:
    """Members who have not published cannot any more; what is out stays out."""
    world.store.run(
        "UPDATE moment SET cancelled_at = ? WHERE moment_id = ? AND cancelled_at = 0",
        world.clock.now(),
        moment_id,
    )
    world.live.announce("moments")


def react(
    world: World, *, moment_id: str, userid: str, person: str, kind: str, text: str = ""
) -> None:
    """Somebody who sees the moment at this member likes it once, or comments."""
    find(world, moment_id)
    sender = find_sender(world, moment_id, userid)
    if sender is None or not sender["published_at"]:
        raise Refused("还没有发表")
    is_member = person.lower() == sender["userid"].lower()
    if not is_member:
        find_customer(world, person)
        if person not in reached(world, moment_id, userid):
            raise Refused("这位顾客看不到这条朋友圈")
    mine = (moment_id, sender["userid"], LIKE, person)
    if kind == LIKE and world.store.value(
        "SELECT 1 FROM moment_reaction WHERE moment_id = ? AND userid = ? AND kind = ?"
        " AND person = ?",
        *mine,
    ):
        raise Refused("已经赞过了")
    world.store.run(
        "INSERT INTO moment_reaction (moment_id, userid, kind, person, is_member, text, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        moment_id,
        sender["userid"],
        kind,
        person,
        is_member,
        text,
        world.clock.now(),
    )
    world.live.announce("moments", f"member:{sender['userid'].lower()}")


def reached(world: World, moment_id: str, userid: str) -> list[str]:
    """Customers who see the moment at this member."""
    return world.store.column(
        "SELECT external_userid FROM moment_audience"
        " WHERE moment_id = ? AND userid = ? AND reached ORDER BY external_userid",
        moment_id,
        userid,
    )


def reactions(world: World, moment_id: str, userid: str) -> list[sqlite3.Row]:
    """Likes and comments under one member's copy, oldest first."""
    return world.store.rows(
        "SELECT * FROM moment_reaction WHERE moment_id = ? AND userid = ? ORDER BY id",
        moment_id,
        userid,
    )


def card(moment: sqlite3.Row) -> dict[str, Any]:
    """A moment as pages and the control API show it."""
    return dict(moment) | {
        "attachments": json.loads(moment["attachments"]),
        "tags": json.loads(moment["tags"]),
    }


def tasks_of_member(world: World, userid: str, limit: int = 100) -> list[dict[str, Any]]:
    """What a member sees under 发表到客户朋友圈, newest first, with what he published."""
    rows = world.store.rows(
        "SELECT moment.*, published_at FROM moment_sender JOIN moment USING (moment_id)"
        " WHERE moment_sender.userid = ? AND ready_at <= ? AND NOT deleted"
        " ORDER BY created_at DESC, moment_id LIMIT ?",
        userid,
        world.clock.now(),
        limit,
    )
    return [card(row) for row in rows]


def timeline_of(world: World, external_userid: str, limit: int = 100) -> list[dict[str, Any]]:
    """What a customer sees in her moments, newest first, each with who published it."""
    rows = world.store.rows(
        "SELECT moment.*, moment_audience.userid, moment_audience.at, member.name"
        " FROM moment_audience JOIN moment USING (moment_id)"
        " JOIN member ON member.userid = moment_audience.userid"
        " WHERE external_userid = ? AND reached AND NOT deleted"
        " ORDER BY at DESC, moment_id LIMIT ?",
        external_userid,
        limit,
    )
    return [card(row) for row in rows]
