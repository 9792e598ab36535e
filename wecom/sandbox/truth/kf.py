"""微信客服: sessions, the feed that sync_msg reads, and when a server may speak.

Session state: 0 unprocessed, 1 assistant, 2 waiting pool, 3 human, 4 ended or not begun.
"""

import sqlite3
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import chats, events
from .people import departments_below, find_customer

UNPROCESSED, ASSISTANT, POOL, HUMAN, ENDED = range(5)
WINDOW_S = 48 * 3600
ANSWERS_PER_MESSAGE = 5
FEED_LIFE_S = 3 * 86400
WELCOME_LIFE_S = 20
# fail_type of a message that the customer refuses.
REJECTED = 10
FROM_CUSTOMER, FROM_SYSTEM, FROM_SERVICER = 3, 4, 5


def find_account(world: World, open_kfid: str) -> sqlite3.Row:
    """The account; refused when unknown."""
    row = world.store.row("SELECT * FROM kf_account WHERE open_kfid = ?", open_kfid)
    if row is None:
        raise Refused(f"没有这个客服账号：{open_kfid}")
    return row


def chat_with(open_kfid: str, external_userid: str) -> chats.Chat:
    """The conversation of a customer with a customer-service account."""
    return chats.Chat("kf", external_userid=external_userid, place=open_kfid)


def session_of(world: World, open_kfid: str, external_userid: str) -> sqlite3.Row:
    """The session, begun as 4 (not started) when there is none yet."""
    world.store.run(
        "INSERT OR IGNORE INTO kf_session (open_kfid, external_userid) VALUES (?, ?)",
        open_kfid,
        external_userid,
    )
    row = world.store.row(
        "SELECT * FROM kf_session WHERE open_kfid = ? AND external_userid = ?",
        open_kfid,
        external_userid,
    )
    if row is None:
        raise Refused("会话不存在")
    if row["state"] != ENDED and row["wrote_at"] + WINDOW_S < world.clock.now():
        # One consultation lasts at most 48 hours.
        change_session(world, row, state=ENDED, servicer="")
        return session_of(world, open_kfid, external_userid)
    return row


def change_session(world: World, session: sqlite3.Row, **values: object) -> None:
    """Write some columns of a session, the others stay as they were read."""
    row = dict(session) | values
    world.store.run(
        "UPDATE kf_session SET state = ?, servicer = ?, wrote_at = ?, answers = ?,"
        " welcomed_at = ?, scene = ?, scene_param = ?"
        " WHERE open_kfid = ? AND external_userid = ?",
        row["state"],
        row["servicer"],
        row["wrote_at"],
        row["answers"],
        row["welcomed_at"],
        row["scene"],
        row["scene_param"],
        row["open_kfid"],
        row["external_userid"],
    )


def feed(world: World, open_kfid: str, item: dict[str, Any]) -> str:
    """Append one item to what sync_msg reads and tell the applications."""
    msgid = world.ids.new("kf_message", 32)
    world.store.run(
        "INSERT INTO kf_feed (open_kfid, item, at) VALUES (?, ?, ?)",
        open_kfid,
        pack({"msgid": msgid, "send_time": world.clock.second()} | item),
        world.clock.now(),
    )
    events.tell_kf_grew(world, open_kfid)
    return msgid


def enter(
    world: World,
    *,
    open_kfid: str,
    external_userid: str,
    scene: str = "",
    scene_param: str = "",
) -> str:
    """The customer opens the conversation; gives the welcome code, or an empty text.

    A code comes only when there was no welcome within 48 hours and nobody has written.
    """
    find_account(world, open_kfid)
    find_customer(world, external_userid)
    with world.store.writing():
        session = session_of(world, open_kfid, external_userid)
        now = world.clock.now()
        quiet = max(session["welcomed_at"], session["wrote_at"]) + WINDOW_S < now
        code = ""
        if quiet:
            code = issue_code(world, "welcome", open_kfid, external_userid, WELCOME_LIFE_S)
        change_session(world, session, scene=scene, scene_param=scene_param)
        event = {
            "event_type": "enter_session",
            "open_kfid": open_kfid,
            "external_userid": external_userid,
            "scene": scene,
            "scene_param": scene_param,
        }
        if code:
            event["welcome_code"] = code
        feed(
            world,
            open_kfid,
            {"origin": FROM_SYSTEM, "msgtype": "event", "event": event},
        )
    return code


