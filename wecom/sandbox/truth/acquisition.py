"""获客助手: links by which anybody may add a member, each new customer paid for.

``?customer_channel=`` behind a link comes back as the state of who came by it.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wecom.sandbox.store import json_list, pack
from wecom.sandbox.world import Refused, World

from . import chats, events, friends
from .people import departments_below

ADD_WAY = 16
CHANNEL_BYTES = 64
KEY_LIFE_S = 1800
# The console warns when a tenth of what was bought is left.
LOW = 10
ALL_FOLLOWERS, SOME_FOLLOWERS = 1, 2
FREE_BALANCE = 1000
YEAR_S = 365 * 86400


def create(world: World, agent_id: int, body: dict[str, Any]) -> str:
    """A new link; its address works in any browser."""
    link_id = world.ids.new("acquisition_link", 32, "cawc")
    world.store.run(
        "INSERT INTO acquisition_link (link_id, agent_id, body, created_at) VALUES (?, ?, ?, ?)",
        link_id,
        agent_id,
        pack(body),
        world.clock.second(),
    )
    return link_id


def find(world: World, link_id: str) -> sqlite3.Row | None:
    """The link while it is not deleted."""
    return world.store.row(
        "SELECT * FROM acquisition_link WHERE link_id = ? AND NOT deleted", link_id
    )


def url_of(world: World, link_id: str) -> str:
    """Where the link leads."""
    return world.options.public(f"/sandbox/ca/{link_id}")


def receivers_of(world: World, body: dict[str, Any]) -> list[str]:
    """Members of a link who can be added now: named, or in a named department."""
    wanted = body["range"]
    below = departments_below(world, wanted.get("department_list") or [])
    return world.store.column(
        "SELECT userid FROM member WHERE contact AND status = 1 AND (userid IN"
        " (SELECT value FROM json_each(?)) OR userid IN (SELECT userid FROM member_department"
        " WHERE department_id IN (SELECT value FROM json_each(?)))) ORDER BY userid",
        json_list(wanted.get("user_list") or []),
        json_list(below),
    )


def read_url(url: str) -> tuple[str, str]:
    """The link's id and the channel behind it."""
    parts = urlsplit(url.strip())
    pieces = [piece for piece in parts.path.split("/") if piece]
    if len(pieces) != 3 or pieces[:2] != ["sandbox", "ca"]:
        raise Refused("这不是获客链接")
    channel = parse_qs(parts.query).get("customer_channel", [""])[0]
    return pieces[2], channel.encode()[:CHANNEL_BYTES].decode("utf-8", "ignore")


def open_link(world: World, *, url: str, external_userid: str) -> dict[str, Any]:
    """A customer opens a link and taps add; once friends with its member, nothing happens."""
    link_id, channel = read_url(url)
    link = find(world, link_id)
    if link is None:
        raise Refused("获客链接已失效")
    body = json.loads(link["body"])
    world.store.run(
        "INSERT INTO acquisition_click VALUES (?, ?, ?)",
        link_id,
        external_userid,
        world.clock.second(),
    )
    receivers = receivers_of(world, body)
    if not receivers:
        tell(world, "link_unavailable", ("LinkId", link_id))
        return {"refused": "获客链接暂不可用"}
    if quota_of(world)["balance"] <= 0:
        return {"refused": "获客额度已用完"}
    userid = choose(world, link, body, receivers, external_userid)
    answer = friends.add_friend(
        world,
        userid=userid,
        external_userid=external_userid,
        state=channel,
        add_way=ADD_WAY,
        verified=bool(body["skip_verify"]),
    )
    if not answer["already"]:
        note_new(world, link_id, answer["userid"], external_userid, channel)
        if answer.get("waiting"):
            tell(world, "friend_request", ("LinkId", link_id), ("State", channel))
    return answer | {"link_id": link_id}


def choose(
    world: World,
    link: sqlite3.Row,
    body: dict[str, Any],
    receivers: Sequence[str],
    external_userid: str,
) -> str:
    """Who has her already goes first, if the link says so; else in turn."""
    priority = body.get("priority_option") or {}
    preferred = receivers
    if priority.get("priority_type") == SOME_FOLLOWERS:
        named = {each.lower() for each in priority.get("priority_userid_list") or []}
        preferred = [each for each in receivers if each.lower() in named]
    if priority:
        for userid in preferred:
            row = friends.find_friendship(world, userid, external_userid)
            if row is not None and row["status"] == "friends":
                return userid
    return str(receivers[link["next_receiver"] % len(receivers)])


