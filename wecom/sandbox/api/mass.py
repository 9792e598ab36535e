"""Welcome messages and enterprise mass sends (wecom.md 5.7, 6.1, 6.2).

Nothing here sends a mass message: the member's client confirms, in ``truth.mass``.
"""

import asyncio
import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import mass, welcome
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import audience, checks

MONTH_S = 31 * 86400


@endpoint("externalcontact/send_welcome_msg", contacts=True)
async def send_welcome_msg(call: Call) -> dict[str, Any]:
    """The one welcome of a new friendship; while it is under way others get 41096."""
    code = reading.text(call.body, "welcome_code", missing=41049)
    contents = checks.message_contents(call)
    with call.world.store.writing():
        slot = welcome.claim(call.world, code, call.app["agent_id"])
    if call.world.switches.on.welcome_send_s:
        await asyncio.sleep(call.world.switches.on.welcome_send_s)
    welcome.deliver(call.world, slot, contents)
    return {}


@endpoint("externalcontact/add_msg_template", contacts=True)
def add_msg_template(call: Call) -> dict[str, Any]:
    """Make a task for members to confirm. Sends nothing; equal requests make two tasks."""
    body = call.body
    chat_type = reading.text(body, "chat_type") or "single"
    if chat_type not in ("single", "group"):
        raise ApiError(40058)
    contents = checks.message_contents(call)
    sender = reading.text(body, "sender")
    if sender:
        sender = checks.member_in_range(call, sender)
    if chat_type == "group":
        if not sender:
            raise ApiError(40063, "sender is required for chat_type group")
        plan = audience.plan_groups(call, sender)
    else:
        plan = audience.plan_customers(call, sender)
    if not any(plan.shares.values()):
        raise ApiError(41048, fail_list=plan.failed)
    msgid = mass.create_task(
        call.world,
        agent_id=call.app["agent_id"],
        chat_type=chat_type,
        contents=contents,
        shares=plan.shares,
        allow_select=reading.flag(body, "allow_select", default=False) and chat_type == "single",
        open_choice=plan.open_choice,
    )
    return {"fail_list": plan.failed, "msgid": msgid}


def task_of(call: Call, *, reader: bool) -> Row:
    """The task named by msgid; readers also meet 41063, others 41093."""
    msgid = reading.text(call.body, "msgid", missing=41046)
    task = mass.find_task(call.world, msgid)
    if task is None:
        raise ApiError(41047)
    if task["ready_at"] > call.world.clock.now():
        raise ApiError(41063)
    strict = call.world.switches.on.records_of_cancelled == "41093"
    if task["cancelled_at"] and (strict or not reader):
        raise ApiError(41093)
    return task


