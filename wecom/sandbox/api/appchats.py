"""Internal groups of an application (wecom.md 7.2); customers cannot be in them."""

import json
import re
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import appchats, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import app_contents

SMALLEST, LARGEST = 2, 2000
CHATID = re.compile(r"[0-9a-zA-Z]{1,32}")
ROOT = 1


def check_root(call: Call) -> None:
    """Only for applications that the whole corp sees."""
    visible = call.app["visible_departments"]
    if visible and ROOT not in json.loads(visible):
        raise ApiError(48002)


def chat_of(call: Call, source: dict[str, Any]) -> Row:
    """The group: 86001 malformed, 86003 unknown, 86008 another application's."""
    check_root(call)
    chatid = reading.text(source, "chatid", missing=86001)
    if not CHATID.fullmatch(chatid):
        raise ApiError(86001)
    row = appchats.find(call.world, chatid)
    if row is None:
        raise ApiError(86003)
    if row["agent_id"] != call.app["agent_id"]:
        raise ApiError(86008)
    return row


def members_in_range(call: Call, name: str) -> list[str]:
    """Members named; one who is not in range makes it 86216."""
    named = reading.texts(call.body, name, most=LARGEST, too_many=86006)
    wrong = [each for each in named if not people.is_visible(call.world, call.app, each)]
    if wrong:
        raise ApiError(86216, f"invalid chat member: {wrong[0]}")
    return [str(people.find_member(call.world, each)["userid"]) for each in dict.fromkeys(named)]


@endpoint("appchat/create")
def create_appchat(call: Call) -> dict[str, Any]:
    """A group of 2 to 2000 members; the first is the owner unless one is named."""
    check_root(call)
    name = reading.text(call.body, "name", chars=50)
    members = members_in_range(call, "userlist")
    if len(members) < SMALLEST:
        raise ApiError(86006)
    owner = reading.text(call.body, "owner") or members[0]
    if owner.lower() not in {userid.lower() for userid in members}:
        raise ApiError(86007, "owner is not in userlist")
    chatid = reading.text(call.body, "chatid")
    if chatid and not CHATID.fullmatch(chatid):
        raise ApiError(86001)
    if chatid and appchats.find(call.world, chatid) is not None:
        raise ApiError(86215)
    made = appchats.create(
        call.world,
        chatid=chatid,
        agent_id=call.app["agent_id"],
        name=name,
        owner=owner,
        members=members,
    )
    return {"chatid": made}


@endpoint("appchat/update")
def update_appchat(call: Call) -> dict[str, Any]:
    """Another name or owner, members in and out; the owner stays inside."""
    row = chat_of(call, call.body)
    chatid, store = row["chatid"], call.world.store
    come, go = members_in_range(call, "add_user_list"), members_in_range(call, "del_user_list")
    inside = {u.lower() for u in appchats.members_of(call.world, chatid)} | {
        u.lower() for u in come
    }
    left = inside - {u.lower() for u in go}
    owner = reading.text(call.body, "owner") or row["owner"]
    if owner.lower() not in left:
        raise ApiError(86007)
    if not SMALLEST <= len(left) <= LARGEST:
        raise ApiError(86006)
    name = reading.text(call.body, "name", chars=50) or row["name"]
    store.run("UPDATE appchat SET name = ?, owner = ? WHERE chatid = ?", name, owner, chatid)
    appchats.add(call.world, chatid, come)
    appchats.remove(call.world, chatid, go)
    return {}


@endpoint("appchat/get")
def get_appchat(call: Call) -> dict[str, Any]:
    """A group of this application."""
    row = chat_of(call, dict(call.query))
    return {
        "chat_info": {
            "chatid": row["chatid"],
            "name": row["name"],
            "owner": row["owner"],
            "userlist": appchats.members_of(call.world, row["chatid"]),
            "chat_type": 0,
        }
    }


@endpoint("appchat/send")
def send_to_appchat(call: Call) -> dict[str, Any]:
    """Speak in a group of this application."""
    row = chat_of(call, call.body)
    content = app_contents.read_content(call, app_contents.IN_GROUPS)
    sender = str(call.app["agent_id"])
    appchats.post(call.world, row["chatid"], sender, content, "appchat")
    return {}
