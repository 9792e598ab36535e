"""What people see and tap on the phone and in the client, beyond talking."""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.wecom.sandbox.world import CHEN, GROUP, LIN, WU, ZHOU, Api


def buttons(page: str, act: str) -> list[dict[str, Any]]:
    """The bodies that taps of one act on a page would send."""
    found = re.findall(rf"data-act=\"acts/{act}\".*?data-body='([^']*)'", page, re.S)
    return [json.loads(unescape(body)) for body in found]


def phone(api: Api, place: str = "", customer: str = CHEN) -> str:
    return api.client.get(f"/sandbox/phone/{customer}/{place}").text


def client(api: Api, place: str = "", userid: str = LIN) -> str:
    return api.client.get(f"/sandbox/wecom/{userid}/{place}").text


@pytest.fixture
def friends(api: Api) -> Api:
    """Chen is a friend of Lin."""
    api.befriend()
    return api


def test_moment_is_published_liked_and_answered(friends: Api) -> None:
    friends.post(
        "externalcontact/add_moment_task",
        {
            "text": {"content": "立冬上新"},
            "visible_range": {"sender_list": {"user_list": [LIN]}},
        },
    )
    assert "立冬上新" not in phone(friends, "moments/")
    waiting = client(friends, "tasks/")
    assert 'data-testid="tasks-waiting">1<' in waiting
    friends.act("publish_moment", **buttons(waiting, "publish_moment")[0])
    seen = phone(friends, "moments/")
    assert "立冬上新" in seen
    friends.act("like_moment", **buttons(seen, "like_moment")[0])
    friends.act("comment_moment", text="有 S 码吗", **buttons(seen, "comment_moment")[0])
    after = phone(friends, "moments/")
    assert 'aria-pressed="true"' in after
    assert "陈悦" in after
    assert "有 S 码吗" in client(friends, "tasks/")
    assert 'data-testid="tasks-waiting"' not in client(friends, "tasks/")


def test_own_moment_and_own_send_are_offered(friends: Api) -> None:
    page = client(friends, "tasks/")
    friends.act("personal_moment", text="橱窗换新", **buttons(page, "personal_moment")[0])
    sending = buttons(page, "personal_mass_send")[0]
    friends.act("personal_mass_send", text="来看看", customers=[CHEN], **sending)
    assert "橱窗换新" in phone(friends, "moments/")
    assert "来看看" in phone(friends, f"chat/guide/{LIN}/")


def test_hand_over_is_announced_and_refused(friends: Api) -> None:
    body = {"handover_userid": LIN, "takeover_userid": ZHOU, "external_userid": [CHEN]}
    friends.post("externalcontact/transfer_customer", body)
    for place in ("", f"chat/guide/{LIN}/"):
        page = phone(friends, place)
        assert "周宁" in page
        assert buttons(page, "refuse_transfer") == [{"customer": CHEN, "takeover": ZHOU}]
    friends.act("refuse_transfer", customer=CHEN, takeover=ZHOU)
    assert buttons(phone(friends), "refuse_transfer") == []


def test_picture_is_sent_and_shown(friends: Api) -> None:
    drawn = BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    kept = friends.client.post("/sandbox/phone/picture", content=drawn.getvalue()).json()
    content = {"msgtype": "image", "image": {"media_id": kept["media_id"]}}
    friends.act("chat", **{"from": CHEN, "to": LIN, "content": content})
    address = f"/sandbox/media/{kept['media_id']}"
    assert address in client(friends, f"chat/customer/{CHEN}/")
    assert friends.client.get(address).content == drawn.getvalue()
    wrong = friends.client.post("/sandbox/phone/picture", content=b"<script>")
    assert (wrong.status_code, wrong.json()["ok"]) == (400, False)


