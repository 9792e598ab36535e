"""Application messages to members (wecom.md 7.1). They never reach a customer."""

import json
from dataclasses import dataclass, field
from typing import Any

from wecom.sandbox.store import json_list, pack
from wecom.sandbox.truth import app_messages, people
from wecom.sandbox.wire import cards, reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import app_contents

RECALL_S = 86400


def split(value: object) -> list[str]:
    """Ids joined by a bar."""
    if value is None:
        return []
    if not isinstance(value, str):
        raise ApiError(40058)
    return [part for part in value.split("|") if part]


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
    content = app_contents.read_content(call)
    found = receivers_of(call)
    wrong = "|".join(found.wrong_users)
    if not found.reached:
        raise ApiError(81013, invaliduser=wrong)
    answer = {
        "invaliduser": wrong,
        "invalidparty": "|".join(found.wrong_parties),
        "invalidtag": "",
        "unlicenseduser": "",
    }
    if is_repeated(call, content):
        return answer | {"msgid": call.world.ids.new("app_message", 44)}
    return answer | app_messages.send(
        call.world, agent_id=agent_id, userids=found.reached, content=content
    )


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


@endpoint("message/recall")
def recall_message(call: Call) -> dict[str, Any]:
    """Take a message back within 24 hours; only one's own."""
    msgid = reading.text(call.body, "msgid", missing=40058)
    row = call.world.store.row("SELECT * FROM app_message WHERE msgid = ?", msgid)
    if row is None or row["agent_id"] != call.app["agent_id"]:
        raise ApiError(40058, "invalid msgid")
    if row["sent_at"] + RECALL_S < call.world.clock.now():
        raise ApiError(42052)
    app_messages.recall(call.world, msgid)
    return {}


@endpoint("message/update_template_card")
def update_template_card(call: Call) -> dict[str, Any]:
    """Change a card by its response code: once, and within 72 hours."""
    world, body = call.world, call.body
    agent_id = reading.number(body, "agentid", missing=41011)
    if agent_id != call.app["agent_id"]:
        raise ApiError(301002)
    code = world.store.row(
        "SELECT response_code.*, task_id FROM response_code JOIN app_message USING (msgid)"
        " WHERE code = ? AND NOT used AND expires_at >= ?",
        reading.text(body, "response_code", missing=60140),
        world.clock.now(),
    )
    if code is None:
        raise ApiError(60140)
    if code["agent_id"] != agent_id:
        raise ApiError(42015)
    name = reading.text(reading.mapping(body, "button"), "replace_name")
    card = reading.mapping(body, "template_card") or None
    if card is not None:
        cards.check_card(card)
        if card.get("task_id", "") != code["task_id"]:
            raise ApiError(42016)
    elif not name:
        raise ApiError(40063, "button and template_card are both empty")
    userids, wrong = members_named(call, code["msgid"])
    app_messages.change_card(
        world, msgid=code["msgid"], userids=userids, replace_name=name, card=card
    )
    world.store.run("UPDATE response_code SET used = 1 WHERE code = ?", code["code"])
    return {"invaliduser": wrong}


def members_named(call: Call, msgid: str) -> tuple[list[str], list[str]]:
    """userids, partyids or everybody who has the card, and the userids who have not."""
    owners = [copy["userid"] for copy in app_messages.copies_of(call.world, msgid)]
    if reading.number(call.body, "atall", 0):
        return owners, []
    named = reading.texts(call.body, "userids", most=100)
    parties = reading.numbers(call.body, "partyids")
    if not named and not parties:
        raise ApiError(82001)
    have = {userid.lower() for userid in owners}
    inside = [u for party in parties for u in members_below(call, str(party))]
    return [*named, *inside], [u.lower() for u in named if u.lower() not in have]
