"""Who gets a mass send: each receiver stands in exactly one member's share."""

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call

MOST_CUSTOMERS = 10_000
MOST_GROUPS = 2000
TAGS_A_GROUP = 100
# Only constants of ours are put into statements below.
RELATIONS = (
    "SELECT userid, external_userid, status, chatted_at, created_at FROM friendship"
    " WHERE status IN ('friends', 'deleted_by_customer')"
)


@dataclass
class Plan:
    """Receivers per member, and those that cannot be reached."""

    shares: dict[str, list[str]]
    failed: list[str]
    open_choice: bool = False


def plan_groups(call: Call, sender: str) -> Plan:
    """The sender's own groups: those named, or all of them for him to choose from."""
    named = reading.texts(call.body, "chat_id_list", most=MOST_GROUPS)
    own = call.world.store.column(
        "SELECT chat_id FROM group_chat WHERE owner = ? AND NOT dismissed"
        " ORDER BY created_at, chat_id",
        sender,
    )
    if not named:
        return Plan({sender: own}, [], open_choice=True)
    known = set(own)
    wanted = list(dict.fromkeys(named))
    return Plan(
        {sender: [chat_id for chat_id in wanted if chat_id in known]},
        [chat_id for chat_id in wanted if chat_id not in known],
    )


def plan_customers(call: Call, sender: str) -> Plan:
    """Customers named, tagged, or all of the sender; one member each."""
    named = reading.texts(call.body, "external_userid", most=MOST_CUSTOMERS)
    tagged = tag_filter_of(call)
    if not named and not sender and not tagged:
        raise ApiError(40063)
    wanted = list(dict.fromkeys(named))
    best: dict[str, Row] = {}
    for row in relations(call, wanted, sender):
        seen = best.get(row["external_userid"])
        if seen is None or rank(row) > rank(seen):
            best[row["external_userid"]] = row
    if tagged:
        allowed = customers_with_tags(call, tagged)
        best = {key: row for key, row in best.items() if key in allowed}
    shares: dict[str, list[str]] = {}
    for external_userid, row in best.items():
        shares.setdefault(row["userid"], []).append(external_userid)
    return Plan(shares, [each for each in wanted if each not in best])


def rank(row: Row) -> tuple[bool, float, int]:
    """Without a sender the member who chatted last gets the customer; friends first."""
    return row["status"] == "friends", row["chatted_at"], row["created_at"]


def relations(call: Call, wanted: list[str], sender: str) -> Iterator[Row]:
    """Relations in range of the customers wanted, or of the sender's customers."""
    store, ids = call.world.store, json_list(wanted)
    if not wanted and sender:
        rows = store.rows(f"{RELATIONS} AND userid = ?", sender)
    elif not wanted:
        rows = store.rows(RELATIONS)
    elif sender:
        rows = store.rows(
            f"{RELATIONS} AND userid = ? AND external_userid IN (SELECT value FROM json_each(?))",  # noqa: S608
            sender,
            ids,
        )
    else:
        rows = store.rows(
            f"{RELATIONS} AND external_userid IN (SELECT value FROM json_each(?))",  # noqa: S608
            ids,
        )
    visible: dict[str, bool] = {}
    for row in rows:
        userid = row["userid"]
        if userid not in visible:
            visible[userid] = people.is_visible(call.world, call.app, userid)
        if visible[userid]:
            yield row


def tag_filter_of(call: Call) -> list[list[str]]:
    """tag_filter: any tag inside a group, every group."""
    wanted: list[list[str]] = []
    groups: Any = reading.mapping(call.body, "tag_filter").get("group_list") or []
    if not isinstance(groups, list):
        raise ApiError(40058)
    for group in groups:
        if not isinstance(group, dict):
            raise ApiError(40058)
        wanted.append(reading.texts(group, "tag_list", most=TAGS_A_GROUP, missing=40063))
    return wanted


def customers_with_tags(call: Call, wanted: list[list[str]]) -> set[str]:
    """Customers who carry a tag of each group."""
    found: set[str] | None = None
    for tags in wanted:
        carriers = set(
            call.world.store.column(
                "SELECT DISTINCT external_userid FROM friend_tag"
                " WHERE tag_id IN (SELECT value FROM json_each(?))",
                json_list(tags),
            )
        )
        found = carriers if found is None else found & carriers
    return found or set()
