"""What WeCom would refuse, or cut without a word, is not asked: the limits of its documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.wecom.gateway.answers import CHEN, FILE, GROUP, KF
from tests.wecom.gateway.calls import PICTURE
from tests.wecom.gateway.wellwecom import Well
from wecom.gateway import Gateway, NotAsked, Retry, WecomError, gateway_of

DAY = date(2025, 12, 1)
AT = datetime(2025, 12, 1, tzinfo=UTC)
MB = 1024 * 1024
LINK = {"kind": "link", "title": "看", "url": "https://example.com"}

TOO_MUCH: dict[str, Callable[[Gateway], Any]] = {
    "101 guides": lambda g: g.contact_pairs([f"g{n}" for n in range(101)]),
    "no guide": lambda g: g.contact_pairs([]),
    "remark of 21": lambda g: g.update_remark("lin", CHEN, remark="字" * 21),
    "description of 151": lambda g: g.update_remark("lin", CHEN, description="字" * 151),
    "nothing to remark": lambda g: g.update_remark("lin", CHEN),
    "tag of 31": lambda g: g.create_tags(["字" * 31], group_name="等级"),
    "tag without a group": lambda g: g.create_tags(["金卡"]),
    "no tags to mark": lambda g: g.mark_tags("lin", CHEN),
    "nothing to delete": lambda g: g.delete_tags(),
    "state of 31": lambda g: g.create_contact_way("lin", "s" * 31),
    "six groups": lambda g: g.create_join_way([f"wr{n}" for n in range(6)], "door"),
    "join remark of 31": lambda g: g.create_join_way([GROUP], "door", remark="字" * 31),
    "101 owners": lambda g: g.group_page([f"g{n}" for n in range(101)]),
    "a status of no kind": lambda g: g.group_page(status="lost"),
    "two attachments": lambda g: g.create_group_welcome("您好", [PICTURE, LINK]),
    "empty welcome": lambda g: g.create_group_welcome(""),
    "101 customers": lambda g: g.transfer_customers("a", "b", [f"wm{n}" for n in range(101)]),
    "message of 201": lambda g: g.transfer_customers("a", "b", [CHEN], message="字" * 201),
    "message of who left": lambda g: g.transfer_customers(
        "a", "b", [CHEN], message="您好", has_resigned=True
    ),
    "101 groups": lambda g: g.transfer_groups([f"wr{n}" for n in range(101)], "b"),
    "32 days": lambda g: g.guide_behaviour(["a"], since=DAY, until=DAY + timedelta(days=31)),
    "days backwards": lambda g: g.guide_behaviour(["a"], since=DAY, until=DAY - timedelta(1)),
    "nobody's figures": lambda g: g.guide_behaviour(since=DAY, until=DAY),
    "text of 4001 bytes": lambda g: g.send_welcome(welcome_code="w", text="字" * 1333 + "xx"),
    "ten attachments": lambda g: g.send_welcome(welcome_code="w", text="", attachments=[LINK] * 10),
    "title of 129 bytes": lambda g: g.send_welcome(
        welcome_code="w", text="", attachments=[{**LINK, "title": "字" * 43}]
    ),
    "an attachment of no kind": lambda g: g.send_welcome(
        welcome_code="w", text="", attachments=[{"kind": "music"}]
    ),
    "10001 recipients": lambda g: g.create_mass_send(
        chat_type="single", sender="a", text="您好", recipients=["wm"] * 10_001
    ),
    "2001 groups": lambda g: g.create_mass_send(
        chat_type="group", sender="a", text="您好", recipients=["wr"] * 2_001
    ),
    "two months": lambda g: g.mass_sends_between(AT, AT + timedelta(60), chat_type="single"),
    "text of 2049 bytes": lambda g: g.send_app_message(["a"], text="x" * 2049),
    "card of 513 bytes": lambda g: g.send_app_message(["a"], text="字" * 171, url="https://e.com"),
    "1001 guides": lambda g: g.send_app_message([f"g{n}" for n in range(1001)], text="早"),
    "a card for nothing": lambda g: g.update_card(["a"], "rc"),
    "five bytes": lambda g: g.upload_image("a.png", b"12345"),
    "picture of 3 MB": lambda g: g.upload_picture("a.png", b"x" * (3 * MB)),
    "voice of 3 MB": lambda g: g.upload_media("voice", "a.amr", b"x" * (3 * MB)),
    "a file in a moment": lambda g: g.upload_attachment("file", "a.pdf", FILE),
    "moment of 2001": lambda g: g.create_moment("a" * 2001),
    "moment of two kinds": lambda g: g.create_moment("", [PICTURE, LINK]),
    "two links": lambda g: g.create_moment("", [LINK, LINK]),
    "empty moment": lambda g: g.create_moment(""),
    "moments of 40 days": lambda g: g.moments_between(AT, AT + timedelta(40)),
    "kf text of 2049 bytes": lambda g: g.send_kf_message(
        open_kfid=KF, external_userid=CHEN, text="x" * 2049
    ),
    "kf state of no kind": lambda g: g.move_kf_session(KF, CHEN, "asleep"),
    "kf name of 17": lambda g: g.create_kf_account("字" * 17, "m1"),
    "question of 201": lambda g: g.create_kf_knowledge("kg", "字" * 201, "好"),
    "101 pairs": lambda g: g.single_agreements([("a", CHEN)] * 101),
    "a group of one": lambda g: g.create_staff_group("群", ["a"]),
    "a chat id with a dash": lambda g: g.create_staff_group("群", ["a", "b"], chat_id="a-b"),
    "webhook of 2049 bytes": lambda g: g.say_by_webhook("k", "x" * 2049),
    "robot's forged address": lambda g: g.answer_as_robot("https://evil.example/x", "你好"),
    "robot's address, longer": lambda g: g.answer_as_robot(
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/aibot/response", "你好"
    ),
    "101 temporary ids": lambda g: g.convert_temporary_ids(["t"] * 101),
    "link name of 31": lambda g: g.create_acquisition_link("字" * 31, ["a"]),
    "a link to nobody": lambda g: g.create_acquisition_link("春"),
    "price of 50001": lambda g: g.create_product("围巾", 5_000_100, ["m"]),
    "ten pictures": lambda g: g.create_product("围巾", 1, ["m"] * 10),
    "301 words": lambda g: g.create_watched_words("规则", ["词"] * 301, userids=["a"]),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_not_asked(well: Well, name: str) -> None:
    with pytest.raises(NotAsked) as caught:
        TOO_MUCH[name](gateway_of())
    assert well.server.heard == []
    assert isinstance(caught.value, WecomError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.retry is Retry.NEVER
    assert "请修改后重试" in caught.value.advice


def test_what_just_fits_is_asked(well: Well) -> None:
    gateway = gateway_of()
    gateway.update_remark("lin", CHEN, remark="字" * 20, description="字" * 150)
    gateway.send_welcome(welcome_code="w", text="字" * 1333 + "x", attachments=[LINK] * 9)
    gateway.create_join_way([f"wr{n}" for n in range(5)], "s" * 30)
    gateway.guide_behaviour(["a"], since=DAY, until=DAY + timedelta(days=30))
    gateway.upload_picture("a.png", b"x" * (2 * MB))
    gateway.create_moment("字" * 1333, [PICTURE] * 9)
    gateway.send_app_message(["a"], text="x" * 2048)


def test_the_sentence_names_the_limit() -> None:
    with pytest.raises(NotAsked) as caught:
        gateway_of().update_remark("lin", CHEN, remark="字" * 21)
    assert caught.value.advice == "客户备注应为 0～20 个字，现有 21 个，请修改后重试。"
