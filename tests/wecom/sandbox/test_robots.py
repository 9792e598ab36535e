"""Smart robots: sealed JSON with an empty receiver, streams polled to their end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.wecom.sandbox.test_media_and_messages import png, upload
from tests.wecom.sandbox.world import LIN, MA, ZHOU, Api
from wecom.sandbox import crypto

TOKEN, KEY, BOT = "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "AIBOTdesk"
PATIENCE_S = 10.0
Json = dict[str, Any]


@dataclass
class Desk:
    """A robot's server: remembers what it was told, answers what the test wants."""

    url: str = ""
    answer: Callable[[Json], Json | None] = lambda _letter: None
    letters: list[Json] = field(default_factory=list)
    signed: bool = True
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, target: str, body: bytes) -> bytes:
        """Open one letter and seal the answer."""
        query = dict(parse_qsl(urlsplit(target).query))
        sealed = json.loads(body)["encrypt"]
        signature = crypto.sign(TOKEN, query["timestamp"], query["nonce"], sealed)
        assert signature == query["msg_signature"]
        letter: Json = json.loads(crypto.decrypt(KEY, sealed, ""))
        reply = self.answer(letter)
        with self.changed:
            self.letters.append(letter)
            self.changed.notify_all()
        if reply is None:
            return b""
        inner = crypto.encrypt(KEY, json.dumps(reply), "")
        mark = crypto.sign(TOKEN, "1", "n", inner) if self.signed else "forged"
        answer = {"encrypt": inner, "msgsignature": mark, "timestamp": 1, "nonce": "n"}
        return json.dumps(answer).encode()


@pytest.fixture
def desk(api: Api) -> Iterator[Desk]:
    """A robot with a served callback, known to the sandbox."""
    desk = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = desk.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.url = f"http://127.0.0.1:{server.server_port}/robot"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    robot = {"aibotid": BOT, "name": "小助手", "callback_url": desk.url}
    group = {"chatid": "duty1", "name": "值班", "owner": LIN, "members": [ZHOU]}
    api.control(
        "seed",
        {
            "robots": [robot | {"callback_token": TOKEN, "callback_aes_key": KEY}],
            "appchats": [group],
        },
    )
    api.control("switches", {"robot_poll_s": 0.01})
    yield desk
    server.shutdown()
    server.server_close()


def until(api: Api, desk: Desk, *states: str) -> Json:
    """Wait until the newest turn is in one of the states; asked again after each letter."""
    turn: Json = {}
    for _ in range(1000):
        shown = api.control(f"state/aibot/{BOT}")
        turn = shown["turns"][-1]
        if turn["state"] in states:
            return shown
        with desk.changed:
            desk.changed.wait(0.01)
    raise AssertionError(f"still {turn}")


def ask(api: Api, **more: Any) -> Json:
    body = {"aibotid": BOT, "userid": LIN, "text": "查库存"} | more
    return api.act("aibot_say", **body)


def stream(content: str, *, finish: bool, **more: Any) -> Json:
    return {
        "msgtype": "stream",
        "stream": {"id": "S1", "finish": finish, "content": content} | more,
    }


def test_stream_is_polled_until_it_finishes(api: Api, desk: Desk) -> None:
    words = iter(["查", "查到", "查到 3 件"])
    left = [3]

    def answer(_letter: Json) -> Json:
        left[0] -= 1
        return stream(next(words), finish=left[0] == 0)

    desk.answer = answer
    msgid = ask(api)["msgid"]
    shown = until(api, desk, "answered")
    assert [m["content"]["markdown"]["content"] for m in shown["messages"]] == ["查到 3 件"]
    first, *polls = desk.letters
    assert (first["msgid"], first["aibotid"], first["chattype"]) == (msgid, BOT, "single")
    assert (first["from"], first["text"]) == ({"userid": LIN}, {"content": "查库存"})
    assert "chatid" not in first
    assert [poll["stream"] for poll in polls] == [{"id": "S1"}] * 2
    assert all("response_url" not in poll for poll in polls)


def test_stream_that_never_ends_is_given_up(api: Api, desk: Desk) -> None:
    api.control("switches", {"robot_stream_s": 0.05})
    desk.answer = lambda _letter: stream("…", finish=False)
    ask(api)
    turn = until(api, desk, "failed")["turns"][-1]
    assert "did not finish in time" in turn["error"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (stream("字" * 7000, finish=True), "too long"),
        (stream("x", finish=False, msg_item=[{"msgtype": "image"}]), "msg_item"),
        ({"msgtype": "text", "text": {"content": "x"}}, "does not answer"),
        ({"msgtype": "template_card", "template_card": {"card_type": "poem"}}, "card_type"),
    ],
)
def test_bad_answers_are_not_shown(api: Api, desk: Desk, reply: Json, error: str) -> None:
    desk.answer = lambda _letter: reply
    ask(api)
    shown = until(api, desk, "failed")
    assert error in shown["turns"][-1]["error"]
    assert shown["messages"] == []