def issue_code(world: World, kind: str, open_kfid: str, external_userid: str, life_s: float) -> str:
    """A code for send_msg_on_event."""
    code = world.ids.new("kf_code", 40)
    world.store.run(
        "INSERT INTO kf_code VALUES (?, ?, ?, ?, ?, 0)",
        code,
        kind,
        open_kfid,
        external_userid,
        world.clock.now() + life_s,
    )
    return code


def write(world: World, *, open_kfid: str, external_userid: str, content: chats.Content) -> str:
    """The customer writes: the 48 hours and the five answers begin anew."""
    find_account(world, open_kfid)
    find_customer(world, external_userid)
    with world.store.writing():
        session = session_of(world, open_kfid, external_userid)
        if rejects(world, session, "servicer"):
            raise Refused("接待人员已拒收这位顾客的消息")
        state = UNPROCESSED if session["state"] == ENDED else session["state"]
        change_session(world, session, state=state, wrote_at=world.clock.now(), answers=0)
        chat = chat_with(open_kfid, external_userid)
        post = chats.Post(chat, external_userid, chats.CUSTOMER, content, "kf_customer")
        number = chats.post_all(world, [post])[0]
        msgid = feed(
            world,
            open_kfid,
            {
                "open_kfid": open_kfid,
                "external_userid": external_userid,
                "origin": FROM_CUSTOMER,
            }
            | content,
        )
        remember(world, open_kfid, msgid, number)
    return msgid


def remember(world: World, open_kfid: str, msgid: str, message_id: str) -> None:
    """Which message of the conversation a feed's msgid means, for recalls and repetitions."""
    world.store.run("INSERT OR IGNORE INTO kf_said VALUES (?, ?, ?)", open_kfid, msgid, message_id)


def rejects(world: World, session: sqlite3.Row, who: str) -> bool:
    """Whether the customer refuses the account, or the servicer the customer."""
    return bool(
        world.store.value(
            "SELECT 1 FROM kf_rejection WHERE open_kfid = ? AND external_userid = ? AND who = ?",
            session["open_kfid"],
            session["external_userid"],
            who,
        )
    )


def why_silent(world: World, session: sqlite3.Row) -> int:
    """The errcode that forbids a server's message now, or 0."""
    if session["state"] == ENDED:
        return 95013
    if session["state"] not in (UNPROCESSED, ASSISTANT):
        return 95018
    if session["wrote_at"] + WINDOW_S < world.clock.now():
        return 95002
    if session["answers"] >= ANSWERS_PER_MESSAGE:
        return 95001
    return 0


def answer(world: World, session: sqlite3.Row, content: chats.Content, msgid: str) -> None:
    """The server answers as the account; counts towards the five.

    What does not reach the customer is told later, by msg_send_fail.
    """
    change_session(world, session, answers=session["answers"] + 1)
    fail_type = why_lost(world, session)
    if fail_type is None:
        say(world, session, content, msgid)
        return
    remember(world, session["open_kfid"], msgid, "")
    tell_event(world, session, "msg_send_fail", fail_msgid=msgid, fail_type=fail_type)


def why_lost(world: World, session: sqlite3.Row) -> int | None:
    """The fail_type of a message that will not arrive, or None."""
    if rejects(world, session, "customer"):
        return REJECTED
    on = world.switches.on
    lost = on.kf_fail_probability and world.chance.random() < on.kf_fail_probability
    return on.kf_fail_type if lost else None


