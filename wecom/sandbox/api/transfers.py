"""Hand-over of customers and groups (wecom.md 5.11)."""

from collections.abc import Sequence
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import group_transfers, people, staff, transfers
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import TEXTS, ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

AT_ONCE = 100
RESULTS = 1000
UNASSIGNED = 1000


def somebody_gone(call: Call, userid: str) -> str:
    """The userid as the corp writes it of somebody in range, who need not be here any more."""
    if not reading.USERID.fullmatch(userid):
        raise ApiError(40003)
    row = call.world.store.row("SELECT userid FROM member WHERE userid = ?", userid)
    if row is None or not people.is_in_range(call.world, call.app, userid):
        raise ApiError(60111)
    return str(row["userid"])


def move_customers(call: Call, handover: str, *, resigned: bool, message: str) -> dict[str, Any]:
    """A row per customer with its own code; the others go on."""
    body = call.body
    takeover = checks.member_in_range(call, reading.text(body, "takeover_userid", missing=40063))
    wanted = reading.texts(body, "external_userid", most=AT_ONCE, missing=41035)
    rows = []
    for external_userid in dict.fromkeys(wanted):
        code = resigned_code(call, handover) if resigned else 0
        code = code or transfers.why_not(
            call.world,
            handover=handover,
            takeover=takeover,
            external_userid=external_userid,
            resigned=resigned,
        )
        if not code:
            transfers.start(
                call.world,
                handover=handover,
                takeover=takeover,
                external_userid=external_userid,
                resigned=resigned,
                message=message,
            )
        rows.append({"external_userid": external_userid, "errcode": code})
    return {"customer": rows}


def resigned_code(call: Call, handover: str) -> int:
    """40097 for somebody who is still here; after a year nothing can be handed over."""
    row = call.world.store.row("SELECT * FROM member WHERE userid = ?", handover)
    if row is None or row["status"] != staff.LEFT:
        return 40097
    return 40131 if row["left_at"] < call.world.clock.now() - staff.YEAR_S else 0


@endpoint("externalcontact/transfer_customer", contacts=True)
def transfer_customer(call: Call) -> dict[str, Any]:
    """Hand customers of somebody in service to a colleague; takes effect after 24 h."""
    body = call.body
    handover = checks.member_in_range(call, reading.text(body, "handover_userid", missing=40063))
    message = reading.text(body, "transfer_success_msg", chars=200)
    return move_customers(call, handover, resigned=False, message=message)


@endpoint("externalcontact/resigned/transfer_customer", contacts=True)
def transfer_customer_of_resigned(call: Call) -> dict[str, Any]:
    """Hand customers of somebody who left within a year to a colleague."""
    handover = somebody_gone(call, reading.text(call.body, "handover_userid", missing=40063))
    return move_customers(call, handover, resigned=True, message="")


def results(call: Call, *, resigned: bool) -> dict[str, Any]:
    """The newest hand-over of each customer between these two."""
    body = call.body
    handover = somebody_gone(call, reading.text(body, "handover_userid", missing=40063))
    takeover = somebody_gone(call, reading.text(body, "takeover_userid", missing=40063))
    after = reading.cursor_of(call, "transfers")
    rows = call.world.store.rows(
        "SELECT external_userid, status, takeover_time, max(id) FROM transfer"
        " WHERE handover = ? AND takeover = ? AND external_userid > ? AND resigned = ?"
        " GROUP BY external_userid ORDER BY external_userid LIMIT ?",
        handover,
        takeover,
        after,
        resigned,
        RESULTS + 1,
    )
    return {
        "customer": [
            {name: row[name] for name in ("external_userid", "status", "takeover_time")}
            for row in rows[:RESULTS]
        ],
        "next_cursor": next_cursor("transfers", rows, RESULTS, "external_userid"),
    }


