"""Application messages to members (wecom.md 7.1). They never reach a customer."""

import json
from dataclasses import dataclass, field
from typing import Any

from wecom.sandbox.store import json_list, pack
from wecom.sandbox.truth import chats, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

TEXT_BYTES = 2048
KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "file",
    "textcard",
    "news",
    "mpnews",
    "markdown",
    "miniprogram_notice",
    "template_card",
)


def split(value: object) -> list[str]:
    """Ids joined by a bar."""
    if value is None:
        return []
    if not isinstance(value, str):
        raise ApiError(40058)
    return [part for part in value.split("|") if part]


def read_content(call: Call) -> dict[str, Any]:
    """The message part, checked as far as it is shown."""
    kind = reading.text(call.body, "msgtype", missing=40008)
    if kind not in KINDS:
        raise ApiError(40008)
    part = reading.mapping(call.body, kind)
    if not part:
        raise ApiError(40063)
    if kind in ("text", "markdown"):
        content = reading.text(part, "content", missing=44004)
        # Longer texts are cut, not refused.
        cut = content.encode()[:TEXT_BYTES].decode("utf-8", "ignore")
        part = {"content": cut}
    elif kind == "textcard":
        for name, limit in (("title", 128), ("description", 512), ("url", 2048)):
            reading.text(part, name, missing=40063, bytes=limit, too_long=45002)
    elif kind in ("image", "voice", "video", "file"):
        reading.text(part, "media_id", missing=41006)
    return {"msgtype": kind, kind: part}


@dataclass
class Receivers:
    """Who is reached, and the ids that lead to nobody."""

    reached: list[str] = field(default_factory=list)
    wrong_users: list[str] = field(default_factory=list)
    wrong_parties: list[str] = field(default_factory=list)


def named_receivers(call: Call) -> tuple[list[str], list[str]]:
    """touser and toparty, within their limits; nobody named at all is 82001."""
    users, parties = split(call.body.get("touser")), split(call.body.get("toparty"))
    if not users and not parties and not split(call.body.get("totag")):
        raise ApiError(82001)
    if len(users) > 1000:
        raise ApiError(40032)
    if len(parties) > 100:
        raise ApiError(82002)
    return users, parties


def receivers_of(call: Call) -> Receivers:
    """Members named one by one, by department, or all in range."""
    users, parties = named_receivers(call)
    if users == ["@all"]:
        return Receivers(people.visible_members(call.world, call.app))
    found = Receivers()
    for userid in users:
        if people.is_visible(call.world, call.app, userid):
            found.reached.append(userid)
        else:
            # The vendor answers wrong ids in lower case.
            found.wrong_users.append(userid.lower())
    for party in parties:
        inside = members_below(call, party)
        found.reached += inside
        if not inside:
            found.wrong_parties.append(party)
    unique = {userid.lower(): userid for userid in found.reached}
    found.reached = list(unique.values())
    return found


def members_below(call: Call, party: str) -> list[str]:
    """Members in range of a department and those below it."""
    below = people.departments_below(call.world, [int(party)]) if party.isdigit() else set()
    found = call.world.store.column(
        "SELECT DISTINCT userid FROM member_department"
        " WHERE department_id IN (SELECT value FROM json_each(?)) ORDER BY userid",
        json_list(below),
    )
    return [userid for userid in found if people.is_visible(call.world, call.app, userid)]


@endpoint("message/send")
def send_message(call: Call) -> dict[str, Any]:
    """Show a message of the application in members' clients."""
    agent_id = reading.number(call.body, "agentid", missing=41011)
    if agent_id != call.app["agent_id"]:
        raise ApiError(301002)
    content = read_content(call)
    found = receivers_of(call)
    wrong = "|".join(found.wrong_users)
    if not found.reached:
        raise ApiError(81013, invaliduser=wrong)
    answer = {
        "invaliduser": wrong,
        "invalidparty": "|".join(found.wrong_parties),
        "invalidtag": "",
        "unlicenseduser": "",
        "msgid": call.world.ids.new("app_message", 44),
    }
    if is_repeated(call, content):
        return answer
    sender = str(agent_id)
    chats.post_all(
        call.world,
        [
            chats.Post(
                chats.Chat("app", userid=userid, place=sender),
                sender,
                chats.APPLICATION,
                content,
                "app",
            )
            for userid in found.reached
        ],
    )
    return answer


def is_repeated(call: Call, content: dict[str, Any]) -> bool:
    """With duplicate check on: whether the same message went out within the interval."""
    if not reading.number(call.body, "enable_duplicate_check", 0):
        return False
    interval = reading.number(call.body, "duplicate_check_interval", 1800, high=14400)
    key = f"last_message_{call.app['agent_id']}"
    now = call.world.clock.now()
    mark = pack([call.body.get("touser"), call.body.get("toparty"), content])
    seen: dict[str, float] = call.world.store.setting(key, {})
    fresh = {text: at for text, at in seen.items() if at > now - interval}
    repeated = mark in fresh
    fresh.setdefault(mark, now)
    call.world.store.put_setting(key, json.loads(pack(fresh)))
    return repeated
