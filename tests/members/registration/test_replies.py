"""L-41: whatever a thumb makes of 退订 ends texts at once; other words do not."""

from __future__ import annotations

import random

import pytest
from django.test import Client
from django.utils import timezone

from members.consent.models import Channel, ConsentEvent, Method, Purpose
from members.consent.queries import may
from members.registration.models_of_phones import TextReply
from members.registration.replies import is_refusal
from stores.org.keys import digest_of, new_key
from stores.org.models import MachineKey
from tests.cast import Cast
from tests.members.builders import grant

STEMS = [
    "R",
    "T",
    "TD",
    "N",
    "退订",
    "退訂",
    "拒收",
    "取消",
    "不要再发了",
    "别发了",
    "请勿扰",
    "我要退订谢谢",
]
OTHERS = [
    "好的", "谢谢", "我要退订单", "退订金怎么办", "可以退货吗", "TDK 的耳机有吗", "Run",
    "明天几点开门", "R 码还有吗", "收到", "13800000001", "",
    "取消预约明天的试衣，改到后天下午可以吗谢谢您了",
]  # fmt: skip


def spellings(count: int) -> list[str]:
    """Capitals, full-width letters, blanks, dots and 回复, as people type them."""
    dice = random.Random(41)  # noqa: S311 - the same spellings in every run
    made = []
    for _ in range(count):
        word = dice.choice(STEMS)
        if dice.random() < 0.3:
            word = word.lower()
        if dice.random() < 0.3:
            word = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
        if dice.random() < 0.3:
            word = dice.choice([" ", "  ", "."]).join(word)
        if dice.random() < 0.3:
            word = dice.choice(["回复", "回", " "]) + word
        made.append(word + dice.choice(["", "。", "!", " ", "～"]))
    return made


def test_l41_five_hundred_spellings_are_refusals() -> None:
    assert [word for word in spellings(500) if not is_refusal(word)] == []


@pytest.mark.parametrize("text", OTHERS)
def test_other_words_are_none(text: str) -> None:
    assert not is_refusal(text)


@pytest.fixture
def gateway(cast: Cast) -> Client:
    key = new_key()
    MachineKey.objects.create(
        name="短信", source="sms", digest=digest_of(key), scopes=["texts:write"]
    )
    return Client(headers={"authorization": f"Bearer {key}"})


def hand_over(gateway: Client, text: str, number: str = "m1", phone: str = "13800000001") -> int:
    said = {
        "message_id": number,
        "phone": phone,
        "text": text,
        "received_at": timezone.now().isoformat(),
    }
    answer = gateway.post("/api/v1/text-replies/", said, content_type="application/json")
    assert answer.json() == {"taken": True}
    return answer.status_code


def test_a_refusal_ends_texts_and_nothing_else_once(cast: Cast, gateway: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    now = timezone.now

    def reason(channel: str) -> str:
        asked = may(cast.chen, Purpose.DIRECT_MARKETING, channel, at=now(), entity=cast.entity)
        return asked.reason

    hand_over(gateway, "好的", "m0")
    assert reason(Channel.SMS) == ""
    for _ in range(2):
        hand_over(gateway, "ＴＤ", "m1")
    assert (reason(Channel.SMS), reason(Channel.WECOM)) == ("refused", "")
    event = ConsentEvent.objects.get(method=Method.SMS_REPLY)
    assert (event.decision, event.source) == ("refuse", "text:m1")
    assert TextReply.objects.get(message_id="m1").members == 1
    # A stranger's number is answered alike, and nothing of the text is kept.
    hand_over(gateway, "退订", "m2", "13999998888")
    assert TextReply.objects.get(message_id="m2").members == 0


def test_only_a_key_with_the_scope_may(cast: Cast) -> None:
    assert Client().post("/api/v1/text-replies/", {}).status_code == 401
