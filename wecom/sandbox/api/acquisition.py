"""获客助手 (wecom.md 5.12): links, who came by them, what is left of the paid quota."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.truth import acquisition, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

PREFIX = "externalcontact/customer_acquisition"
NAME_CHARS = 30
MOST_MEMBERS = 500
MOST_LINKS = 10_000
SPAN_S = 180 * 86400


def link_of(call: Call) -> Row:
    """The link named in the request; unknown and deleted are 40058."""
    link_id = reading.text(call.body, "link_id", missing=40063)
    row = acquisition.find(call.world, link_id)
    if row is None:
        raise ApiError(40058, "invalid link_id")
    return row


def read_range(call: Call) -> dict[str, list[Any]]:
    """Members in range and known departments; none at all is 40063."""
    wanted = reading.mapping(call.body, "range")
    users = [
        checks.member_in_range(call, userid)
        for userid in reading.texts(wanted, "user_list", most=MOST_MEMBERS)
    ]
    departments = reading.numbers(wanted, "department_list")
    for party in departments:
        if not people.departments_below(call.world, [party]):
            raise ApiError(60003)
    if not users and not departments:
        raise ApiError(40063)
    return {"user_list": users, "department_list": departments}


def read_priority(call: Call) -> dict[str, Any]:
    """Whether members who have the customer already go first."""
    priority = reading.mapping(call.body, "priority_option")
    if priority:
        reading.number(priority, "priority_type", low=1, high=2)
        reading.texts(priority, "priority_userid_list", most=MOST_MEMBERS)
    return priority


def write_link(call: Call, row: Row) -> dict[str, Any]:
    """A link as it is answered."""
    body = json.loads(row["body"])
    return {
        "link_id": row["link_id"],
        "link_name": body["link_name"],
        "url": acquisition.url_of(call.world, row["link_id"]),
        "create_time": row["created_at"],
        "skip_verify": body["skip_verify"],
        "mark_source": body["mark_source"],
    }


@endpoint(f"{PREFIX}/list_link", contacts=True)
def list_links(call: Call) -> dict[str, Any]:
    """Ids of links by page."""
    limit = reading.page_size(call.body, most=100, default=100)
    ids = call.world.store.column(
        "SELECT link_id FROM acquisition_link WHERE NOT deleted AND link_id > ?"
        " ORDER BY link_id LIMIT ?",
        reading.cursor_of(call, "links"),
        limit + 1,
    )
    cursor = reading.write_cursor("links", ids[limit - 1]) if len(ids) > limit else ""
    return {"link_id_list": ids[:limit], "next_cursor": cursor}


@endpoint(f"{PREFIX}/get", contacts=True)
def get_link(call: Call) -> dict[str, Any]:
    """One link with whom it leads to."""
    row = link_of(call)
    body = json.loads(row["body"])
    answer = {"link": write_link(call, row), "range": body["range"]}
    if body.get("priority_option"):
        answer["priority_option"] = body["priority_option"]
    return answer


@endpoint(f"{PREFIX}/create_link", contacts=True)
def create_link(call: Call) -> dict[str, Any]:
    """A new link to some members."""
    if call.world.store.count("acquisition_link") >= MOST_LINKS:
        raise ApiError(41095)
    body = {
        "link_name": reading.text(call.body, "link_name", missing=40063, chars=NAME_CHARS),
        "range": read_range(call),
        "skip_verify": reading.flag(call.body, "skip_verify", default=True),
        "mark_source": reading.flag(call.body, "mark_source", default=True),
        "priority_option": read_priority(call),
    }
    link_id = acquisition.create(call.world, call.app["agent_id"], body)
    row = acquisition.find(call.world, link_id)
    return {"link": write_link(call, row)} if row is not None else {}


@endpoint(f"{PREFIX}/update_link", contacts=True)
def update_link(call: Call) -> dict[str, Any]:
    """Change a link; what is absent stays, the address always."""
    row = link_of(call)
    body = json.loads(row["body"])
    name = reading.text(call.body, "link_name", chars=NAME_CHARS)
    body["link_name"] = name or body["link_name"]
    if call.body.get("range"):
        body["range"] = read_range(call)
    for flag in ("skip_verify", "mark_source"):
        body[flag] = reading.flag(call.body, flag, default=body[flag])
    body["priority_option"] = read_priority(call) or body["priority_option"]
    call.world.store.run(
        "UPDATE acquisition_link SET body = ? WHERE link_id = ?", pack(body), row["link_id"]
    )
    return {}


@endpoint(f"{PREFIX}/delete_link", contacts=True)
def delete_link(call: Call) -> dict[str, Any]:
    """The link leads nowhere any more; who came by it stays known."""
    call.world.store.run(
        "UPDATE acquisition_link SET deleted = 1 WHERE link_id = ?", link_of(call)["link_id"]
    )
    return {}


@endpoint(f"{PREFIX}/customer", contacts=True)
def list_customers(call: Call) -> dict[str, Any]:
    """Who came by a link, and whether she has written (0, 1)."""
    link = link_of(call)
    limit = reading.page_size(call.body, most=1000, default=1000)
    after, _, last = reading.cursor_of(call, "linkcustomers").partition(" ")
    rows = call.world.store.rows(
        "SELECT * FROM acquisition_customer WHERE link_id = ?"
        " AND (external_userid, userid) > (?, ?) ORDER BY external_userid, userid LIMIT ?",
        link["link_id"],
        after,
        last,
        limit + 1,
    )
    page, cursor = rows[:limit], ""
    if len(rows) > limit:
        mark = f"{page[-1]['external_userid']} {page[-1]['userid']}"
        cursor = reading.write_cursor("linkcustomers", mark)
    customers = [
        {
            "external_userid": row["external_userid"],
            "userid": row["userid"],
            "chat_status": int(row["received"] > 0),
            "state": row["state"],
        }
        for row in page
    ]
    return {"customer_list": customers, "next_cursor": cursor}


@endpoint(f"{PREFIX}/get_chat_info", contacts=True)
def get_chat_info(call: Call) -> dict[str, Any]:
    """What the key of an event tells, for half an hour."""
    key = reading.text(call.body, "chat_key", missing=40063)
    row = acquisition.find_chat(call.world, key)
    if row is None:
        raise ApiError(40058, "invalid chat_key")
    info = {"recv_msg_cnt": row["received"], "link_id": row["link_id"], "state": row["state"]}
    return {
        "userid": row["userid"],
        "external_userid": row["external_userid"],
        "chat_info": info,
    }


@endpoint("externalcontact/customer_acquisition_quota", contacts=True)
def get_quota(call: Call) -> dict[str, Any]:
    """What was bought and what is left."""
    quota = acquisition.quota_of(call.world)
    lot = {"expire_date": quota["expire_date"], "balance": quota["balance"]}
    return {"total": quota["total"], "balance": quota["balance"], "quota_list": [lot]}


@endpoint(f"{PREFIX}/statistic", contacts=True)
def get_statistic(call: Call) -> dict[str, Any]:
    """How many opened a link and how many came by it, between two moments."""
    link = link_of(call)["link_id"]
    start, end = reading.number(call.body, "start_time"), reading.number(call.body, "end_time")
    if end < start or end - start > SPAN_S:
        raise ApiError(600018, "invalid start endtime")
    # The last day counts whole, since both are midnights.
    until, store = end + 86400, call.world.store
    clicked = store.value(
        "SELECT count(DISTINCT external_userid) FROM acquisition_click"
        " WHERE link_id = ? AND at >= ? AND at < ?",
        link,
        start,
        until,
    )
    came = store.value(
        "SELECT count(*) FROM acquisition_customer WHERE link_id = ? AND at >= ? AND at < ?",
        link,
        start,
        until,
    )
    return {"click_link_customer_cnt": clicked, "new_customer_cnt": came}
