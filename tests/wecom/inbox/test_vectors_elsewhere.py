"""What SDKs of other hands encrypt and parse goes through our door and our parser.

vectors_elsewhere.json names for each vector where it is from: `crypto` are published ciphertexts
(Go, Node, Tencent's own library for a robot's empty receive id), `payloads` the facts of messages
in the tests of Java, Go, C#, PHP and Node SDKs, as names and values; the XML is written here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from asgiref.sync import sync_to_async

from tests.wecom.inbox.post import a_json_envelope, an_event, caller, envelope_of
from wecom.inbox.door import CallbackDoor
from wecom.inbox.envelope import Envelope
from wecom.inbox.events import known_kinds, read
from wecom.inbox.models import InboxMessage

FILE: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_elsewhere.json").read_text())


def xml_of(message: Mapping[str, Any]) -> str:
    """Names and values as WeCom writes them: texts in CDATA, lists as repeated elements."""

    def element(name: str, value: Any) -> str:
        if isinstance(value, list):
            return "".join(element(name, one) for one in value)
        if isinstance(value, dict):
            inner = "".join(element(*pair) for pair in value.items())
            return f"<{name}>{inner}</{name}>"
        is_plain = str(value).isdigit()
        return f"<{name}>{escape(value) if is_plain else f'<![CDATA[{value}]]>'}</{name}>"

    return element("xml", dict(message))


def names(vector: Mapping[str, Any]) -> str:
    return f"{vector['source'].split(',')[0]}-{vector.get('name') or vector['nonce']}"


@pytest.mark.parametrize("vector", FILE["payloads"], ids=names)
def test_a_message_of_another_sdks_tests_is_read(vector: dict[str, Any]) -> None:
    for body in (xml_of(vector["message"]), json.dumps(vector["message"])):
        news = read(body)
        assert (news.kind, news.subject) == (vector["kind"], vector["subject"])
        assert news.payload == vector["payload"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vector", FILE["crypto"], ids=names)
async def test_a_published_ciphertext_comes_in(vector: dict[str, Any]) -> None:
    is_json = bool(vector.get("is_json"))
    envelope = Envelope(
        token=vector["token"],
        aes_key=vector["aes_key"],
        receive_id=vector["receive_id"],
        is_json=is_json,
    )
    door = CallbackDoor(
        {"it": envelope}, corp_id="ww", first="it", clock=lambda: float(vector["timestamp"])
    )
    signed = {"timestamp": vector["timestamp"], "nonce": vector["nonce"]}
    params = {"msg_signature": vector["signature"], **signed}
    async with caller(door) as client:
        if vector.get("is_echo"):
            asked = {**params, "echostr": vector["encrypted"]}
            answer = await client.get("/wecom/callback/it/", params=asked)
            assert (answer.status_code, answer.text) == (200, vector["text"])
            return
        wrapped = a_json_envelope if is_json else envelope_of
        answer = await client.post(
            "/wecom/callback/it/", params=params, content=wrapped(vector["encrypted"])
        )
    await door.close()
    assert answer.status_code == 200
    row = await sync_to_async(InboxMessage.objects.get)()
    assert row.body == vector["text"]


def robots(name: str) -> Any:
    return read(next(one["text"] for one in FILE["crypto"] if one["nonce"] == f"n{name}"))


def test_what_is_said_to_a_robot_stays_in_the_inbox() -> None:
    news = robots("message")
    assert (news.kind, news.subject) == ("wecom.robot.message", "robot:AIBOT1:wrGroup1linxiao")
    assert news.payload["response_url"].endswith("RC1")
    assert news.content == "@小助手 查库存"
    assert "库存" not in str(news.payload)
    pressed = robots("card")
    assert pressed.kind == "wecom.robot.template_card_event"
    assert (pressed.event_key, pressed.task_id) == ("ok", "t1")
    assert not pressed.IS_HINT


def test_json_and_xml_say_the_same() -> None:
    news = robots("approval")
    assert (news.kind, news.subject) == ("wecom.change_external_chat.update", "group:wr1")
    assert news.mem_change_list == ("linxiao", "wmAbCdEfGhIjKlMnOpQrStUvWxYz0123")


@pytest.mark.parametrize(
    ("said", "kind", "payload"),
    [
        ({"hit_keyword": {"token": "T"}}, "hit_keyword", {"keyword_token": "T"}),
        (
            {"chat_archive_audit_approved": {"userid": "LinXiao", "chatid": "wr1"}},
            "chat_archive_audit_approved_room",
            {"userid": "linxiao", "chat_id": "wr1"},
        ),
        (
            {"chat_archive_export_finished": {"jobid": "J"}},
            "chat_archive_export_finished",
            {"job_id": "J"},
        ),
    ],
)
def test_the_data_zone_is_heard(said: dict[str, Any], kind: str, payload: dict[str, Any]) -> None:
    news = read(json.dumps({"event_type": kind, "timestamp": 1767000000, **said}))
    assert (news.kind, news.subject) == (f"wecom.zone.{kind}", "zone")
    assert news.payload == {"created_at": 1767000000, **payload}


def test_every_kind_we_know_is_read_without_any_of_its_fields() -> None:
    for kind in known_kinds():
        _, event, *change = kind.split(".")
        if event in {"message", "robot", "zone"}:
            continue
        news = read(an_event(event, *change))
        assert news.kind == kind
        assert set(news.payload) <= {"created_at", "userid"}


def test_nonsense_in_a_field_is_a_plain_value() -> None:
    nested = "<Item><Deep>1</Deep></Item>"
    body = an_event("change_external_chat", "update", ChatId="wr1").replace(
        "</xml>", f"<JoinScene>{nested}</JoinScene><MemChangeList>{nested}</MemChangeList></xml>"
    )
    assert read(body).payload["join_scene"] == 0
    assert read(body).payload["mem_change_list"] == []
