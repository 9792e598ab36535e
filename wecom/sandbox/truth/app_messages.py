"""What an application tells members, and what they do with it: cards, menus, answers."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import agent_events, chats
from .people import find_member, is_visible

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
Card = dict[str, Any]
Selection = dict[str, list[str]]


def send(
    world: World, *, agent_id: int, userids: Sequence[str], content: chats.Content
) -> dict[str, str]:
    """Put a message into members' conversations with the application.

    Who had too many this minute or hour gets it not, and nobody is told.
    """
    msgid, sender, now = world.ids.new("app_message", 44), str(agent_id), world.clock.now()
    card = content.get("template_card") or {}
    world.store.run(
        "INSERT INTO app_message (msgid, agent_id, task_id, sent_at) VALUES (?, ?, ?, ?)",
        msgid,
        agent_id,
        card.get("task_id", ""),
        now,
    )
    reached = [userid for userid in userids if has_room(world, agent_id, userid)]
    posts = [
        chats.Post(
            chats.Chat("app", userid=userid, place=sender),
            sender,
            chats.APPLICATION,
            content,
            "app",
        )
        for userid in reached
    ]
    ids = chats.post_all(world, posts)
    world.store.run_many(
        "INSERT INTO app_copy VALUES (?, ?, ?, ?, ?)",
        [(msgid, u, agent_id, number, now) for u, number in zip(reached, ids, strict=True)],
    )
    answer = {"msgid": msgid}
    if card.get("card_type") in INTERACTIVE:
        answer["response_code"] = issue_code(world, agent_id, msgid)
    return answer


def has_room(world: World, agent_id: int, userid: str) -> bool:
    """Whether the member may get one more message of the application."""
    on, now = world.switches.on, world.clock.now()
    for most, span in ((on.app_message_per_minute, 60), (on.app_message_per_hour, 3600)):
        lately = world.store.value(
            "SELECT count(*) FROM app_copy WHERE userid = ? AND agent_id = ? AND at > ?",
            userid,
            agent_id,
            now - span,
        )
        if most and lately >= most:
            return False
    return True


def issue_code(world: World, agent_id: int, msgid: str) -> str:
    """A response code: changes the card once."""
    code = world.ids.new("response_code", 40)
    world.store.run(
        "INSERT INTO response_code (code, agent_id, msgid, expires_at) VALUES (?, ?, ?, ?)",
        code,
        agent_id,
        msgid,
        world.clock.now() + world.switches.on.response_code_ttl_s,
    )
    return code


def copies_of(world: World, msgid: str) -> list[sqlite3.Row]:
    """Each member's copy with its content."""
    return world.store.rows(
        "SELECT app_copy.*, message.content FROM app_copy"
        " JOIN message ON message.msgid = app_copy.message_id WHERE app_copy.msgid = ?",
        msgid,
    )


def rewrite(world: World, copy: sqlite3.Row, content: chats.Content) -> None:
    """Another content stands where the old one stood."""
    world.store.run(
        "UPDATE message SET content = ? WHERE msgid = ?", pack(content), copy["message_id"]
    )
    world.live.announce(f"member:{copy['userid'].lower()}")


def recall(world: World, msgid: str) -> None:
    """Every copy becomes a grey line; repeating changes nothing."""
    world.store.run("UPDATE app_message SET recalled = 1 WHERE msgid = ?", msgid)
    for copy in copies_of(world, msgid):
        line = {"msgtype": "notice", "notice": {"content": "应用撤回了一条消息"}}
        rewrite(world, copy, line)


def change_card(
    world: World,
    *,
    msgid: str,
    userids: Sequence[str],
    replace_name: str = "",
    card: Card | None = None,
) -> None:
    """Put another card, or one dead button, before some of the members who have it."""
    wanted = {userid.lower() for userid in userids}
    for copy in copies_of(world, msgid):
        if copy["userid"].lower() not in wanted:
            continue
        content = json.loads(copy["content"])
        if card is not None:
            content["template_card"] = card
        else:
            content["template_card"]["replaced_with"] = replace_name
        rewrite(world, copy, content)