def test_shop_is_offered_when_there_is_one(friends: Api) -> None:
    assert 'data-testid="buy"' not in phone(friends, "me/")
    friends.control("seed", {"shop_url": "https://shop.example/?a=1&b=2"})
    assert 'data-open="https://shop.example/?a=1&amp;b=2" data-testid="buy"' in phone(
        friends, "me/"
    )


def test_phone_leads_to_the_other_side(friends: Api) -> None:
    assert f'href="/sandbox/wecom/{LIN}/"' in phone(friends, "me/")
    assert f"/sandbox/wecom/{LIN}/chat/customer/{CHEN}/" in phone(friends, f"guide/{LIN}/")


def test_half_friend_is_added_back(api: Api) -> None:
    api.act("add_half", userid=LIN, customer=CHEN)
    card = client(api, f"customers/{CHEN}/")
    assert "加回" in card
    api.act("add_back", **buttons(card, "add_back")[0])
    assert buttons(client(api, f"customers/{CHEN}/"), "add_back") == []


def test_only_owner_and_admins_run_a_group(api: Api) -> None:
    place = f"groups/{GROUP}/"
    owner = client(api, place)
    named = buttons(owner, "set_group_admins")
    assert {"chat_id": GROUP, "admins": [ZHOU]} in named
    assert buttons(client(api, place, ZHOU), "set_notice") == []
    api.act("set_group_admins", **named[0])
    assert 'data-testid="is-admin"' in client(api, place)
    admin = client(api, place, ZHOU)
    assert buttons(admin, "set_notice") == [{"chat_id": GROUP}]
    assert buttons(admin, "change_owner") == []
    api.act("set_notice", notice="周六到店有礼", **buttons(admin, "set_notice")[0])
    assert "周六到店有礼" in phone(api, f"group/{GROUP}/", WU)
    api.act("change_owner", **buttons(client(api, place), "change_owner")[0])
    assert buttons(client(api, place), "dismiss_group") == []
    assert buttons(client(api, place, ZHOU), "dismiss_group") == [{"chat_id": GROUP}]


CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "<b>生日</b>提醒", "desc": "明天"},
    "task_id": "t1",
    "button_list": [{"text": "我来问候", "style": 1, "key": "greet"}],
}


def test_card_is_pressed_as_the_page_says(api: Api) -> None:
    app = {"agent_id": 1000002, "name": "导购", "secret": "guide-app-secret"}
    hearing = app | {"callback_url": "http://127.0.0.1:9/", "callback_token": "t"}
    api.control("seed", {"apps": [hearing | {"callback_aes_key": "x" * 43}]})
    body = {"touser": LIN, "agentid": 1000002, "msgtype": "template_card", "template_card": CARD}
    api.post("message/send", body)
    page = client(api, "chat/app/1000002/")
    assert "&lt;b&gt;生日&lt;/b&gt;" in page
    assert 'name="key" value="greet"' in page
    api.act("press_card", **buttons(page, "press_card")[0] | {"key": "greet"})
    events = [row["event"] for row in api.control("deliveries")["deliveries"]]
    assert "template_card_event" in events


def test_workbench_shows_the_inside_of_the_corp(api: Api) -> None:
    room = {"name": "一店内部群", "owner": LIN, "userlist": [LIN, ZHOU], "chatid": "room1"}
    api.post("appchat/create", room)
    key = api.act("create_webhook", chatid="room1", name="库存提醒")["key"]
    said = {"msgtype": "markdown", "markdown": {"content": "**大衣**只剩 <2> 件"}}
    api.client.post(f"/sandbox/cgi-bin/webhook/send?key={key}", json=said)
    assert "一店内部群" in client(api, "work/")
    assert "一店内部群" not in client(api, "work/", "ma")
    page = client(api, "chat/appchat/room1/")
    assert "库存提醒" in page
    assert "<b>大衣</b>只剩 &lt;2&gt; 件" in page
    assert "内部群" in client(api)
    assert "打不开" in client(api, "chat/appchat/room1/", "ma")
