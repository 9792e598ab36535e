"""Internal groups of applications, and webhook robots inside them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.wecom.sandbox.test_media_and_messages import png
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, OTHER_SECRET, ZHOU, Api, seed_of


def create(api: Api, **more: Any) -> dict[str, Any]:
    body = {"name": "一店值班", "userlist": [LIN, ZHOU], "chatid": "duty1"} | more
    return api.post("appchat/create", body)


def said(api: Api, chatid: str = "duty1") -> list[dict[str, Any]]:
    messages = api.control(f"state/appchat/{chatid}")["messages"]
    return [message["content"] for message in messages]


def speak(api: Api, **more: Any) -> int:
    body = {"chatid": "duty1", "msgtype": "text", "text": {"content": "开早会"}} | more
    return int(api.post("appchat/send", body)["errcode"])


def test_group_is_made_changed_and_spoken_in(api: Api) -> None:
    assert create(api)["chatid"] == "duty1"
    assert create(api)["errcode"] == 86215
    assert len(create(api, chatid="")["chatid"]) == 32
    assert speak(api) == 0
    assert said(api)[0]["text"]["content"] == "开早会"
    change = {"chatid": "duty1", "name": "值班", "add_user_list": [MA], "del_user_list": [ZHOU]}
    assert api.post("appchat/update", change)["errcode"] == 0
    info = api.get("appchat/get", chatid="duty1")["chat_info"]
    assert (info["name"], info["owner"], info["userlist"]) == ("值班", LIN, [LIN, MA])


BAD_GROUPS: list[tuple[Any, ...]] = [
    ({"userlist": [LIN]}, 86006),
    ({"userlist": [LIN, CHEN]}, 86216),
    ({"owner": MA}, 86007),
    ({"chatid": "有中文"}, 86001),
    ({"name": "名" * 51}, 40058),
]


def test_making_a_group_is_checked(api: Api) -> None:
    for more, errcode in BAD_GROUPS:
        assert create(api, **more)["errcode"] == errcode, more


def test_only_the_applications_own_groups(api: Api) -> None:
    create(api)
    body = {"chatid": "duty1", "msgtype": "text", "text": {"content": "x"}}
    assert api.post("appchat/send", body, secret=OTHER_SECRET)["errcode"] == 86008
    assert speak(api, chatid="none") == 86003
    assert speak(api, chatid=GROUP) == 86003
    assert speak(api, msgtype="template_card", template_card={"x": 1}) == 40008
    gone = {"chatid": "duty1", "del_user_list": [LIN]}
    assert api.post("appchat/update", gone)["errcode"] == 86007
    assert api.post("appchat/update", gone | {"del_user_list": [ZHOU]})["errcode"] == 86006


def test_narrow_applications_have_no_groups(empty_api: Api) -> None:
    apps = seed_of()["apps"]
    apps[0]["visible_departments"] = [2]
    empty_api.control("seed", seed_of(apps=apps))
    assert create(empty_api)["errcode"] == 48002


def hook(api: Api) -> str:
    create(api)
    return str(api.act("create_webhook", chatid="duty1", name="播报")["key"])


def send(api: Api, key: str, kind: str = "text", part: dict[str, Any] | None = None) -> int:
    body = {"msgtype": kind, kind: part or {"content": "今日目标", "mentioned_list": ["@all"]}}
    answer = api.client.post("/sandbox/cgi-bin/webhook/send", params={"key": key}, json=body)
    return int(answer.json()["errcode"])


def test_webhook_speaks_without_a_token(api: Api) -> None:
    key = hook(api)
    assert send(api, key) == 0
    got = api.control(f"state/webhook/{key}")["messages"][0]
    assert (got["source"], got["content"]["text"]["content"]) == ("webhook", "今日目标")
    assert send(api, "none") == 93000
    for state, errcode in (("disabled", 93004), ("expelled", 93008), ("removed", 93000)):
        api.act("turn_webhook", key=key, state=state)
        assert send(api, key) == errcode


def test_webhook_says_twenty_messages_a_minute(api: Api) -> None:
    key = hook(api)
    assert [send(api, key) for _ in range(21)] == [0] * 20 + [45009]
    api.control("clock", {"advance_seconds": 61})
    assert send(api, key) == 0


def test_webhook_lives_in_internal_groups_only(api: Api) -> None:
    assert "内部群" in api.refused("create_webhook", chatid=GROUP)


NOTICE = {
    "card_type": "text_notice",
    "main_title": {"title": "日报"},
    "card_action": {"type": 1, "url": "http://shop.example"},
}


KINDS: list[tuple[Any, ...]] = [
    ("text", {"content": "字" * 700}, 40058),
    ("markdown", {"content": "字" * 1366}, 40058),
    ("markdown_v2", {"content": "# 好"}, 0),
    ("image", {"base64": base64.b64encode(png()).decode(), "md5": "0" * 32}, 301019),
    ("image", {"base64": "???", "md5": "x"}, 40058),
    ("image", {"base64": base64.b64encode(b"no picture").decode(), "md5": "x"}, 40004),
    ("news", {"articles": [{"title": "t", "url": "u"}] * 9}, 45008),
    ("file", {"media_id": "none"}, 40007),
    ("template_card", NOTICE, 0),
    ("template_card", {"card_type": "vote_interaction"}, 40058),
    ("poem", {"x": 1}, 40008),
]


def test_webhook_kinds(api: Api) -> None:
    key = hook(api)
    for kind, part, errcode in KINDS:
        assert send(api, key, kind, part) == errcode, (kind, part)


def test_webhook_pictures_and_its_own_files(api: Api) -> None:
    key = hook(api)
    md5 = hashlib.md5(png(), usedforsecurity=False).hexdigest()
    assert send(api, key, "image", {"base64": base64.b64encode(png()).decode(), "md5": md5}) == 0
    other = api.act("create_webhook", chatid="duty1")["key"]
    made = api.client.post(
        "/sandbox/cgi-bin/webhook/upload_media",
        params={"key": key, "type": "file"},
        files={"media": ("日报.csv", b"a,b,c,d\n1,2")},
    ).json()
    assert send(api, key, "file", {"media_id": made["media_id"]}) == 0
    assert send(api, other, "file", {"media_id": made["media_id"]}) == 40007
    query = {"access_token": api.token(), "media_id": made["media_id"]}
    plain = api.client.get("/sandbox/cgi-bin/media/get", params=query)
    assert plain.json()["errcode"] == 40007