def say(world: World, session: sqlite3.Row, content: chats.Content, msgid: str) -> None:
    """Words of the account in the conversation."""
    chat = chat_with(session["open_kfid"], session["external_userid"])
    post = chats.Post(chat, chat.place, chats.KF_ACCOUNT, content, "kf_api")
    remember(world, session["open_kfid"], msgid, chats.post_all(world, [post])[0])


def tell_event(world: World, session: sqlite3.Row, event_type: str, **fields: Any) -> None:
    """An event about one conversation, in the feed."""
    event = {
        "event_type": event_type,
        "open_kfid": session["open_kfid"],
        "external_userid": session["external_userid"],
    }
    item = {"origin": FROM_SYSTEM, "msgtype": "event", "event": event | fields}
    feed(world, session["open_kfid"], item)


def may_move(world: World, before: int, after: int) -> bool:
    """Which changes the API accepts; nothing else, and nothing out of 4."""
    if after == ENDED:
        return before != ENDED and str(before) in world.switches.on.kf_end_from.split(",")
    moves = {
        UNPROCESSED: {ASSISTANT, POOL, HUMAN},
        ASSISTANT: {POOL, HUMAN},
        POOL: {HUMAN},
        HUMAN: {HUMAN},
        ENDED: set(),
    }
    return after in moves[before]


def serves(world: World, open_kfid: str, userid: str) -> bool:
    """Whether the member serves the account, by himself or by his department."""
    if world.store.value(
        "SELECT 1 FROM kf_servicer WHERE open_kfid = ? AND userid = ?", open_kfid, userid
    ):
        return True
    parties = world.store.column(
        "SELECT department_id FROM kf_department WHERE open_kfid = ?", open_kfid
    )
    own = world.store.column("SELECT department_id FROM member_department WHERE userid = ?", userid)
    return not departments_below(world, parties).isdisjoint(own)


def say_as_servicer(
    world: World,
    *,
    open_kfid: str,
    external_userid: str,
    userid: str,
    content: chats.Content,
) -> str:
    """A servicer answers in his client; an ended session becomes his (change_type 4)."""
    account = find_account(world, open_kfid)
    if not serves(world, open_kfid, userid):
        raise Refused("不是这个客服账号的接待人员")
    with world.store.writing():
        session = session_of(world, open_kfid, external_userid)
        if session["state"] != HUMAN:
            change_session(world, session, state=HUMAN, servicer=userid)
            change = 4 if session["state"] == ENDED else 1
            tell_status(world, session, change, userid)
        chat = chat_with(account["open_kfid"], external_userid)
        post = chats.Post(chat, account["open_kfid"], chats.KF_ACCOUNT, content, "kf_servicer")
        number = chats.post_all(world, [post])[0]
        msgid = feed(
            world,
            open_kfid,
            {
                "open_kfid": open_kfid,
                "external_userid": external_userid,
                "origin": FROM_SERVICER,
                "servicer_userid": userid,
            }
            | content,
        )
        remember(world, open_kfid, msgid, number)
    return msgid


def end_in_client(world: World, *, open_kfid: str, external_userid: str, userid: str) -> None:
    """The servicer ends the session in his client (change_type 3)."""
    with world.store.writing():
        session = session_of(world, open_kfid, external_userid)
        if session["state"] != HUMAN:
            raise Refused("会话不在人工接待中")
        change_session(world, session, state=ENDED, servicer="")
        tell_status(world, session, 3, userid)
    world.live.announce(f"customer:{external_userid}")


def tell_status(world: World, session: sqlite3.Row, change_type: int, userid: str) -> None:
    """session_status_change in the feed, for what people did in the client."""
    event: dict[str, Any] = {
        "change_type": change_type,
        "old_servicer_userid": session["servicer"],
        "new_servicer_userid": userid if change_type != 3 else "",
    }
    if change_type in (1, 3):
        life = WELCOME_LIFE_S if change_type == 3 else WINDOW_S
        event["msg_code"] = issue_code(
            world,
            "end" if change_type == 3 else "access",
            session["open_kfid"],
            session["external_userid"],
            life,
        )
    tell_event(world, session, "session_status_change", **event)
