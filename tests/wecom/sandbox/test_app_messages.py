"""Messages of applications: limits, recall, cards, menus, and what members send back."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.test_media_and_messages import png, send, upload
from tests.wecom.sandbox.world import GUIDE_SECRET, LIN, OTHER_SECRET, ZHOU, Api

AGENT, OTHER_AGENT = 1000002, 1000003


def card_of(**more: Any) -> dict[str, Any]:
    """A card with two buttons."""
    return {
        "card_type": "button_interaction",
        "task_id": "task-1",
        "main_title": {"title": "退货待处理"},
        "button_list": [{"text": "同意", "key": "yes"}, {"text": "看看", "type": 1, "url": "u"}],
    } | more


def shown(api: Api, userid: str = LIN) -> list[dict[str, Any]]:
    """The contents in a member's client."""
    messages = api.control(f"state/member/{userid}")["app_messages"]
    return [message["content"] for message in messages]


def send_card(api: Api, **more: Any) -> dict[str, Any]:
    return send(api, msgtype="template_card", template_card=card_of(**more))


def update(api: Api, code: str, secret: str = GUIDE_SECRET, **more: Any) -> dict[str, Any]:
    agent = AGENT if secret == GUIDE_SECRET else OTHER_AGENT
    body = {"userids": [LIN], "agentid": agent, "response_code": code}
    return api.post(
        "message/update_template_card",
        body | (more or {"button": {"replace_name": "已同意"}}),
        secret=secret,
    )


def test_excess_messages_are_dropped_in_silence(api: Api) -> None:
    api.control("switches", {"app_message_per_minute": 2})
    for _ in range(3):
        answer = send(api)
        assert (answer["errcode"], answer["invaliduser"]) == (0, "")
        assert answer["msgid"]
    assert len(shown(api)) == 2
    api.control("clock", {"advance_seconds": 61})
    send(api)
    assert len(shown(api)) == 3
    api.control("switches", {"app_message_per_hour": 3})
    send(api)
    assert len(shown(api)) == 3


def test_recalled_message_is_gone_from_the_client(api: Api) -> None:
    msgid = send(api)["msgid"]
    assert api.post("message/recall", {"msgid": msgid}, secret=OTHER_SECRET)["errcode"] == 40058
    assert api.post("message/recall", {"msgid": msgid})["errcode"] == 0
    assert [content["msgtype"] for content in shown(api)] == ["notice"]
    late = send(api)["msgid"]
    api.control("clock", {"advance_seconds": 86401})
    api.tokens.clear()
    assert api.post("message/recall", {"msgid": late})["errcode"] == 42052


def test_response_code_changes_a_card_once(api: Api) -> None:
    code = send_card(api)["response_code"]
    assert update(api, code, OTHER_SECRET)["errcode"] == 42015
    assert update(api, code, template_card=card_of(task_id="other"))["errcode"] == 42016
    answer = update(api, code, userids=[LIN, ZHOU], button={"replace_name": "已同意"})
    assert (answer["errcode"], answer["invaliduser"]) == (0, [ZHOU.lower()])
    assert shown(api)[0]["template_card"]["replaced_with"] == "已同意"
    assert update(api, code)["errcode"] == 60140
    assert "response_code" not in send(api)


def test_response_code_lives_72_hours(api: Api) -> None:
    code = send_card(api)["response_code"]
    api.control("clock", {"advance_seconds": 72 * 3600 + 1})
    api.tokens.clear()
    assert update(api, code)["errcode"] == 60140


def test_pressed_card_is_told_with_a_code_of_its_own(heard_api: Api, receiver: Receiver) -> None:
    sent = send_card(heard_api)
    press = {"userid": LIN, "msgid": sent["msgid"]}
    heard_api.act("press_card", **press, key="yes", selected={"why": ["a", "b"]})
    event = receiver.wait_for(1, lambda got: got.event["Event"] == "template_card_event")[0].event
    assert (event["FromUserName"], event["AgentID"]) == (LIN, str(AGENT))
    assert (event["EventKey"], event["TaskId"]) == ("yes", "task-1")
    item = event["SelectedItems"]["SelectedItem"]
    assert (item["QuestionKey"], item["OptionIds"]["OptionId"]) == ("why", ["a", "b"])
    assert event["ResponseCode"] != sent["response_code"]
    assert update(heard_api, event["ResponseCode"])["errcode"] == 0
    assert "处理过" in heard_api.refused("press_card", **press, key="yes")
    other = send_card(heard_api, task_id="task-2")["msgid"]
    assert "没有这个按钮" in heard_api.refused("press_card", userid=LIN, msgid=other, key="u")


BAD_CARDS: list[tuple[Any, ...]] = [
    ({"card_type": "poem"}, 40058),
    ({"task_id": ""}, 42014),
    ({"task_id": "空 格"}, 42014),
    ({"button_list": []}, 40058),
    ({"button_list": [{"text": "x", "key": "k"}] * 7}, 40058),
    ({"button_list": [{"text": "", "key": "k"}]}, 40063),
    ({"horizontal_content_list": [{"keyname": "k"}] * 7}, 40058),
    ({"action_menu": {"desc": "d", "action_list": []}}, 40058),
    ({"card_type": "text_notice"}, 40058),
    ({"card_type": "news_notice", "card_action": {"type": 1, "url": "u"}}, 40063),
    ({"card_type": "vote_interaction", "checkbox": {"question_key": "q"}}, 40058),
    ({"card_type": "multiple_interaction"}, 40058),
    ({"button_selection": {"question_key": "q", "option_list": [{"id": "1"}] * 2}}, 40058),
]


