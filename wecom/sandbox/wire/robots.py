"""Talks with smart robots: JSON callbacks with an empty receiver id, streams polled to an end."""

import asyncio
import hmac
import json
import secrets
import sqlite3
import time
from typing import Any

import httpx

from wecom.sandbox import crypto
from wecom.sandbox.truth import chats, robots
from wecom.sandbox.world import Refused, World

from . import cards
from .courier import add_query
from .errors import ApiError

STREAM_BYTES = 20_480
STREAM_PICTURES = 10
FILES = ("image", "file", "video")
Json = dict[str, Any]


class BadReply(ValueError):
    """The robot answered something WeCom does not show."""


async def converse(world: World, msgid: str) -> None:
    """Tell the robot one thing, and show what it answers until it has finished."""
    life = world.life
    try:
        turn = robots.find_turn(world, msgid)
    except Refused:
        return  # The act that began it was taken back.
    robot = robots.find(world, turn["aibotid"])
    began = time.monotonic()
    payload = payload_of(world, turn)
    try:
        while True:
            reply = await ask(world, robot, payload)
            if life != world.life:
                return
            with world.store.writing():
                stream_id = show(world, turn, reply)
            if not stream_id:
                return
            if time.monotonic() - began > world.switches.on.robot_stream_s:
                raise BadReply("the stream did not finish in time")
            await asyncio.sleep(world.switches.on.robot_poll_s)
            payload = base_of(turn) | {"msgtype": "stream", "stream": {"id": stream_id}}
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, ApiError) as problem:
        if life == world.life:
            words = f"{type(problem).__name__}: {problem}"
            robots.note(world, turn, "failed", error=words)
    world.live.announce("control")


def base_of(turn: sqlite3.Row) -> Json:
    """What every letter to a robot says."""
    base: Json = {"msgid": turn["msgid"], "aibotid": turn["aibotid"]}
    if turn["chatid"]:
        base |= {"chatid": turn["chatid"]}
    kind = "group" if turn["chatid"] else "single"
    return base | {"chattype": kind, "from": {"userid": turn["userid"]}}


def payload_of(world: World, turn: sqlite3.Row) -> Json:
    """The message or event of a turn."""
    asked: Json = json.loads(turn["asked"])
    payload = base_of(turn) | {"create_time": int(turn["at"])}
    if turn["kind"] == "enter_chat":
        return payload | {"msgtype": "event", "event": {"eventtype": "enter_chat"}}
    code = robots.issue_url(world, turn["msgid"])
    path = f"/sandbox/cgi-bin/aibot/response?response_code={code}"
    payload["response_url"] = world.options.public(path)
    if turn["kind"] == "template_card_event":
        pressed = asked["template_card_event"]
        event = {"eventtype": "template_card_event", "template_card_event": pressed}
        return payload | {"msgtype": "event", "event": event}
    kind = asked["msgtype"]
    part = asked.get(kind) or {}
    if kind in FILES:
        code = robots.issue_file_url(world, turn, str(part.get("media_id", "")))
        part = {"url": world.options.public(f"/sandbox/cgi-bin/aibot/file?code={code}")}
    payload |= {"msgtype": kind, kind: part}
    if "quote" in asked:
        payload["quote"] = asked["quote"]
    return payload


async def ask(world: World, robot: sqlite3.Row, payload: Json) -> Json:
    """Send one sealed letter and open the answer; an empty answer is an empty object."""
    words = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    sealed = crypto.encrypt(robot["callback_aes_key"], words, "")
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    signature = crypto.sign(robot["callback_token"], timestamp, nonce, sealed)
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    patience = world.switches.on.robot_deadline_s
    async with asyncio.timeout(patience):
        async with httpx.AsyncClient(trust_env=False, timeout=patience) as client:
            answer = await client.post(
                add_query(robot["callback_url"], query), json={"encrypt": sealed}
            )
    if answer.status_code != 200:
        raise BadReply(f"HTTP {answer.status_code}")
    return open_reply(robot, answer.content) if answer.content.strip() else {}


def open_reply(robot: sqlite3.Row, body: bytes) -> Json:
    """The answer inside its envelope; a wrong signature is refused."""
    letter = json.loads(body)
    if not letter:
        return {}
    sealed = str(letter["encrypt"]) if "encrypt" in letter else ""
    expected = crypto.sign(
        robot["callback_token"], str(letter.get("timestamp")), str(letter.get("nonce")), sealed
    )
    if not hmac.compare_digest(expected, str(letter.get("msgsignature"))):
        raise BadReply("msgsignature is wrong")
    reply: Json = json.loads(crypto.decrypt(robot["callback_aes_key"], sealed, ""))
    return reply


def show(world: World, turn: sqlite3.Row, reply: Json) -> str:
    """Show a reply; gives the stream's id when it goes on."""
    if not reply:
        robots.note(world, turn, "silent")
        return ""
    if reply.get("response_type") == "update_template_card":
        replace_card(world, turn, reply)
        return ""
    kind = reply.get("msgtype")
    if kind in ("stream", "stream_with_template_card") and turn["kind"] == "message":
        return show_stream(world, turn, reply)
    if kind == "template_card":
        card = cards.check_card(reply.get("template_card") or {})
        robots.say(world, turn, {"msgtype": "template_card", "template_card": card})
    elif kind == "text" and turn["kind"] == "enter_chat":
        robots.say(world, turn, chats.text_content(str(reply["text"]["content"])))
    else:
        raise BadReply(f"msgtype {kind} does not answer {turn['kind']}")
    robots.note(world, turn, "answered")
    return ""


def show_stream(world: World, turn: sqlite3.Row, reply: Json) -> str:
    """Each piece replaces the text before it."""
    stream = reply.get("stream") or {}
    stream_id, words = str(stream.get("id") or ""), str(stream.get("content") or "")
    finished = bool(stream.get("finish"))
    pictures = stream.get("msg_item") or []
    if not stream_id or (turn["stream_id"] and stream_id != turn["stream_id"]):
        raise BadReply("stream.id is missing or another one")
    if len(words.encode()) > STREAM_BYTES:
        raise BadReply("stream.content is too long")
    if len(pictures) > STREAM_PICTURES or (pictures and not finished):
        raise BadReply("stream.msg_item comes with the last piece, ten at most")
    robots.say(world, turn, {"msgtype": "markdown", "markdown": {"content": words}})
    if "template_card" in reply:
        card = cards.check_card(reply["template_card"])
        robots.post(world, turn, {"msgtype": "template_card", "template_card": card})
    world.store.run("UPDATE robot_turn SET polls = polls + 1 WHERE msgid = ?", turn["msgid"])
    robots.note(world, turn, "answered" if finished else "streaming", stream=stream_id)
    return "" if finished else stream_id


def replace_card(world: World, turn: sqlite3.Row, reply: Json) -> None:
    """The pressed card becomes another one with the same task id."""
    asked = json.loads(turn["asked"])
    card = cards.check_card(reply.get("template_card") or {})
    if turn["kind"] != "template_card_event":
        raise BadReply("there is no card to update")
    if card.get("task_id") != asked["template_card_event"]["task_id"]:
        raise BadReply("task_id is another one")
    content = {"msgtype": "template_card", "template_card": card}
    world.store.run(
        "UPDATE robot_turn SET answer_id = ? WHERE msgid = ?", asked["card"], turn["msgid"]
    )
    robots.say(world, turn, content)
    robots.note(world, turn, "answered")