def note_new(world: World, link_id: str, userid: str, external_userid: str, channel: str) -> None:
    """Another customer by this link: one of the bought ones is spent."""
    world.store.run(
        "UPDATE acquisition_link SET next_receiver = next_receiver + 1 WHERE link_id = ?", link_id
    )
    world.store.run(
        "INSERT OR REPLACE INTO acquisition_customer (link_id, external_userid, userid, state, at)"
        " VALUES (?, ?, ?, ?, ?)",
        link_id,
        external_userid,
        userid,
        channel,
        world.clock.second(),
    )
    quota = quota_of(world)
    set_balance(world, quota["balance"] - 1, quota["total"])


def quota_of(world: World) -> dict[str, int]:
    """How many were bought and how many are left."""
    default = {"total": FREE_BALANCE, "balance": FREE_BALANCE}
    default["expire_date"] = world.clock.second() + YEAR_S
    quota: dict[str, int] = world.store.setting("acquisition_quota", default)
    return quota


def set_balance(world: World, balance: int, total: int | None = None) -> None:
    """Spend or buy; the low and the empty balance are told once, when they are reached."""
    before = quota_of(world)
    total = max(before["total"] if total is None else total, balance)
    world.store.put_setting("acquisition_quota", before | {"total": total, "balance": balance})
    low = total // LOW
    if balance <= 0 < before["balance"]:
        tell(world, "balance_exhausted")
    elif balance <= low < before["balance"]:
        tell(world, "balance_low")


def tell(world: World, change: str, *extra: events.Field) -> None:
    """customer_acquisition to every application that hears of links."""
    for app in events.apps_that_hear(world, "acquisition"):
        fields = [
            *events.envelope_of(world, "customer_acquisition"),
            ("ChangeType", change),
            *extra,
        ]
        events.queue_delivery(world, app, "customer_acquisition", change, events.write_xml(fields))


def delete_in_console(world: World, link_id: str) -> None:
    """An admin deletes a link; deleting by API is not told."""
    if not world.store.run(
        "UPDATE acquisition_link SET deleted = 1 WHERE link_id = ? AND NOT deleted", link_id
    ):
        raise Refused("没有这个获客链接")
    tell(world, "delete_link", ("LinkId", link_id))


@chats.listen
def hear(world: World, _ids: Sequence[str], posts: Sequence[chats.Post], _at: float) -> None:
    """Count what acquired customers write; their first words are told (customer_start_chat)."""
    for post in posts:
        if post.sender_type != chats.CUSTOMER or post.chat.kind != "single":
            continue
        row = world.store.row(
            "SELECT * FROM acquisition_customer WHERE external_userid = ? AND userid = ?"
            " ORDER BY at DESC LIMIT 1",
            post.chat.external_userid,
            post.chat.userid,
        )
        if row is not None:
            count_words(world, row)


def count_words(world: World, row: sqlite3.Row) -> None:
    """One message more from an acquired customer."""
    world.store.run(
        "UPDATE acquisition_customer SET received = received + 1"
        " WHERE link_id = ? AND external_userid = ? AND userid = ?",
        row["link_id"],
        row["external_userid"],
        row["userid"],
    )
    if row["received"]:
        return
    key = world.ids.new("acquisition_key", 40)
    world.store.run(
        "INSERT INTO acquisition_key VALUES (?, ?, ?, ?, ?)",
        key,
        row["link_id"],
        row["external_userid"],
        row["userid"],
        world.clock.now() + KEY_LIFE_S,
    )
    tell(
        world,
        "customer_start_chat",
        ("UserID", row["userid"]),
        ("ExternalUserID", row["external_userid"]),
        ("ChatKey", key),
    )


def find_chat(world: World, chat_key: str) -> sqlite3.Row | None:
    """What a key tells while it lives."""
    return world.store.row(
        "SELECT acquisition_customer.* FROM acquisition_key"
        " JOIN acquisition_customer USING (link_id, external_userid, userid)"
        " WHERE chat_key = ? AND expires_at >= ?",
        chat_key,
        world.clock.now(),
    )
