"""微信客服 (wecom.md 7.5): the one channel where a server talks 1:1 with WeChat users."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import kf
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

TEXT_BYTES = 2048
PAGE = 1000
KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "file",
    "link",
    "miniprogram",
    "msgmenu",
    "location",
)


def account_of(call: Call) -> Row:
    """The account named in the request; unknown is 95004, not ours to manage 48007."""
    open_kfid = reading.text(call.body, "open_kfid", missing=95000)
    row = call.world.store.row("SELECT * FROM kf_account WHERE open_kfid = ?", open_kfid)
    if row is None:
        raise ApiError(95004)
    if not row["managed"]:
        raise ApiError(48007)
    return row


def session_of(call: Call, name: str = "external_userid") -> Row:
    """The session with the customer named in the request; unknown is 40096."""
    account = account_of(call)
    external_userid = reading.text(call.body, name, missing=40096)
    if not call.world.store.value(
        "SELECT 1 FROM customer WHERE external_userid = ?", external_userid
    ):
        raise ApiError(40096)
    return kf.session_of(call.world, account["open_kfid"], external_userid)


def read_content(call: Call, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The message part of a request."""
    kind = reading.text(call.body, "msgtype", missing=40008)
    if kind not in kinds:
        raise ApiError(40008)
    part = reading.mapping(call.body, kind)
    if kind == "text":
        reading.text(part, "content", missing=44004, bytes=TEXT_BYTES, too_long=45002)
    elif kind == "msgmenu":
        listed = part.get("list") or []
        if not isinstance(listed, list) or len(listed) > 50:
            raise ApiError(40058)
    elif not part:
        raise ApiError(40063)
    return {"msgtype": kind, kind: part}


def msgid_of(call: Call) -> str:
    """The caller's own msgid, or a new one."""
    given = reading.text(call.body, "msgid", bytes=32)
    return given or call.world.ids.new("kf_message", 32)


@endpoint("kf/account/list")
def list_accounts(call: Call) -> dict[str, Any]:
    """Accounts by offset; also as GET without a body."""
    offset = reading.number(call.body, "offset", 0)
    limit = reading.page_size(call.body, most=100, default=100)
    rows = call.world.store.rows(
        "SELECT * FROM kf_account ORDER BY open_kfid LIMIT ? OFFSET ?", limit, offset
    )
    return {
        "account_list": [
            {
                "open_kfid": row["open_kfid"],
                "name": row["name"],
                "avatar": row["avatar"],
                "manage_privilege": bool(row["managed"]),
            }
            for row in rows
        ]
    }


@endpoint("kf/add_contact_way")
def add_contact_way(call: Call) -> dict[str, Any]:
    """The address that opens the conversation, carrying a scene."""
    account = account_of(call)
    scene = reading.text(call.body, "scene", bytes=32)
    if scene and not scene.replace("-", "").replace("_", "").isalnum():
        raise ApiError(40058)
    tail = f"?enc_scene={scene}" if scene else ""
    path = f"/sandbox/kf/{account['open_kfid']}{tail}"
    return {"url": call.world.options.public(path)}


@endpoint("kf/sync_msg")
def sync_msg(call: Call) -> dict[str, Any]:
    """What customers and the system did in the last three days, behind a cursor.

    Messages sent by API are not in it.
    """
    body, store = call.body, call.world.store
    open_kfid = reading.text(body, "open_kfid")
    if open_kfid:
        open_kfid = account_of(call)["open_kfid"]
    now = call.world.clock.now()
    check_token(call, open_kfid)
    limit = reading.page_size(body, most=PAGE, default=PAGE)
    after = int(reading.cursor_of(call, f"kf {open_kfid}") or 0)
    rows = store.rows(
        "SELECT * FROM kf_feed WHERE seq > ? AND at > ? AND at <= ?"
        " AND (? = '' OR open_kfid = ?) ORDER BY seq LIMIT ?",
        after,
        now - kf.FEED_LIFE_S,
        now - call.world.switches.on.kf_feed_delay_s,
        open_kfid,
        open_kfid,
        limit + 1,
    )
    empty = call.world.switches.on.kf_empty_page_probability
    if empty and call.world.chance.random() < empty:
        cursor = reading.write_cursor(f"kf {open_kfid}", str(after))
        return {"next_cursor": cursor, "has_more": 1, "msg_list": []}
    page = rows[:limit]
    last = page[-1]["seq"] if page else after
    return {
        "next_cursor": reading.write_cursor(f"kf {open_kfid}", str(last)),
        "has_more": int(len(rows) > limit),
        "msg_list": [json.loads(row["item"]) for row in page],
    }


def check_token(call: Call, open_kfid: str) -> None:
    """A token of a callback within its time; without one pulling is counted."""
    token = reading.text(call.body, "token", bytes=128)
    if not token:
        check_frequency(call)
    elif not call.world.store.value(
        "SELECT 1 FROM kf_token WHERE token = ? AND expires_at >= ? AND (? = '' OR open_kfid = ?)",
        token,
        call.world.clock.now(),
        open_kfid,
        open_kfid,
    ):
        raise ApiError(95007)


def check_frequency(call: Call) -> None:
    """Pulling without a token is counted apart, when the switch says how often it may be."""
    store, most = call.world.store, call.world.switches.on.kf_without_token_per_minute
    if not most:
        return
    now = call.world.clock.now()
    store.run("DELETE FROM kf_call WHERE at <= ?", now - 60)
    if store.count("kf_call") >= most:
        raise ApiError(45009)
    store.run("INSERT INTO kf_call VALUES (?)", now)


