"""客户朋友圈 (wecom.md 6.3): the corp orders a moment, members publish it in their client.

Nothing here publishes; that is ``truth.moments.publish``, an act of the member.
"""

import json
from collections.abc import Sequence
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import jobs, media, moments, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

JOB = "add_moment_task"
JOB_LIFE_S = 86400
LIST_SPAN_S = 30 * 86400
TEXT_CHARS, TEXT_BYTES = 2000, 4000
MOST_SENDERS = 100_000
MOST_IMAGES = 9


@endpoint("externalcontact/add_moment_task", contacts=True)
def add_moment_task(call: Call) -> dict[str, Any]:
    """Order a moment behind a jobid. Publishes nothing."""
    world, agent_id = call.world, call.app["agent_id"]
    text = reading.mapping(call.body, "text").get("content") or ""
    if not isinstance(text, str) or len(text) > TEXT_CHARS or len(text.encode()) > TEXT_BYTES:
        raise ApiError(40058, "invalid text size")
    attachments = read_attachments(call)
    if not text and not attachments:
        raise ApiError(41089)
    most = world.switches.on.moment_jobs_at_once
    if most and jobs.running(world, JOB, agent_id) >= most:
        raise ApiError(41078)
    visible = reading.mapping(call.body, "visible_range")
    senders, invalid = read_senders(call, reading.mapping(visible, "sender_list"))
    tags, wrong_tags = read_tags(call, reading.mapping(visible, "external_contact_list"))
    done_at = world.clock.now() + world.switches.on.moment_job_s
    result: dict[str, Any] = {
        "errcode": 0,
        "errmsg": "ok",
        "invalid_sender_list": invalid,
        "invalid_external_contact_list": {"tag_list": wrong_tags},
    }
    if not senders:
        result |= {"errcode": 60111, "errmsg": "no valid sender"}
    elif wrong_tags and not tags:
        result |= {"errcode": 40068, "errmsg": "no valid tag"}
    else:
        result["moment_id"] = moments.create(
            world,
            agent_id=agent_id,
            text=text,
            attachments=attachments,
            senders=senders,
            tags=tags,
            done_at=done_at,
        )
    return {"jobid": jobs.order(world, JOB, agent_id, done_at=done_at, result=result)}


def read_attachments(call: Call) -> list[dict[str, Any]]:
    """Up to nine pictures, or one film, or one link; never a mixture."""
    listed = call.body.get("attachments") or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ApiError(40058, "invalid attachments")
    kinds = {each.get("msgtype") for each in listed}
    if len(kinds) > 1 or not kinds <= {"image", "video", "link"}:
        raise ApiError(41065, "invalid attachments msgtype")
    if len(listed) > (MOST_IMAGES if kinds == {"image"} else 1):
        raise ApiError(41064, "invalid attachments size")
    return [read_attachment(call, each["msgtype"], each) for each in listed]


def read_attachment(call: Call, kind: str, attachment: dict[str, Any]) -> dict[str, Any]:
    """One attachment; its file comes from upload_attachment for moments."""
    part = reading.mapping(attachment, kind)
    media_id = reading.text(part, "media_id")
    if kind == "link":
        reading.text(part, "title", bytes=64)
        reading.text(part, "url", missing=40063, bytes=2048)
    elif not media_id:
        raise ApiError(41006, "invalid msg")
    if media_id:
        wanted = "image" if kind == "link" else kind
        check_media(call, media_id, wanted, media.FOR_MOMENTS)
    return {"msgtype": kind, kind: part}


def check_media(call: Call, media_id: str, type: str, scene: str) -> None:
    """41072 for a file of another upload, 40007 for one that is gone or of another type."""
    row = media.find(call.world, media_id)
    if row is None or row["type"] != type:
        raise ApiError(40007)
    if row["kind"] != scene:
        raise ApiError(41072)


def read_senders(
    call: Call, wanted: dict[str, Any]
) -> tuple[list[str], dict[str, list[str] | list[int]]]:
    """Members in range who are asked, and the ids that lead to nobody; nobody named is all."""
    in_range = {userid.lower(): userid for userid in people.visible_members(call.world, call.app)}
    users = reading.texts(wanted, "user_list", most=MOST_SENDERS)
    parties = reading.numbers(wanted, "department_list")
    if not users and not parties:
        return list(in_range.values()), {"user_list": [], "department_list": []}
    found = dict.fromkeys(in_range[each.lower()] for each in users if each.lower() in in_range)
    wrong_parties = []
    for party in parties:
        below = people.departments_below(call.world, [party])
        inside = call.world.store.column(
            "SELECT DISTINCT userid FROM member_department"
            " WHERE department_id IN (SELECT value FROM json_each(?)) ORDER BY userid",
            json_list(below),
        )
        if not below:
            wrong_parties.append(party)
        found |= dict.fromkeys(in_range[u.lower()] for u in inside if u.lower() in in_range)
    wrong_users = [each for each in users if each.lower() not in in_range]
    return list(found), {"user_list": wrong_users, "department_list": wrong_parties}


