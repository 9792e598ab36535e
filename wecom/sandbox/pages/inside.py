"""What a member's client shows of the corp's inside: applications, internal groups, robots."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import appchats, chats, people, robots
from wecom.sandbox.world import Refused, World

SHOWN = 60
Head = dict[str, Any]


def work_of(world: World, member: Row) -> dict[str, Any]:
    """Everything on the member's workbench."""
    apps = world.store.rows("SELECT * FROM app WHERE NOT disabled ORDER BY agent_id LIMIT ?", SHOWN)
    return {
        "work_apps": [app for app in apps if people.is_visible(world, app, member["userid"])],
        "robots": world.store.rows("SELECT aibotid, name FROM robot ORDER BY name LIMIT ?", SHOWN),
        "rooms": world.store.rows(
            "SELECT appchat.chatid, name FROM appchat JOIN appchat_member USING (chatid)"
            " WHERE userid = ? ORDER BY joined_at DESC LIMIT ?",
            member["userid"],
            SHOWN,
        ),
    }


def find_app_chat(world: World, userid: str, name: str) -> tuple[chats.Chat, Head]:
    """What an application told the member, with its menu; he may write back."""
    app = world.store.row("SELECT * FROM app WHERE agent_id = CAST(? AS INTEGER)", name)
    if app is None:
        raise Refused("没有这个应用")
    menu = world.store.value("SELECT buttons FROM app_menu WHERE agent_id = ?", app["agent_id"])
    return chats.Chat("app", userid=userid, place=name), {
        "chat_title": app["name"],
        "chat_line": "应用消息",
        "act": "acts/send_app",
        "body": {"userid": userid, "agent_id": app["agent_id"]},
        "menu": json.loads(menu) if menu else [],
        "home_url": app["home_url"],
        "lost": False,
    }


def find_internal_chat(world: World, userid: str, chatid: str) -> tuple[chats.Chat, Head]:
    """An internal group: what applications and webhook robots said there, and colleagues."""
    row = appchats.find(world, chatid)
    inside = appchats.members_of(world, chatid)
    if row is None or userid.lower() not in {each.lower() for each in inside}:
        raise Refused("不在这个内部群里")
    return appchats.chat_of(chatid), {
        "chat_title": row["name"] or "内部群",
        "chat_line": f"{len(inside)} 人 · 内部群",
        "act": "acts/say_in_appchat",
        "body": {"userid": userid, "chatid": chatid},
        "lost": False,
        "is_crowd": True,
    }


def find_robot_chat(world: World, userid: str, aibotid: str) -> tuple[chats.Chat, Head]:
    """The conversation with a smart robot."""
    row = robots.find(world, aibotid)
    return chats.Chat("robot", userid=userid, place=aibotid), {
        "chat_title": row["name"],
        "chat_line": "智能机器人",
        "act": "acts/aibot_say",
        "body": {"userid": userid, "aibotid": aibotid},
        "lost": False,
    }


def cards_in(
    world: World, chat: chats.Chat, userid: str, messages: list[dict[str, Any]]
) -> dict[str, dict[str, str]]:
    """By message: the act and the msgid with which the buttons of its card are pressed."""
    if chat.kind == "robot":
        return {
            each["msgid"]: {"act": "acts/press_robot_card", "msgid": each["msgid"]}
            for each in messages
        }
    if chat.kind != "app":
        return {}
    rows = world.store.rows(
        "SELECT message_id, msgid FROM app_copy WHERE userid = ? AND agent_id = ?"
        " ORDER BY at DESC LIMIT 80",
        userid,
        int(chat.place),
    )
    return {row["message_id"]: {"act": "acts/press_card", "msgid": row["msgid"]} for row in rows}