def test_cards_are_checked(api: Api) -> None:
    for more, errcode in BAD_CARDS:
        assert send_card(api, **more)["errcode"] == errcode, more


def test_task_id_is_used_once(api: Api) -> None:
    assert send_card(api)["errcode"] == 0
    assert send_card(api)["errcode"] == 42014


BAD_PARTS: list[tuple[Any, ...]] = [
    ("markdown", {"content": "字" * 700}, 45002),
    ("image", {"media_id": "none"}, 40007),
    ("textcard", {"title": "t", "description": "d", "url": "u", "btntxt": "五个字的字"}, 40058),
    ("textcard", {"title": "t" * 129, "description": "d", "url": "u"}, 45002),
    ("news", {"articles": [{"title": "t", "url": "u"}] * 9}, 45008),
    ("news", {"articles": [{"title": "t"}]}, 40063),
    ("mpnews", {"articles": [{"title": "t", "content": "c"}]}, 41006),
    ("miniprogram_notice", {"appid": "wx1", "title": "短"}, 40058),
    ("text", {"content": "x" * 70_000}, 45002),
]


def test_kinds_keep_their_limits(api: Api) -> None:
    for kind, part, errcode in BAD_PARTS:
        assert send(api, msgtype=kind, **{kind: part})["errcode"] == errcode, (kind, part)


def test_text_is_cut_and_pictures_need_their_kind(api: Api) -> None:
    assert send(api, text={"content": "字" * 1000})["errcode"] == 0
    assert len(shown(api)[0]["text"]["content"].encode()) <= 2048
    media_id = upload(api, png())["media_id"]
    assert send(api, msgtype="image", image={"media_id": media_id})["errcode"] == 0
    assert send(api, msgtype="file", file={"media_id": media_id})["errcode"] == 40007
    assert send(api, safe=2)["errcode"] == 40058


def test_menu_is_put_and_tapped(heard_api: Api, receiver: Receiver) -> None:
    client = heard_api
    query: dict[str, Any] = {"access_token": client.token(), "agentid": AGENT}
    leaves = [
        {"type": "click", "name": "今日任务", "key": "today"},
        {"type": "view", "name": "商城", "url": "http://shop.example/m/"},
    ]
    body = {"button": [{"name": "更多", "sub_button": leaves}]}
    made = client.client.post("/sandbox/cgi-bin/menu/create", params=query, json=body).json()
    assert made["errcode"] == 0
    assert client.get("menu/get", agentid=AGENT)["button"] == body["button"]
    client.act("click_menu", userid=LIN, agent_id=AGENT, key="today")
    client.act("click_menu", userid=LIN, agent_id=AGENT, key="http://shop.example/m/")
    client.act("enter_agent", userid=LIN, agent_id=AGENT)
    receiver.wait_for(3)
    told = {got.event["Event"]: got.event for got in receiver.received}
    assert told["click"]["EventKey"] == "today"
    assert told["view"]["EventKey"] == "http://shop.example/m/"
    assert told["enter_agent"]["FromUserName"] == LIN
    assert client.get("menu/delete", agentid=AGENT)["errcode"] == 0
    assert client.get("menu/get", agentid=AGENT)["button"] == []
    assert client.get("menu/get", agentid=OTHER_AGENT)["errcode"] == 301002
    too_many = {"button": [{"type": "click", "name": "x", "key": "k"}] * 4}
    refused = client.client.post("/sandbox/cgi-bin/menu/create", params=query, json=too_many)
    assert refused.json()["errcode"] == 40058


def test_members_write_to_the_application(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("send_app", userid=LIN, agent_id=AGENT, text="今天有什么任务")
    image = {"msgtype": "image", "image": {"media_id": "m1"}}
    heard_api.act("send_app", userid=LIN, agent_id=AGENT, content=image)
    receiver.wait_for(2)
    told = {got.event["MsgType"]: got.event for got in receiver.received}
    assert told["text"]["Content"] == "今天有什么任务"
    assert told["image"]["MediaId"] == "m1"
    assert told["text"]["MsgId"] != told["image"]["MsgId"]
    assert heard_api.post("msgaudit/chatdata", {"seq": 0})["chatdata"] == []
    poem = {"msgtype": "poem", "poem": {}}
    assert "poem" in heard_api.refused("send_app", userid=LIN, agent_id=AGENT, content=poem)


def test_suspended_application_is_48006(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("close_agent", agent_id=AGENT)
    receiver.wait_for(1, lambda got: got.event["Event"] == "close_inactive_agent")
    assert send(heard_api)["errcode"] == 48006
    heard_api.act("reopen_agent", agent_id=AGENT)
    receiver.wait_for(1, lambda got: got.event["Event"] == "reopen_inactive_agent")
    assert send(heard_api)["errcode"] == 0