@endpoint("externalcontact/get_groupmsg_list_v2", contacts=True)
def get_groupmsg_list(call: Call) -> dict[str, Any]:
    """Tasks made within at most a month; those made by API have no creator."""
    body = call.body
    chat_type = reading.text(body, "chat_type", missing=40063)
    if chat_type not in ("single", "group"):
        raise ApiError(40058)
    start = reading.number(body, "start_time")
    end = reading.number(body, "end_time")
    if end < start or end - start > MONTH_S:
        raise ApiError(600018, "invalid start endtime", group_msg_list=[])
    limit = reading.page_size(body, most=100, default=50, above=50)
    made_at, _, last = reading.cursor_of(call, "masslist").partition(" ")
    kind = reading.number(body, "filter_type", 2, high=2)
    creator = reading.text(body, "creator")
    rows = call.world.store.rows(
        "SELECT * FROM mass_task WHERE chat_type = ? AND created_at BETWEEN ? AND ?"
        " AND (created_at, msgid) > (?, ?) AND (? = '' OR creator = ?)"
        " AND (? = 2 OR (creator != '') = ?) ORDER BY created_at, msgid LIMIT ?",
        chat_type,
        start,
        end + 1,
        float(made_at or 0),
        last,
        creator,
        creator,
        kind,
        kind,
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        cursor = reading.write_cursor("masslist", f"{page[-1]['created_at']!r} {page[-1]['msgid']}")
    return {
        "next_cursor": cursor,
        "group_msg_list": [write_task(row) for row in page],
    }


def write_task(row: Row) -> dict[str, Any]:
    """A task in the list, its text apart from its attachments."""
    contents = json.loads(row["contents"])
    written = {
        "msgid": row["msgid"],
        "create_time": int(row["created_at"]),
        "create_type": int(row["creator"] != ""),
        "text": next((c["text"] for c in contents if c["msgtype"] == "text"), {}),
        "attachments": [c for c in contents if c["msgtype"] != "text"],
    }
    if row["creator"]:
        written["creator"] = row["creator"]
    return written


@endpoint("externalcontact/get_groupmsg_task", contacts=True)
def get_groupmsg_task(call: Call) -> dict[str, Any]:
    """Who has a share of the task and whether he confirmed (0, 2)."""
    task = task_of(call, reader=True)
    limit = reading.page_size(call.body, most=1000, default=500, above=500)
    after = reading.cursor_of(call, "masstask")
    rows = call.world.store.rows(
        "SELECT * FROM mass_assignment WHERE msgid = ? AND userid > ? ORDER BY userid LIMIT ?",
        task["msgid"],
        after,
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        cursor = reading.write_cursor("masstask", page[-1]["userid"])
    written = []
    for row in page:
        entry = {"userid": row["userid"], "status": row["status"]}
        if row["send_time"] is not None:
            entry["send_time"] = row["send_time"]
        written.append(entry)
    return {"next_cursor": cursor, "task_list": written}


@endpoint("externalcontact/get_groupmsg_send_result", contacts=True)
def get_groupmsg_send_result(call: Call) -> dict[str, Any]:
    """Each receiver of one member's share: 0, 1, 2, 3."""
    task = task_of(call, reader=True)
    userid = reading.text(call.body, "userid", missing=41009)
    userid = checks.member_in_range(call, userid)
    limit = reading.page_size(call.body, most=1000, default=500, above=500)
    after = reading.cursor_of(call, "massresult")
    rows = call.world.store.rows(
        "SELECT * FROM mass_row WHERE msgid = ? AND userid = ? AND target > ?"
        " ORDER BY target LIMIT ?",
        task["msgid"],
        userid,
        after,
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        cursor = reading.write_cursor("massresult", page[-1]["target"])
    return {
        "next_cursor": cursor,
        "send_list": [write_row(task, row) for row in page],
    }


def write_row(task: Row, row: Row) -> dict[str, Any]:
    """One receiver; the time only when it was sent."""
    target = "chat_id" if task["chat_type"] == "group" else "external_userid"
    written = {
        target: row["target"],
        "userid": row["userid"],
        "status": row["status"],
    }
    if row["status"] == mass.ROW_SENT:
        written["send_time"] = row["send_time"]
    return written


@endpoint("externalcontact/get_group_msg_result", contacts=True)
def get_group_msg_result(call: Call) -> dict[str, Any]:
    """The old result call that wechatpy knows: all members' rows together."""
    task = task_of(call, reader=True)
    limit = reading.page_size(call.body, most=10_000, default=10_000)
    after, _, last = reading.cursor_of(call, "oldresult").partition(" ")
    rows = call.world.store.rows(
        "SELECT * FROM mass_row WHERE msgid = ? AND (userid, target) > (?, ?)"
        " ORDER BY userid, target LIMIT ?",
        task["msgid"],
        after,
        last,
        limit + 1,
    )
    page = rows[:limit]
    answer: dict[str, Any] = {"detail_list": [write_row(task, row) for row in page]}
    if len(rows) > limit:
        answer["next_cursor"] = reading.write_cursor(
            "oldresult", f"{page[-1]['userid']} {page[-1]['target']}"
        )
    return answer


@endpoint("externalcontact/remind_groupmsg_send", contacts=True)
def remind_groupmsg_send(call: Call) -> dict[str, Any]:
    """Remind who has not confirmed; three times in 24 hours, then 41094."""
    task = task_of(call, reader=False)
    if not mass.remind(call.world, task["msgid"]):
        raise ApiError(41094)
    return {}


@endpoint("externalcontact/cancel_groupmsg_send", contacts=True)
def cancel_groupmsg_send(call: Call) -> dict[str, Any]:
    """Stop the part that nobody confirmed yet; a second time is 41093."""
    task = task_of(call, reader=False)
    mass.cancel_task(call.world, task["msgid"])
    return {}
