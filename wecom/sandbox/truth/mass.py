"""Enterprise mass sends: a task per member, which only that member's client confirms.

Row status: 0 not sent, 1 sent, 2 no longer a friend, 3 the customer got others already.
"""

import calendar
import json
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from wecom.sandbox.clock import from_china
from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import chats, media, people

WAITING, SENT = 0, 2
ROW_SENT, ROW_NOT_FRIEND, ROW_OVER_QUOTA = 1, 2, 3


def create_task(
    world: World,
    *,
    agent_id: int,
    chat_type: str,
    contents: Sequence[chats.Content],
    shares: dict[str, list[str]],
    allow_select: bool = False,
    open_choice: bool = False,
    creator: str = "",
) -> str:
    """Store a task and each member's share of it; nothing is sent."""
    msgid = world.ids.new("mass", 32, "msg")
    now = world.clock.now()
    with world.store.writing():
        world.store.run(
            "INSERT INTO mass_task (msgid, agent_id, chat_type, contents, allow_select,"
            " open_choice, created_at, ready_at, creator) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            msgid,
            agent_id,
            chat_type,
            pack(list(contents)),
            allow_select,
            open_choice,
            now,
            now if creator else now + world.switches.on.dispatch_delay_s,
            creator,
        )
        world.store.run_many(
            "INSERT INTO mass_assignment (msgid, userid) VALUES (?, ?)",
            [(msgid, userid) for userid in shares],
        )
        world.store.run_many(
            "INSERT OR IGNORE INTO mass_row (msgid, userid, target) VALUES (?, ?, ?)",
            [(msgid, userid, each) for userid in shares for each in shares[userid]],
        )
    world.live.announce("tasks")
    return msgid


def find_task(world: World, msgid: str) -> sqlite3.Row | None:
    """The task, or None."""
    return world.store.row("SELECT * FROM mass_task WHERE msgid = ?", msgid)


def tasks_of_member(world: World, userid: str, limit: int = 100) -> list[dict[str, Any]]:
    """What a member sees under 群发任务, newest first; dispatching ones are not there yet."""
    rows = world.store.rows(
        "SELECT mass_task.*, mass_assignment.status, mass_assignment.send_time,"
        " (SELECT count(*) FROM mass_row WHERE mass_row.msgid = mass_task.msgid"
        "   AND mass_row.userid = mass_assignment.userid) AS targets,"
        " (SELECT count(*) FROM mass_reminder"
        "   WHERE mass_reminder.msgid = mass_task.msgid) AS reminders"
        " FROM mass_assignment JOIN mass_task USING (msgid)"
        " WHERE userid = ? AND ready_at <= ?"
        " ORDER BY created_at DESC, msgid LIMIT ?",
        userid,
        world.clock.now(),
        limit,
    )
    return [task_card(row) for row in rows]


def task_card(row: sqlite3.Row) -> dict[str, Any]:
    """One member's task as client and control API show it."""
    contents = json.loads(row["contents"])
    texts = [c["text"]["content"] for c in contents if c["msgtype"] == "text"]
    status = "sent" if row["status"] == SENT else "waiting"
    if row["cancelled_at"] and status == "waiting":
        status = "cancelled"
    return {
        "msgid": row["msgid"],
        "chat_type": row["chat_type"],
        "text": texts[0] if texts else "",
        "attachments": [c for c in contents if c["msgtype"] != "text"],
        "status": status,
        "created_at": row["created_at"],
        "send_time": row["send_time"],
        "targets": row["targets"],
        "allow_select": bool(row["allow_select"]),
        "open_choice": bool(row["open_choice"]),
        "reminders": row["reminders"],
    }


def confirm_task(
    world: World, *, msgid: str, userid: str, targets: list[str] | None = None
) -> dict[str, int]:
    """The member taps send in his client: his share goes out, each row gets its outcome.

    A second tap is refused, as is a task that was cancelled or is not there yet.
    """
    row = world.store.row(
        "SELECT mass_task.*, mass_assignment.userid, mass_assignment.status"
        " FROM mass_assignment JOIN mass_task USING (msgid)"
        " WHERE msgid = ? AND userid = ?",
        msgid,
        userid,
    )
    if row is None:
        raise Refused("没有这个群发任务")
    if row["cancelled_at"]:
        raise Refused("企业已停止这次群发")
    if row["status"] == SENT:
        raise Refused("已经发送过了")
    if row["ready_at"] > world.clock.now():
        raise Refused("任务还在下发中")
    with world.store.writing():
        chosen = choose_targets(world, row, targets)
        personal = bool(row["creator"])
        if row["chat_type"] == "group":
            outcome = judge_groups(world, row["userid"], chosen, personal=personal)
        else:
            outcome = judge_customers(world, row["userid"], chosen, personal=personal)
        send_rows(world, row, outcome)
    world.live.announce("tasks", f"member:{row['userid'].lower()}")
    return {
        "sent": len(outcome[ROW_SENT]),
        "not_friend": len(outcome[ROW_NOT_FRIEND]),
        "over_quota": len(outcome[ROW_OVER_QUOTA]),
    }


def choose_targets(world: World, task: sqlite3.Row, wanted: list[str] | None) -> list[str]:
    """The rows this confirmation sends; leaving some out needs the task's permission."""
    rows = world.store.column(
        "SELECT target FROM mass_row WHERE msgid = ? AND userid = ? ORDER BY target",
        task["msgid"],
        task["userid"],
    )
    if wanted is None:
        return rows
    if task["chat_type"] == "single" and not task["allow_select"]:
        raise Refused("这次群发不允许重新选择客户")
    if not set(wanted) <= set(rows):
        raise Refused("所选对象不在这次群发里")
    return [target for target in rows if target in set(wanted)]


