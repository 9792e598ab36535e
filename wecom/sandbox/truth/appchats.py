"""Internal groups: members only, made by applications, with webhook robots inside."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from wecom.sandbox.world import Refused, World

from . import chats
from .people import find_member

MINUTE_S = 60
ACTIVE, DISABLED, REMOVED, EXPELLED = "active", "disabled", "removed", "expelled"


def chat_of(chatid: str) -> chats.Chat:
    """The conversation of an internal group."""
    return chats.Chat("appchat", place=chatid)


def create(
    world: World, *, chatid: str, agent_id: int, name: str, owner: str, members: Sequence[str]
) -> str:
    """A new internal group; the client shows it only after the first message."""
    chatid = chatid or world.ids.new("appchat", 32)
    now = world.clock.second()
    world.store.run(
        "INSERT INTO appchat VALUES (?, ?, ?, ?, ?)", chatid, agent_id, name, owner, now
    )
    add(world, chatid, members)
    return chatid


def add(world: World, chatid: str, members: Sequence[str]) -> None:
    """Bring members in; who is inside stays."""
    world.store.run_many(
        "INSERT OR IGNORE INTO appchat_member VALUES (?, ?, ?)",
        [(chatid, userid, world.clock.second()) for userid in members],
    )


def remove(world: World, chatid: str, members: Sequence[str]) -> None:
    """Put members out; who is not inside is passed over."""
    world.store.run_many(
        "DELETE FROM appchat_member WHERE chatid = ? AND userid = ?",
        [(chatid, userid) for userid in members],
    )


def find(world: World, chatid: str) -> sqlite3.Row | None:
    """The group, or None."""
    return world.store.row("SELECT * FROM appchat WHERE chatid = ?", chatid)


def members_of(world: World, chatid: str) -> list[str]:
    """Who is inside, in the order of coming."""
    return world.store.column(
        "SELECT userid FROM appchat_member WHERE chatid = ? ORDER BY joined_at, userid", chatid
    )


def post(world: World, chatid: str, sender: str, content: chats.Content, source: str) -> str:
    """Words of an application or a robot in an internal group."""
    message = chats.Post(chat_of(chatid), sender, chats.APPLICATION, content, source)
    return chats.post_all(world, [message])[0]


def say(world: World, *, userid: str, chatid: str, content: chats.Content) -> str:
    """A member speaks in an internal group."""
    member = find_member(world, userid)["userid"]
    inside = world.store.value(
        "SELECT 1 FROM appchat_member WHERE chatid = ? AND userid = ?", chatid, member
    )
    if not inside:
        raise Refused("不在这个内部群里")
    message = chats.Post(chat_of(chatid), member, chats.MEMBER, content)
    return chats.post_all(world, [message])[0]


def create_webhook(world: World, *, name: str, chatid: str, key: str = "") -> str:
    """A member adds a webhook robot to an internal group; customer groups have no such thing."""
    if find(world, chatid) is None:
        raise Refused("只能在内部群里添加群机器人")
    digits = world.ids.new_hex("webhook")
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    key = key or "-".join(parts)
    world.store.run("INSERT INTO webhook (key, name, chatid) VALUES (?, ?, ?)", key, name, chatid)
    return key


def robot_id_of(world: World, key: str) -> str:
    """A webhook robot's public id, as the archive knows it."""
    return world.ids.derive("robot_id", key, 32, "wb")


def find_webhook(world: World, key: str) -> sqlite3.Row | None:
    """The robot, or None."""
    return world.store.row("SELECT * FROM webhook WHERE key = ?", key)


def turn_webhook(world: World, key: str, state: str) -> None:
    """Disable a robot, remove it, or let it in again."""
    if state not in (ACTIVE, DISABLED, REMOVED, EXPELLED):
        raise Refused("state 必须是 active、disabled、removed 或 expelled")
    if not world.store.run("UPDATE webhook SET state = ? WHERE key = ?", state, key):
        raise Refused("没有这个群机器人")


def has_room(world: World, key: str) -> bool:
    """Whether the robot may speak once more this minute; counts the attempt if so."""
    now, most = world.clock.now(), world.switches.on.webhook_per_minute
    world.store.run("DELETE FROM webhook_call WHERE key = ? AND at <= ?", key, now - MINUTE_S)
    lately = world.store.value("SELECT count(*) FROM webhook_call WHERE key = ?", key)
    if most and lately >= most:
        return False
    world.store.run("INSERT INTO webhook_call VALUES (?, ?)", key, now)
    return True


def card(world: World, chatid: str) -> dict[str, Any]:
    """A group and its messages as the control API shows them."""
    row = find(world, chatid)
    if row is None:
        raise Refused("没有这个内部群")
    messages = chats.messages_of(world, chat_of(chatid).key)
    return {
        "appchat": dict(row) | {"userlist": members_of(world, chatid)},
        "messages": [chats.message_card(message) for message in messages],
    }
