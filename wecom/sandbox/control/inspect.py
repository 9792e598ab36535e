"""Inspection: what customers and members see, what was delivered, what was called."""

import json
from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import chats, friends, groups, kf, mass, people
from wecom.sandbox.world import Refused, World

from . import channels, logs, truths

Query = dict[str, str]


def limit_of(query: Query, default: int = 100) -> int:
    """``limit`` of a request, at most 5000."""
    given = query.get("limit", "")
    return min(int(given), 5000) if given.isdigit() else default


def show_customer(world: World, query: Query, customer: str) -> dict[str, Any]:
    """A customer with everything that stands on the phone."""
    row = people.find_customer(world, customer)
    rows = world.store.rows(
        "SELECT message.* FROM message JOIN chat USING (chat_key)"
        " WHERE chat.external_userid = ? OR (chat.kind = 'group' AND chat.place IN"
        " (SELECT chat_id FROM group_member WHERE member_id = ?))"
        " ORDER BY message.id DESC LIMIT ?",
        customer,
        customer,
        limit_of(query, 200),
    )
    return {
        "customer": people.customer_card(row),
        "friends": friends.friends_of_customer(world, customer),
        "groups": groups.groups_of_person(world, customer),
        "messages": [chats.message_card(message) for message in rows[::-1]],
    }


def show_member(world: World, query: Query, userid: str) -> dict[str, Any]:
    """A member with customers, groups and what applications told him."""
    row = people.find_member(world, userid)
    rows = world.store.rows(
        "SELECT message.* FROM message JOIN chat USING (chat_key)"
        " WHERE chat.userid = ? AND chat.kind = 'app' ORDER BY message.id DESC LIMIT ?",
        userid,
        limit_of(query),
    )
    return {
        "member": dict(row),
        "customers": friends.friends_of_member(world, userid, limit=limit_of(query)),
        "groups": groups.groups_of_person(world, row["userid"]),
        "app_messages": [chats.message_card(message) for message in rows[::-1]],
    }


def show_group(world: World, query: Query, chat_id: str) -> dict[str, Any]:
    """A group, who is inside and what was said; also when it is dissolved."""
    row = world.store.row("SELECT * FROM group_chat WHERE chat_id = ?", chat_id)
    if row is None:
        raise Refused(f"没有这个群：{chat_id}")
    rows = chats.messages_of(world, chats.group(chat_id).key, limit_of(query, 200))
    return {
        "group": dict(row),
        "members": groups.members_of(world, chat_id),
        "messages": [chats.message_card(message) for message in rows],
    }


def show_mass(world: World, query: Query, msgid: str) -> dict[str, Any]:
    """A mass send with every share and every row."""
    task = mass.find_task(world, msgid)
    if task is None:
        raise Refused(f"没有这个群发：{msgid}")
    store = world.store
    return {
        "task": dict(task) | {"contents": json.loads(task["contents"])},
        "assignments": [
            dict(row)
            for row in store.rows(
                "SELECT userid, status, send_time FROM mass_assignment WHERE msgid = ?",
                msgid,
            )
        ],
        "rows": [
            dict(row)
            for row in store.rows(
                "SELECT target, userid, status, send_time FROM mass_row WHERE msgid = ? LIMIT ?",
                msgid,
                limit_of(query, 5000),
            )
        ],
    }


def show_kf(world: World, query: Query, name: str) -> dict[str, Any]:
    """A customer-service session: ``<open_kfid>/<customer>``."""
    open_kfid, _, customer = name.partition("/")
    kf.find_account(world, open_kfid)
    people.find_customer(world, customer)
    session = kf.session_of(world, open_kfid, customer)
    rows = chats.messages_of(world, kf.chat_with(open_kfid, customer).key, limit_of(query))
    return {
        "service_state": session["state"],
        "servicer_userid": session["servicer"],
        "messages": [chats.message_card(message) for message in rows],
    }


def list_pairs(world: World, query: Query) -> dict[str, Any]:
    """The truth of friendships, by page, to compare a product with."""
    after_user, after_customer = query.get("userid", ""), query.get("customer", "")
    rows = world.store.rows(
        "SELECT userid, external_userid, status, state, created_at FROM friendship"
        " WHERE (userid, external_userid) > (?, ?)"
        " ORDER BY userid, external_userid LIMIT ?",
        after_user,
        after_customer,
        limit_of(query, 1000),
    )
    return {"friends": [dict(row) for row in rows]}


def list_tasks(world: World, query: Query) -> dict[str, Any]:
    """A member's mass-send tasks, as his client shows them."""
    userid = query.get("userid", "")
    people.find_member(world, userid)
    return {"tasks": mass.tasks_of_member(world, userid, limit_of(query))}


STATES: dict[str, Callable[[World, Query, str], dict[str, Any]]] = {
    "customer": show_customer,
    "member": show_member,
    "group": show_group,
    "mass": show_mass,
    "kf": show_kf,
    **channels.STATES,
    **truths.STATES,
}
LISTS: dict[str, Callable[[World, Query], dict[str, Any]]] = {
    "friends": list_pairs,
    "tasks": list_tasks,
    "deliveries": logs.list_deliveries,
    "calls": logs.list_calls,
}
