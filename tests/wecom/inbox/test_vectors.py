"""Callbacks encrypted by Tencent's own library open at our door and say what they should.

vectors.json was made once with `npm install @wecom/crypto@1.0.1` (MIT) under Node 20: for each text
`encrypt(aesKey, text, corp)` and `getSignature(token, timestamp, nonce, encrypted)`; the names
`padding_0` to `padding_31` run through every length of the padding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.wecom.inbox.post import caller, envelope_of
from wecom.inbox.door import CallbackDoor
from wecom.inbox.envelope import Envelope, Signed
from wecom.inbox.events import read
from wecom.inbox.models import InboxMessage

FILE: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
WM, WR = "wmAbCdEfGhIjKlMnOpQrStUvWxYz0123", "wrAbCdEfGhIjKlMnOpQrStUvWxYz0123"


def envelope() -> Envelope:
    return Envelope(token=FILE["token"], aes_key=FILE["aes_key"], receive_id=FILE["receive_id"])


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["name"])
def test_each_opens_to_its_text(vector: dict[str, str]) -> None:
    signed = Signed(vector["signature"], vector["timestamp"], vector["nonce"])
    plain = envelope().open(signed, vector["encrypted"], now=float(vector["timestamp"]))
    assert plain.decode() == vector["text"]


@pytest.mark.django_db(transaction=True)
async def test_all_of_them_posted_leave_a_row_each() -> None:
    door = CallbackDoor(
        {"main": envelope()}, corp_id=FILE["receive_id"], first="main", clock=lambda: 1767000020.0
    )
    async with caller(door) as client:
        for vector in FILE["vectors"]:
            params = {
                "msg_signature": vector["signature"],
                "timestamp": vector["timestamp"],
                "nonce": vector["nonce"],
            }
            answer = await client.post(
                "/wecom/callback/", params=params, content=envelope_of(vector["encrypted"])
            )
            assert answer.status_code == 200, vector["name"]
        echo = FILE["echo"]
        asked = {
            "msg_signature": echo["signature"],
            "timestamp": echo["timestamp"],
            "nonce": echo["nonce"],
            "echostr": echo["encrypted"],
        }
        shown = await client.get("/wecom/callback/", params=asked)
    await door.close()
    assert shown.text == echo["text"]
    bodies = await sync_to_async(lambda: set(InboxMessage.objects.values_list("body", flat=True)))()
    assert bodies == {vector["text"] for vector in FILE["vectors"]}


def text_of(name: str) -> str:
    return next(vector["text"] for vector in FILE["vectors"] if vector["name"] == name)


def test_a_new_friend_is_read() -> None:
    news = read(text_of("add_external_contact"))
    assert news.kind == "wecom.change_external_contact.add_external_contact"
    assert news.subject == f"contact:{WM}"
    assert news.payload == {
        "created_at": 1767000000,
        "userid": "linxiao",
        "external_userid": WM,
        "state": "poster_7",
        "welcome_code": "WC_9f2",
    }


def test_people_of_a_group_are_a_list_whether_one_or_many() -> None:
    two, one = read(text_of("chat_update_two")), read(text_of("chat_update_one"))
    assert (two.kind, two.subject) == ("wecom.change_external_chat.update", f"group:{WR}")
    assert two.payload["mem_change_list"] == [WM, "zhouning"]
    assert (two.payload["join_scene"], two.payload["mem_change_cnt"]) == (3, 2)
    assert one.payload["mem_change_list"] == [WM]
    assert "join_scene" not in one.payload


def test_archive_and_customer_service_are_read() -> None:
    assert read(text_of("msgaudit")).subject == "archive"
    news = read(text_of("kf"))
    assert news.kind == "wecom.kf_msg_or_event"
    assert news.subject == "kf:wkDemoService000000000000000000001"
    assert news.payload["token"] == "ENCtoken"


def test_a_kind_nobody_knows_is_kept_as_unknown() -> None:
    news = read(text_of("unknown"))
    assert (news.kind, news.payload["event"]) == ("wecom.unknown", "brand_new_event")


def test_what_a_guide_wrote_stays_out_of_the_news() -> None:
    news = read(text_of("text"))
    assert (news.kind, news.subject) == ("wecom.message", "staff:linxiao")
    assert "今天" not in str(news.payload)