def judge_customers(
    world: World, userid: str, targets: list[str], *, personal: bool
) -> dict[int, list[str]]:
    """Which customers get it, which are no friends any more, which had enough."""
    friends = set(
        world.store.column(
            "SELECT external_userid FROM friendship WHERE userid = ? AND status = 'friends'",
            userid,
        )
    )
    still = [target for target in targets if target in friends]
    gone = [target for target in targets if target not in friends]
    return {ROW_NOT_FRIEND: gone, **split_by_quota(world, still, personal=personal)}


def judge_groups(
    world: World, userid: str, targets: list[str], *, personal: bool
) -> dict[int, list[str]]:
    """Which groups get it: they must live and still belong to the sender."""
    own = set(
        world.store.column(
            "SELECT chat_id FROM group_chat WHERE owner = ? AND NOT dismissed", userid
        )
    )
    still = [target for target in targets if target in own]
    gone = [target for target in targets if target not in own]
    return {ROW_NOT_FRIEND: gone, **split_by_quota(world, still, personal=personal)}


def split_by_quota(world: World, targets: list[str], *, personal: bool) -> dict[int, list[str]]:
    """Receivers below and at the limit of the present window; members' own sends: one a day."""
    since, limit = quota_window(world)
    if limit is not None and personal:
        since, limit = from_china(world.clock.china_day()), 1
    if limit is None:
        return {ROW_SENT: targets, ROW_OVER_QUOTA: []}
    full = {
        target
        for target in targets
        if received_since(world, target, since, personal=personal) >= limit
    }
    return {
        ROW_SENT: [target for target in targets if target not in full],
        ROW_OVER_QUOTA: [target for target in targets if target in full],
    }


def received_since(world: World, target: str, since: float, *, personal: bool) -> int:
    """How many mass sends of the corp, or of members, reached a receiver since a moment."""
    return int(
        world.store.value(
            "SELECT count(*) FROM mass_row JOIN mass_task USING (msgid)"
            " WHERE target = ? AND send_time >= ? AND status = 1 AND (creator != '') = ?",
            target,
            since,
            personal,
        )
    )


def quota_window(world: World) -> tuple[float, int | None]:
    """Begin of the window and how many sends fit into it (natural days of Shanghai)."""
    mode = world.switches.on.mass_quota
    today = world.clock.china_day()
    if mode == "daily":
        return from_china(today), 1
    if mode == "weekly":
        return from_china(today - timedelta(days=today.weekday())), 7
    if mode == "monthly":
        days = calendar.monthrange(today.year, today.month)[1]
        return from_china(today.replace(day=1)), days
    return 0.0, None


def send_rows(world: World, task: sqlite3.Row, outcome: dict[int, list[str]]) -> None:
    """Write the outcomes and put the messages into the conversations."""
    userid, msgid, now = task["userid"], task["msgid"], world.clock.second()
    world.store.run_many(
        "UPDATE mass_row SET status = ?, send_time = ?"
        " WHERE msgid = ? AND userid = ? AND target = ?",
        [
            (status, now if status == ROW_SENT else None, msgid, userid, target)
            for status, targets in outcome.items()
            for target in targets
        ],
    )
    world.store.run(
        "UPDATE mass_assignment SET status = ?, send_time = ? WHERE msgid = ? AND userid = ?",
        SENT,
        now,
        msgid,
        userid,
    )
    contents = [each for each in json.loads(task["contents"]) if is_alive(world, each)]
    is_group = task["chat_type"] == "group"
    posts = []
    for target in outcome[ROW_SENT]:
        chat = chats.group(target) if is_group else chats.single(userid, target)
        posts += [chats.Post(chat, userid, chats.MEMBER, c, "mass") for c in contents]
    chats.post_all(world, posts)


def is_alive(world: World, content: chats.Content) -> bool:
    """Whether a file's three days are not over; what waited longer goes out without it."""
    media_id = (content.get(content["msgtype"]) or {}).get("media_id")
    return not media_id or media.find(world, media_id) is not None


def cancel_task(world: World, msgid: str) -> None:
    """Stop what is not sent yet; what is out stays out."""
    world.store.run(
        "UPDATE mass_task SET cancelled_at = ? WHERE msgid = ?",
        world.clock.now(),
        msgid,
    )
    world.live.announce("tasks")


def remind(world: World, msgid: str) -> bool:
    """Remind members who have not confirmed; False after three times in 24 hours."""
    now = world.clock.now()
    lately = world.store.value(
        "SELECT count(*) FROM mass_reminder WHERE msgid = ? AND at > ?",
        msgid,
        now - 86400,
    )
    if lately >= 3:
        return False
    world.store.run("INSERT INTO mass_reminder VALUES (?, ?)", msgid, now)
    world.live.announce("tasks")
    return True


def send_personally(
    world: World, *, userid: str, contents: Sequence[chats.Content], targets: Sequence[str]
) -> dict[str, Any]:
    """A member sends to his own customers or groups at one time, by himself (create_type 1)."""
    member = people.find_member(world, userid)["userid"]
    is_group = bool(targets) and all(target.startswith("wr") for target in targets)
    with world.store.writing():
        msgid = create_task(
            world,
            agent_id=0,
            chat_type="group" if is_group else "single",
            contents=contents,
            shares={member: list(targets)},
            creator=member,
        )
        return {"msgid": msgid} | confirm_task(world, msgid=msgid, userid=member)