@endpoint("kf/send_msg")
def send_msg(call: Call) -> dict[str, Any]:
    """Speak as the account: within 48 hours and five answers, in state 0 or 1 only."""
    session = session_of(call, "touser")
    content = read_content(call, KINDS)
    refused = kf.why_silent(call.world, session)
    if refused:
        raise ApiError(refused)
    msgid = msgid_of(call)
    if is_repeated(call, session, msgid):
        return {"msgid": msgid}
    kf.answer(call.world, session, content, msgid)
    return {"msgid": msgid}


def is_repeated(call: Call, session: Row, msgid: str) -> bool:
    """Whether the account sent this msgid before; what then happens is a switch."""
    mode = call.world.switches.on.kf_repeated_msgid
    if mode == "send" or not call.world.store.value(
        "SELECT 1 FROM kf_said WHERE open_kfid = ? AND msgid = ?", session["open_kfid"], msgid
    ):
        return False
    if mode == "refuse":
        raise ApiError(40058, "msgid is not unique")
    return True


@endpoint("kf/send_msg_on_event")
def send_msg_on_event(call: Call) -> dict[str, Any]:
    """Answer an event with its code, once and in its time."""
    code = reading.text(call.body, "code", missing=40063)
    row = call.world.store.row(
        "SELECT * FROM kf_code WHERE code = ? AND NOT used AND expires_at >= ?",
        code,
        call.world.clock.now(),
    )
    if row is None:
        raise ApiError(95007)
    kinds = ("text", "msgmenu") if row["kind"] in ("welcome", "end") else ("text",)
    content = read_content(call, kinds)
    call.world.store.run("UPDATE kf_code SET used = 1 WHERE code = ?", code)
    session = kf.session_of(call.world, row["open_kfid"], row["external_userid"])
    # What an event's code says does not count towards the five answers.
    msgid = msgid_of(call)
    kf.say(call.world, session, content, msgid)
    if row["kind"] == "welcome":
        kf.change_session(call.world, session, welcomed_at=call.world.clock.now())
    return {"msgid": msgid}


@endpoint("kf/service_state/get")
def get_service_state(call: Call) -> dict[str, Any]:
    """The session's state, and who serves when a human does."""
    session = session_of(call)
    answer: dict[str, Any] = {"service_state": session["state"]}
    if session["state"] == kf.HUMAN:
        answer["servicer_userid"] = session["servicer"]
    return answer


@endpoint("kf/service_state/trans")
def change_service_state(call: Call) -> dict[str, Any]:
    """Move a session where the table of states allows; else 95016."""
    session = session_of(call)
    after = reading.number(call.body, "service_state", missing=40063, high=4)
    if not kf.may_move(call.world, session["state"], after):
        raise ApiError(95016)
    servicer = ""
    if after == kf.HUMAN:
        servicer = reading.text(call.body, "servicer_userid", missing=40063)
        if not is_serving(call, session["open_kfid"], servicer):
            raise ApiError(95014)
    kf.change_session(call.world, session, state=after, servicer=servicer)
    call.world.live.announce(f"customer:{session['external_userid']}")
    kinds = {kf.POOL: "queue", kf.HUMAN: "access", kf.ENDED: "end"}
    if after not in kinds or session["state"] == kf.HUMAN == after:
        return {}
    life = kf.WELCOME_LIFE_S if after == kf.ENDED else kf.WINDOW_S
    return {
        "msg_code": kf.issue_code(
            call.world,
            kinds[after],
            session["open_kfid"],
            session["external_userid"],
            life,
        )
    }


def is_serving(call: Call, open_kfid: str, userid: str) -> bool:
    """Whether the member serves the account, is activated and has not paused."""
    store = call.world.store
    return (
        kf.serves(call.world, open_kfid, userid)
        and store.value("SELECT status FROM member WHERE userid = ?", userid) == 1
        and not store.value(
            "SELECT status FROM kf_servicer WHERE open_kfid = ? AND userid = ?", open_kfid, userid
        )
    )


@endpoint("kf/customer/batchget")
def batch_get_customers(call: Call) -> dict[str, Any]:
    """Names and unionids of customers who came to customer service."""
    wanted = reading.texts(call.body, "external_userid_list", most=100, missing=40063)
    context = reading.number(call.body, "need_enter_session_context", 0, high=1) == 1
    found, invalid = [], []
    for external_userid in wanted:
        session = call.world.store.row(
            "SELECT customer.*, scene, scene_param FROM customer JOIN kf_session"
            " USING (external_userid) WHERE external_userid = ?",
            external_userid,
        )
        if session is None:
            invalid.append(external_userid)
            continue
        found.append(write_customer(call, session, context=context))
    return {"customer_list": found, "invalid_external_userid": invalid}


def write_customer(call: Call, row: Row, *, context: bool) -> dict[str, Any]:
    """One customer of customer service."""
    written = {
        "external_userid": row["external_userid"],
        "nickname": row["name"],
        "avatar": row["avatar"],
        "gender": row["gender"],
    }
    if call.world.is_bound:
        written["unionid"] = row["unionid"]
    if context:
        written["enter_session_context"] = {
            "scene": row["scene"],
            "scene_param": row["scene_param"],
        }
    return written