def next_cursor(kind: str, rows: Sequence[Row], limit: int, *names: str) -> str:
    """Where the next page begins, nothing at the end."""
    if len(rows) <= limit:
        return ""
    return reading.write_cursor(kind, " ".join(str(rows[limit - 1][name]) for name in names))


@endpoint("externalcontact/transfer_result", contacts=True)
def transfer_result(call: Call) -> dict[str, Any]:
    """How hand-overs in service stand."""
    return results(call, resigned=False)


@endpoint("externalcontact/resigned/transfer_result", contacts=True)
def transfer_result_of_resigned(call: Call) -> dict[str, Any]:
    """How hand-overs of somebody who left stand."""
    return results(call, resigned=True)


@endpoint("externalcontact/get_unassigned_list", contacts=True)
def get_unassigned_list(call: Call) -> dict[str, Any]:
    """Customers of those who left within a year and whom nobody has taken over yet."""
    body = call.body
    size = min(reading.number(body, "page_size", UNASSIGNED) or UNASSIGNED, UNASSIGNED)
    page_id = reading.number(body, "page_id", 0)
    at, last_user, last_customer = (
        reading.cursor_of(call, "unassigned").split(" ") if body.get("cursor") else ("0", "", "")
    )
    rows = call.world.store.rows(
        "SELECT userid, external_userid, left_at FROM member JOIN friendship USING (userid)"
        " WHERE member.status = 5 AND left_at >= ?"
        " AND userid IN (SELECT value FROM json_each(?))"
        " AND friendship.status IN ('friends', 'deleted_by_customer')"
        " AND (left_at, userid, external_userid) > (?, ?, ?)"
        " AND NOT EXISTS (SELECT 1 FROM transfer WHERE transfer.external_userid ="
        " friendship.external_userid AND transfer.status = 2 AND handover = userid)"
        " ORDER BY left_at, userid, external_userid LIMIT ? OFFSET ?",
        int(call.world.clock.now() - staff.YEAR_S),
        json_list(people.members_who_left(call.world, call.app)),
        int(at),
        last_user,
        last_customer,
        size + 1,
        0 if body.get("cursor") else page_id * size,
    )
    return {
        "info": [
            {
                "handover_userid": row["userid"],
                "external_userid": row["external_userid"],
                "dimission_time": row["left_at"],
            }
            for row in rows[:size]
        ],
        "is_last": len(rows) <= size,
        "next_cursor": next_cursor(
            "unassigned", rows, size, "left_at", "userid", "external_userid"
        ),
    }


def move_groups(call: Call, *, resigned: bool) -> dict[str, Any]:
    """Only what failed is named."""
    body = call.body
    wanted = reading.texts(body, "chat_id_list", most=AT_ONCE, missing=40063)
    owner = checks.member_in_range(call, reading.text(body, "new_owner", missing=40063))
    failed = []
    for chat_id in dict.fromkeys(wanted):
        code = group_transfers.why_not(call.world, chat_id, owner, resigned=resigned)
        if not code and not owner_in_range(call, chat_id):
            code = 60011
        if code:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": TEXTS[code]})
        else:
            group_transfers.hand_over(call.world, chat_id, owner, resigned=resigned)
    return {"failed_chat_list": failed}


def owner_in_range(call: Call, chat_id: str) -> bool:
    """Whether the application sees the group's owner, here or gone."""
    owner = call.world.store.value("SELECT owner FROM group_chat WHERE chat_id = ?", chat_id)
    return people.is_in_range(call.world, call.app, str(owner))


@endpoint("externalcontact/groupchat/transfer", contacts=True)
def transfer_groups(call: Call) -> dict[str, Any]:
    """Groups whose owner left go to a new one; at most 300 a day to one member."""
    return move_groups(call, resigned=True)


@endpoint("externalcontact/groupchat/onjob_transfer", contacts=True)
def transfer_groups_in_service(call: Call) -> dict[str, Any]:
    """Groups go from one owner in service to another; twice within 90 days."""
    return move_groups(call, resigned=False)