def press_card(
    world: World, *, userid: str, msgid: str, key: str, selected: Selection | None = None
) -> dict[str, Any]:
    """A member presses a button of his card; the application gets a code of its own for it."""
    member = find_member(world, userid)["userid"]
    copy = next((c for c in copies_of(world, msgid) if c["userid"] == member), None)
    if copy is None:
        raise Refused("这位成员没有收到这张卡片")
    card: Card = json.loads(copy["content"]).get("template_card") or {}
    if card.get("replaced_with"):
        raise Refused("这张卡片已经处理过了")
    from_menu = key in [
        a.get("key") for a in (card.get("action_menu") or {}).get("action_list", [])
    ]
    if not from_menu and key not in keys_of(card):
        raise Refused("卡片上没有这个按钮")
    event = "template_card_menu_event" if from_menu else "template_card_event"
    agent_events.tell_event(
        world,
        copy["agent_id"],
        event,
        ("EventKey", key),
        ("TaskId", card.get("task_id", "")),
        ("CardType", card["card_type"]),
        ("ResponseCode", issue_code(world, copy["agent_id"], msgid)),
        sender=member,
        raw=write_selection(selected or {}),
    )
    return {"task_id": card.get("task_id", "")}


def keys_of(card: Card) -> list[str]:
    """Keys that a press answers with; buttons that only open a page have none."""
    keys = [b.get("key", "") for b in card.get("button_list") or [] if b.get("type", 0) == 0]
    if card.get("submit_button"):
        keys.append(card["submit_button"].get("key", ""))
    return [key for key in keys if key]


def write_selection(selected: Selection) -> str:
    """SelectedItems as XML."""
    if not selected:
        return ""
    items = "".join(
        f"<SelectedItem><QuestionKey>{agent_events.write_cdata(question)}</QuestionKey><OptionIds>"
        + "".join(f"<OptionId>{agent_events.write_cdata(each)}</OptionId>" for each in options)
        + "</OptionIds></SelectedItem>"
        for question, options in selected.items()
    )
    return f"<SelectedItems>{items}</SelectedItems>"


# What members do in an application ------------------------------------------------


def find_user(world: World, userid: str, agent_id: int) -> str:
    """The member, when the application is there for him."""
    app = world.store.row("SELECT * FROM app WHERE agent_id = ?", agent_id)
    member = find_member(world, userid)["userid"]
    if app is None or app["disabled"] or not is_visible(world, app, member):
        raise Refused("这位成员看不到这个应用")
    return str(member)


def enter(world: World, *, userid: str, agent_id: int) -> None:
    """A member opens the application."""
    member = find_user(world, userid, agent_id)
    agent_events.tell_event(world, agent_id, "enter_agent", ("EventKey", ""), sender=member)


def click_menu(world: World, *, userid: str, agent_id: int, key: str) -> dict[str, str]:
    """A member taps the menu: ``click`` tells the key, ``view`` the address."""
    member = find_user(world, userid, agent_id)
    buttons = json.loads(
        world.store.value("SELECT buttons FROM app_menu WHERE agent_id = ?", agent_id) or "[]"
    )
    flat = [leaf for button in buttons for leaf in button.get("sub_button") or [button]]
    for button in flat:
        if key in (button.get("key"), button.get("url")):
            event = str(button["type"])
            agent_events.tell_event(world, agent_id, event, ("EventKey", key), sender=member)
            return {"type": event}
    raise Refused("菜单里没有这一项")


def say_to_app(world: World, *, userid: str, agent_id: int, content: chats.Content) -> str:
    """A member writes to the application."""
    member = find_user(world, userid, agent_id)
    kind = content["msgtype"]
    if kind not in agent_events.MESSAGES:
        raise Refused(f"不能发给应用的消息类型：{kind}")
    chat = chats.Chat("app", userid=member, place=str(agent_id))
    msgid = chats.post_all(world, [chats.Post(chat, member, chats.MEMBER, content, "chat")])[0]
    fields = agent_events.MESSAGES[kind](world, content.get(kind) or {})
    agent_events.tell_message(world, agent_id, member, kind, *fields)
    return msgid


def change_activity(world: World, agent_id: int, *, inactive: bool) -> None:
    """WeCom suspends an application that nobody used for long, or an admin wakes it again."""
    changed = world.store.run(
        "UPDATE app SET inactive = ? WHERE agent_id = ? AND inactive != ?",
        inactive,
        agent_id,
        inactive,
    )
    if not changed:
        raise Refused("没有这个应用，或它已是这样")
    agent_events.tell_event(
        world, agent_id, "close_inactive_agent" if inactive else "reopen_inactive_agent"
    )