def test_forged_answer_is_not_shown(api: Api, desk: Desk) -> None:
    desk.signed = False
    desk.answer = lambda _letter: stream("x", finish=True)
    ask(api)
    assert "msgsignature" in until(api, desk, "failed")["turns"][-1]["error"]


def respond(api: Api, url: str) -> int:
    body = {"msgtype": "markdown", "markdown": {"content": "稍后的回答"}}
    path = url.removeprefix("http://shop.example")
    return int(api.client.post(path, json=body).json()["errcode"])


def test_response_url_answers_once_and_for_an_hour(api: Api, desk: Desk) -> None:
    ask(api)
    assert until(api, desk, "silent")["messages"] == []
    url = desk.letters[0]["response_url"]
    assert respond(api, url) == 0
    assert respond(api, url) == 60140
    ask(api)
    until(api, desk, "silent")
    api.control("clock", {"advance_seconds": 3601})
    assert respond(api, desk.letters[1]["response_url"]) == 60140


def test_group_mention_carries_its_chat(api: Api, desk: Desk) -> None:
    desk.answer = lambda _letter: stream("在", finish=True)
    ask(api, userid=ZHOU, chatid="duty1")
    until(api, desk, "answered")
    letter = desk.letters[0]
    assert (letter["chattype"], letter["chatid"]) == ("group", "duty1")
    sources = [m["source"] for m in api.control("state/appchat/duty1")["messages"]]
    assert sources == ["chat", "aibot"]
    outside = {"aibotid": BOT, "userid": MA, "chatid": "duty1", "text": "x"}
    assert "不在" in api.refused("aibot_say", **outside)
    image = {"msgtype": "image", "image": {"media_id": "x"}}
    assert "群里" in api.refused("aibot_say", **(outside | {"userid": LIN, "content": image}))


def test_pictures_travel_sealed_for_five_minutes(api: Api, desk: Desk) -> None:
    media_id = upload(api, png())["media_id"]
    ask(api, content={"msgtype": "image", "image": {"media_id": media_id}})
    until(api, desk, "silent")
    path = desk.letters[0]["image"]["url"].removeprefix("http://shop.example")
    sealed = api.client.get(path).content
    assert len(sealed) % 32 == 0
    assert png() not in sealed
    assert sealed == crypto.encrypt_bytes(KEY, png())
    api.control("clock", {"advance_seconds": 301})
    assert api.client.get(path).json()["errcode"] == 40007


CARD = {
    "card_type": "button_interaction",
    "task_id": "t1",
    "main_title": {"title": "要调货吗"},
    "button_list": [{"text": "要", "key": "yes"}],
}


def test_pressed_card_is_replaced(api: Api, desk: Desk) -> None:
    desk.answer = lambda _letter: {"msgtype": "template_card", "template_card": CARD}
    ask(api)
    card = until(api, desk, "answered")["messages"][0]
    done = CARD | {"main_title": {"title": "已调货"}}
    desk.answer = lambda _letter: {"response_type": "update_template_card", "template_card": done}
    api.act("press_robot_card", msgid=card["msgid"], userid=LIN, key="yes")
    shown = until(api, desk, "answered")
    assert desk.letters[-1]["event"]["template_card_event"]["event_key"] == "yes"
    assert [m["content"]["template_card"]["main_title"]["title"] for m in shown["messages"]] == [
        "已调货"
    ]


def test_first_entry_of_a_day_is_greeted(api: Api, desk: Desk) -> None:
    desk.answer = lambda _letter: {"msgtype": "text", "text": {"content": "您好"}}
    assert api.act("enter_robot", aibotid=BOT, userid=LIN)["told"]
    assert until(api, desk, "answered")["messages"][0]["content"]["text"]["content"] == "您好"
    assert "response_url" not in desk.letters[0]
    assert not api.act("enter_robot", aibotid=BOT, userid=LIN)["told"]


def test_three_questions_at_a_time(api: Api, desk: Desk) -> None:
    held = threading.Event()

    def answer(_letter: Json) -> Json | None:
        held.wait(PATIENCE_S)
        return None

    desk.answer = answer
    for _ in range(3):
        ask(api)
    body = {"aibotid": BOT, "userid": LIN, "text": "第四个"}
    assert "还在回答" in api.refused("aibot_say", **body)
    held.set()
    until(api, desk, "silent", "failed")
