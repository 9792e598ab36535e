"""智能机器人: what members ask it, what it answers; internal conversations only.

The dialogue itself runs in ``wire.robots``, since it needs the network.
"""

import json
import sqlite3
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import chats
from .people import find_member

URL_LIFE_S = 3600
FILE_LIFE_S = 300
AT_ONCE = 3
GROUP_KINDS = ("text", "mixed")


def find(world: World, aibotid: str) -> sqlite3.Row:
    """The robot; refused when unknown."""
    row = world.store.row("SELECT * FROM robot WHERE aibotid = ?", aibotid)
    if row is None:
        raise Refused("没有这个智能机器人")
    return row


def create(world: World, *, aibotid: str, name: str, url: str, token: str, aes_key: str) -> str:
    """An admin makes a robot, or changes where its callbacks go."""
    aibotid = aibotid or world.ids.new("aibot", 32, "AIBOT")
    world.store.run(
        "INSERT OR REPLACE INTO robot VALUES (?, ?, ?, ?, ?)", aibotid, name, url, token, aes_key
    )
    return aibotid


def chat_of(turn: sqlite3.Row) -> chats.Chat:
    """Where a turn was asked: with the robot alone, or in an internal group."""
    if turn["chatid"]:
        return chats.Chat("appchat", place=turn["chatid"])
    return chats.Chat("robot", userid=turn["userid"], place=turn["aibotid"])


def ask(
    world: World, *, aibotid: str, userid: str, content: chats.Content, chatid: str = ""
) -> sqlite3.Row:
    """A member speaks to the robot; in a group that is an @mention, of words and pictures only."""
    find(world, aibotid)
    member = find_member(world, userid)["userid"]
    kind = content["msgtype"]
    if chatid and kind not in GROUP_KINDS:
        raise Refused("群里 @ 机器人只能用文字或图文")
    if chatid and not world.store.value(
        "SELECT 1 FROM appchat_member WHERE chatid = ? AND userid = ?", chatid, member
    ):
        raise Refused("不在这个内部群里")
    busy = world.store.value(
        "SELECT count(*) FROM robot_turn WHERE aibotid = ? AND userid = ?"
        " AND state IN ('waiting', 'streaming') AND at > ?",
        aibotid,
        member,
        world.clock.now() - world.switches.on.robot_stream_s,
    )
    if busy >= AT_ONCE:
        raise Refused("机器人还在回答前面的问题")
    turn = open_turn(world, aibotid, member, chatid, "message", content)
    post = chats.Post(chat_of(turn), member, chats.MEMBER, content)
    chats.post_all(world, [post])
    return turn


def open_turn(
    world: World, aibotid: str, userid: str, chatid: str, kind: str, asked: dict[str, Any]
) -> sqlite3.Row:
    """One thing the robot is told."""
    msgid = world.ids.new("robot_message", 40, "CAIQ")
    world.store.run(
        "INSERT INTO robot_turn (msgid, aibotid, userid, chatid, kind, asked, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        msgid,
        aibotid,
        userid,
        chatid,
        kind,
        pack(asked),
        world.clock.now(),
    )
    return find_turn(world, msgid)


def find_turn(world: World, msgid: str) -> sqlite3.Row:
    """The turn; refused when unknown."""
    row = world.store.row("SELECT * FROM robot_turn WHERE msgid = ?", msgid)
    if row is None:
        raise Refused("没有这次对话")
    return row


def enter(world: World, *, aibotid: str, userid: str) -> sqlite3.Row | None:
    """A member opens the conversation; the robot hears of it once a day."""
    find(world, aibotid)
    member = find_member(world, userid)["userid"]
    today = str(world.clock.china_day().date())
    key = f"robot_entered_{aibotid}_{member.lower()}"
    if world.store.setting(key) == today:
        return None
    world.store.put_setting(key, today)
    return open_turn(world, aibotid, member, "", "enter_chat", {})