def read_tags(call: Call, wanted: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Known tags, and unknown ones."""
    tags = reading.texts(wanted, "tag_list")
    known = set(
        call.world.store.column(
            "SELECT tag_id FROM tag WHERE tag_id IN (SELECT value FROM json_each(?))",
            json_list(tags),
        )
    )
    return [t for t in tags if t in known], [t for t in tags if t not in known]


@endpoint("externalcontact/get_moment_task_result", contacts=True)
def get_moment_task_result(call: Call) -> dict[str, Any]:
    """1 started, 2 creating, 3 done with the moment's id; a jobid lives 24 hours."""
    jobid = call.query.get("jobid") or reading.text(call.body, "jobid", missing=40063)
    job = jobs.find(call.world, JOB, call.app["agent_id"], jobid, JOB_LIFE_S)
    if job is None:
        raise ApiError(40058, "invalid jobid")
    status = jobs.status_of(call.world, job)
    answer: dict[str, Any] = {"status": status, "type": JOB}
    if status == jobs.DONE:
        answer["result"] = jobs.result_of(job)
    return answer


@endpoint("externalcontact/cancel_moment_task", contacts=True)
def cancel_moment_task(call: Call) -> dict[str, Any]:
    """Nobody can publish it any more; what is out stays out."""
    moments.cancel(call.world, corp_moment(call)["moment_id"])
    return {}


def moment_of(call: Call) -> Row:
    """The moment in the request: 41059 missing, 41060 unknown, 41079 while dispatching."""
    moment_id = reading.text(call.body, "moment_id", missing=41059)
    row = call.world.store.row(
        "SELECT * FROM moment WHERE moment_id = ? AND NOT deleted", moment_id
    )
    if row is None:
        raise ApiError(41060)
    if row["ready_at"] > call.world.clock.now():
        raise ApiError(41079)
    return row


def corp_moment(call: Call) -> Row:
    """The same, of the corp; a member's own is 41067."""
    row = moment_of(call)
    if row["creator"]:
        raise ApiError(41067)
    return row


def copy_of(call: Call, moment: Row, *, published: bool) -> Row:
    """One member's part: 41061 when it is not his, 41062 when he has not published."""
    userid = reading.text(call.body, "userid", missing=41009)
    sender = moments.find_sender(
        call.world, moment["moment_id"], checks.member_in_range(call, userid)
    )
    if sender is None:
        raise ApiError(41061)
    if published and not sender["published_at"]:
        raise ApiError(41062)
    return sender


@endpoint("externalcontact/get_moment_list", contacts=True)
def get_moment_list(call: Call) -> dict[str, Any]:
    """Moments of at most 30 days, the corp's and members' own."""
    body = call.body
    start, end = reading.number(body, "start_time"), reading.number(body, "end_time")
    if end < start or end - start > LIST_SPAN_S:
        raise ApiError(600018, "invalid start endtime", moment_list=[])
    kind = reading.number(body, "filter_type", 2, high=2)
    creator = reading.text(body, "creator")
    limit = reading.page_size(body, most=20, default=20)
    made_at, _, last = reading.cursor_of(call, "moments").partition(" ")
    rows = call.world.store.rows(
        "SELECT * FROM moment WHERE created_at BETWEEN ? AND ? AND NOT deleted AND ready_at <= ?"
        " AND (created_at, moment_id) > (?, ?) AND (? = '' OR creator = ?)"
        " AND (? = 2 OR (creator != '') = ?) AND (creator = '' OR creator IN"
        " (SELECT value FROM json_each(?))) ORDER BY created_at, moment_id LIMIT ?",
        start,
        end + 1,
        call.world.clock.now(),
        float(made_at or 0),
        last,
        creator,
        creator,
        kind,
        kind,
        json_list(people.visible_members(call.world, call.app)),
        limit + 1,
    )
    page, cursor = rows[:limit], ""
    if len(rows) > limit:
        cursor = reading.write_cursor(
            "moments", f"{page[-1]['created_at']!r} {page[-1]['moment_id']}"
        )
    return {"next_cursor": cursor, "moment_list": [write_moment(row) for row in page]}


def write_moment(row: Row) -> dict[str, Any]:
    """A moment in the list; only its own kind of content stands in it."""
    written: dict[str, Any] = {
        "moment_id": row["moment_id"],
        "create_time": int(row["created_at"]),
        "create_type": moments.PERSONAL if row["creator"] else moments.CORP,
        "visible_type": row["is_public"],
    }
    if row["creator"]:
        written["creator"] = row["creator"]
    if row["text"]:
        written["text"] = {"content": row["text"]}
    for each in json.loads(row["attachments"]):
        kind = each["msgtype"]
        if kind == "image":
            written.setdefault("image", []).append({"media_id": each["image"]["media_id"]})
        elif kind == "video":
            media_id = each["video"]["media_id"]
            written["video"] = {"media_id": media_id, "thumb_media_id": media_id}
        elif kind == "link":
            written["link"] = {k: each["link"].get(k, "") for k in ("title", "url")}
        else:
            written[kind] = each[kind]
    return written


@endpoint("externalcontact/get_moment_task", contacts=True)
def get_moment_task(call: Call) -> dict[str, Any]:
    """Who was asked, and whether he published (0, 1)."""
    moment = corp_moment(call)
    rows = call.world.store.rows(
        "SELECT * FROM moment_sender WHERE moment_id = ? AND userid > ? ORDER BY userid LIMIT ?",
        moment["moment_id"],
        reading.cursor_of(call, "momenttask"),
        (limit := reading.page_size(call.body, most=1000, default=500, above=500)) + 1,
    )
    page = rows[:limit]
    return {
        "next_cursor": next_cursor("momenttask", rows, limit, "userid"),
        "task_list": [
            {"userid": row["userid"], "publish_status": int(row["published_at"] > 0)}
            for row in page
        ],
    }


def next_cursor(kind: str, rows: Sequence[Row], limit: int, column: str) -> str:
    """The cursor behind a page of at most ``limit`` rows, empty at the end."""
    return reading.write_cursor(kind, rows[limit - 1][column]) if len(rows) > limit else ""


def page_of(call: Call, kind: str, ids: Sequence[str], limit: int) -> tuple[list[str], str]:
    """Ids in ascending order behind the request's cursor, and the next cursor."""
    after = reading.cursor_of(call, kind)
    left = [each for each in ids if each > after]
    page = left[:limit]
    return page, reading.write_cursor(kind, page[-1]) if len(left) > limit else ""


@endpoint("externalcontact/get_moment_customer_list", contacts=True)
def get_moment_customer_list(call: Call) -> dict[str, Any]:
    """For whom the member's copy is meant, published or not."""
    moment = moment_of(call)
    sender = copy_of(call, moment, published=False)
    if sender["published_at"]:
        ids = call.world.store.column(
            "SELECT external_userid FROM moment_audience WHERE moment_id = ? AND userid = ?"
            " ORDER BY external_userid",
            moment["moment_id"],
            sender["userid"],
        )
    else:
        ids = moments.chosen(call.world, moment, sender["userid"])
    limit = reading.page_size(call.body, most=1000, default=500, above=500)
    page, cursor = page_of(call, "momentchosen", ids, limit)
    customers = [{"userid": sender["userid"], "external_userid": each} for each in page]
    return {"next_cursor": cursor, "customer_list": customers}


@endpoint("externalcontact/get_moment_send_result", contacts=True)
def get_moment_send_result(call: Call) -> dict[str, Any]:
    """Who sees the member's copy in fact."""
    moment = moment_of(call)
    sender = copy_of(call, moment, published=True)
    limit = reading.page_size(call.body, most=5000, default=3000, above=3000)
    ids = moments.reached(call.world, moment["moment_id"], sender["userid"])
    page, cursor = page_of(call, "momentseen", ids, limit)
    return {
        "next_cursor": cursor,
        "customer_list": [{"external_userid": each} for each in page],
    }


@endpoint("externalcontact/get_moment_comments", contacts=True)
def get_moment_comments(call: Call) -> dict[str, Any]:
    """Who commented and who liked; never what was written."""
    moment = moment_of(call)
    sender = copy_of(call, moment, published=True)
    lists: dict[str, list[dict[str, Any]]] = {moments.COMMENT: [], moments.LIKE: []}
    for row in moments.reactions(call.world, moment["moment_id"], sender["userid"]):
        who = "userid" if row["is_member"] else "external_userid"
        lists[row["kind"]].append({who: row["person"], "create_time": int(row["at"])})
    return {"comment_list": lists[moments.COMMENT], "like_list": lists[moments.LIKE]}
