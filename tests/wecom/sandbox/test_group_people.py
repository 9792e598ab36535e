"""Owners, admins, notices and greetings of groups, and how late the API shows them."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, OTHER_SECRET, WU, ZHOU, Api

TEMPLATE = "externalcontact/group_welcome_template/"


def group_of(api: Api) -> dict[str, Any]:
    group: dict[str, Any] = api.post("externalcontact/groupchat/get", {"chat_id": GROUP})[
        "group_chat"
    ]
    return group


def test_owner_admins_and_notice_change(heard_api: Api, receiver: Receiver) -> None:
    before = group_of(heard_api)["member_version"]
    heard_api.act("set_group_admins", chat_id=GROUP, admins=[ZHOU])
    assert group_of(heard_api)["admin_list"] == [{"userid": ZHOU}]
    heard_api.act("set_notice", chat_id=GROUP, notice="周五上新")
    heard_api.act("change_owner", chat_id=GROUP, owner=ZHOU)
    group = group_of(heard_api)
    assert (group["owner"], group["notice"], group["admin_list"]) == (ZHOU, "周五上新", [])
    assert group["member_version"] != before
    told = {each.event["UpdateDetail"] for each in receiver.wait_for(2)}
    assert told == {"change_notice", "change_owner"}
    assert "管理员须是" in heard_api.refused("set_group_admins", chat_id=GROUP, admins=[MA])
    assert "新群主须是" in heard_api.refused("change_owner", chat_id=GROUP, owner=MA)


def test_the_api_shows_a_group_two_seconds_late(api: Api) -> None:
    api.control("clock", {"frozen": True})
    api.control("switches", {"group_lag_s": 2})
    api.act("join_group", chat_id=GROUP, customer=CHEN)
    api.control("clock", {"advance_seconds": 1})
    api.act("rename_group", chat_id=GROUP, name="新名")
    chat_id = api.act("create_group", owner=LIN, name="刚建")["chat_id"]

    def seen() -> tuple[bool, str, object]:
        group = group_of(api)
        created = api.post("externalcontact/groupchat/get", {"chat_id": chat_id})["errcode"]
        inside = CHEN in [each["userid"] for each in group["member_list"]]
        return inside, group["name"], created

    assert seen() == (False, "一店福利群", 86003)
    api.control("clock", {"advance_seconds": 1})
    assert seen() == (True, "一店福利群", 86003)
    api.control("clock", {"advance_seconds": 1})
    assert seen() == (True, "新名", 0)


def test_sparse_events_lack_what_is_optional(heard_api: Api, receiver: Receiver) -> None:
    heard_api.control("switches", {"sparse_group_events": True})
    heard_api.act("join_group", chat_id=GROUP, customer=CHEN)
    heard_api.act("rename_group", chat_id=GROUP, name="新名")
    events = {each.event["UpdateDetail"]: each.event for each in receiver.wait_for(2)}
    assert not {"MemChangeList", "CurMemVer", "JoinScene"} & set(events["add_member"])
    assert events["change_name"]["MemChangeCnt"] == "2"
    assert events["change_name"]["LastMemVer"] == events["change_name"]["CurMemVer"]


def make_template(api: Api, **more: object) -> str:
    answer = api.post(f"{TEMPLATE}add", {"text": {"content": "你好 %NICKNAME%"}} | more)
    assert answer["errcode"] == 0, answer
    return str(answer["template_id"])


def test_an_owner_applies_a_greeting_and_newcomers_read_it(api: Api) -> None:
    link = {"title": "福利", "url": "https://shop.example/x"}
    template_id = make_template(api, link=link, file={"media_id": "never looked at"})
    api.act("apply_group_welcome", chat_id=GROUP, template_id=template_id)
    api.act("join_group", chat_id=GROUP, customer=CHEN)
    greeted = [
        each for each in api.control(f"state/group/{GROUP}")["messages"]
        if each["source"] == "group_welcome"
    ]  # fmt: skip
    assert [each["content"]["msgtype"] for each in greeted] == ["text", "link"]
    assert greeted[0]["content"]["text"]["content"] == "你好 陈悦"
    assert greeted[0]["from"] == LIN
    api.act("apply_group_welcome", chat_id=GROUP)
    api.act("leave_group", chat_id=GROUP, customer=WU)
    api.act("join_group", chat_id=GROUP, customer=WU)
    again = api.control(f"state/group/{GROUP}")["messages"]
    assert len([each for each in again if each["source"] == "group_welcome"]) == 2


def test_greetings_belong_to_their_application(api: Api) -> None:
    template_id = make_template(api)
    asked = {"template_id": template_id}
    assert api.post(f"{TEMPLATE}get", asked)["text"] == {"content": "你好 %NICKNAME%"}
    assert api.post(f"{TEMPLATE}get", asked, secret=OTHER_SECRET)["errcode"] == 41058
    change = asked | {"text": {"content": "早"}}
    assert api.post(f"{TEMPLATE}edit", change, secret=OTHER_SECRET)["errcode"] == 41058
    assert api.post(f"{TEMPLATE}edit", change)["errcode"] == 0
    assert api.post(f"{TEMPLATE}get", asked)["text"] == {"content": "早"}
    assert api.post(f"{TEMPLATE}edit", asked)["errcode"] == 40063
    assert api.post(f"{TEMPLATE}edit", change | {"agentid": 1000003})["errcode"] == 301002
    assert api.post(f"{TEMPLATE}del", asked)["errcode"] == 0
    assert api.post(f"{TEMPLATE}get", asked)["errcode"] == 40058


def test_a_picture_is_told_by_its_address(api: Api) -> None:
    upload = api.client.post(
        "/sandbox/cgi-bin/media/upload",
        params={"access_token": api.token(), "type": "image"},
        files={"media": ("p.png", b"\x89PNG\r\n\x1a\n" + b"0" * 40, "image/png")},
    ).json()
    image = {"media_id": upload["media_id"]}
    template_id = make_template(api, image=image, link={"title": "x", "url": "https://x/"})
    told = api.post(f"{TEMPLATE}get", {"template_id": template_id})
    assert told["image"]["pic_url"].startswith("http://shop.example/sandbox/img/")
    assert "link" not in told


def test_a_corp_has_a_hundred_greetings(api: Api) -> None:
    for _ in range(100):
        make_template(api)
    one_more = api.post(f"{TEMPLATE}add", {"text": {"content": "x"}})
    assert one_more["errcode"] == 41055
    assert api.post(f"{TEMPLATE}add", {"text": {"content": "好" * 1334}})["errcode"] == 45002