def press(world: World, *, msgid: str, userid: str, key: str) -> sqlite3.Row:
    """A member presses a button of a card the robot sent."""
    row = world.store.row("SELECT * FROM message WHERE msgid = ?", msgid)
    card = json.loads(row["content"]).get("template_card") if row is not None else None
    if row is None or card is None:
        raise Refused("这不是机器人的卡片")
    buttons = [*(card.get("button_list") or []), card.get("submit_button") or {}]
    if key not in [button.get("key") for button in buttons]:
        raise Refused("卡片上没有这个按钮")
    turn = world.store.row("SELECT * FROM robot_turn WHERE answer_id = ?", msgid)
    if turn is None:
        raise Refused("这不是机器人的卡片")
    pressed = {"event_key": key, "task_id": card.get("task_id", ""), "card_type": card["card_type"]}
    member = find_member(world, userid)["userid"]
    asked = {"card": msgid, "template_card_event": pressed}
    return open_turn(world, turn["aibotid"], member, turn["chatid"], "template_card_event", asked)


def issue_file_url(world: World, turn: sqlite3.Row, media_id: str) -> str:
    """An address where the robot fetches a file for five minutes, sealed with its key."""
    code = world.ids.new("robot_file", 40)
    world.store.run(
        "INSERT INTO robot_file VALUES (?, ?, ?, ?)",
        code,
        turn["aibotid"],
        media_id,
        world.clock.now() + FILE_LIFE_S,
    )
    return code


def find_file(world: World, code: str) -> tuple[bytes, str] | None:
    """The bytes behind such an address and the key to seal them with."""
    row = world.store.row(
        "SELECT media.data, callback_aes_key FROM robot_file JOIN media USING (media_id)"
        " JOIN robot USING (aibotid) WHERE code = ? AND expires_at >= ?",
        code,
        world.clock.now(),
    )
    return None if row is None else (row["data"], row["callback_aes_key"])


def issue_url(world: World, msgid: str) -> str:
    """An address by which the robot may answer once within an hour."""
    code = world.ids.new("robot_url", 40)
    world.store.run(
        "INSERT INTO robot_url (code, msgid, expires_at) VALUES (?, ?, ?)",
        code,
        msgid,
        world.clock.now() + URL_LIFE_S,
    )
    return code


def spend_url(world: World, code: str) -> sqlite3.Row | None:
    """The turn of an address, the first time within its hour."""
    row = world.store.row(
        "SELECT * FROM robot_url WHERE code = ? AND NOT used AND expires_at >= ?",
        code,
        world.clock.now(),
    )
    if row is None:
        return None
    world.store.run("UPDATE robot_url SET used = 1 WHERE code = ?", code)
    return find_turn(world, row["msgid"])


def say(world: World, turn: sqlite3.Row, content: chats.Content) -> None:
    """The robot's words: new ones, or in place of what this turn's stream showed before."""
    now = find_turn(world, turn["msgid"])
    if now["answer_id"]:
        world.store.run(
            "UPDATE message SET content = ? WHERE msgid = ?", pack(content), now["answer_id"]
        )
        world.live.announce(f"member:{turn['userid'].lower()}")
        return
    number = post(world, turn, content)
    world.store.run("UPDATE robot_turn SET answer_id = ? WHERE msgid = ?", number, turn["msgid"])


def post(world: World, turn: sqlite3.Row, content: chats.Content) -> str:
    """A message of its own."""
    message = chats.Post(chat_of(turn), turn["aibotid"], chats.APPLICATION, content, "aibot")
    return chats.post_all(world, [message])[0]


def note(world: World, turn: sqlite3.Row, state: str, *, error: str = "", stream: str = "") -> None:
    """How far a turn has come."""
    world.store.run(
        "UPDATE robot_turn SET state = ?, error = ?, stream_id = coalesce(nullif(?, ''), stream_id)"
        " WHERE msgid = ?",
        state,
        error[:300],
        stream,
        turn["msgid"],
    )


def card(world: World, aibotid: str) -> dict[str, Any]:
    """A robot, what it was asked and what it said, as the control API shows it."""
    row = find(world, aibotid)
    turns = world.store.rows(
        "SELECT * FROM robot_turn WHERE aibotid = ? ORDER BY at, msgid LIMIT 500", aibotid
    )
    messages = world.store.rows(
        "SELECT * FROM message WHERE sender = ? AND source = 'aibot' ORDER BY id DESC LIMIT 200",
        aibotid,
    )
    return {
        "robot": {key: row[key] for key in ("aibotid", "name", "callback_url")},
        "turns": [dict(turn) | {"asked": json.loads(turn["asked"])} for turn in turns],
        "messages": [chats.message_card(message) for message in messages[::-1]],
    }
