"""Behaviours of WeCom that are rare: several people in one event, files that died meanwhile."""

from __future__ import annotations

import re

from tests.wecom.sandbox.world import CHEN, GROUP, KF, LIN, WU, Api

DAY = 86400


def hear(api: Api) -> None:
    """Give the guide application an address where nobody is, so that events are kept."""
    app = {"agent_id": 1000002, "name": "导购", "secret": "guide-app-secret"}
    hearing = app | {"callback_url": "http://127.0.0.1:9/", "callback_token": "t"}
    api.control("seed", {"apps": [hearing | {"callback_aes_key": "x" * 43}]})


def test_several_come_with_one_event(api: Api) -> None:
    hear(api)
    ma = api.act("create_customer", name="小马")["customer"]["external_userid"]
    came = api.act("invite_together", chat_id=GROUP, invitor=LIN, members=[CHEN, ma, WU])["came"]
    assert came == [CHEN, ma]
    (row,) = [
        each
        for each in api.control("deliveries")["deliveries"]
        if each["change_type"] == "update/add_member" and each["attempt"] == 1
    ]
    assert re.findall(r"<Item><!\[CDATA\[(\w+)\]\]></Item>", row["inner_xml"]) == [CHEN, ma]
    assert "<MemChangeCnt>2</MemChangeCnt>" in row["inner_xml"]
    assert api.act("invite_together", chat_id=GROUP, invitor=LIN, members=[CHEN])["came"] == []
    assert "不在" in api.refused("invite_together", chat_id=GROUP, invitor="ma", members=[CHEN])


def upload(api: Api) -> str:
    answer = api.client.post(
        "/sandbox/cgi-bin/media/upload",
        params={"access_token": api.token(), "type": "image"},
        files={"media": ("a.jpg", b"\xff\xd8\xff" + b"0" * 40, "image/jpeg")},
    ).json()
    return str(answer["media_id"])


def test_file_that_died_before_confirming_is_left_out(api: Api) -> None:
    api.befriend()
    picture = {"msgtype": "image", "image": {"media_id": upload(api)}}
    body = {"sender": LIN, "text": {"content": "看图"}, "attachments": [picture]}
    fresh = api.post("externalcontact/add_msg_template", body)["msgid"]
    stale = api.post("externalcontact/add_msg_template", body)["msgid"]
    api.act("confirm_task", msgid=fresh, userid=LIN)
    api.control("clock", {"advance_seconds": 4 * DAY})
    assert api.act("confirm_task", msgid=stale, userid=LIN)["sent"] == 1
    messages = api.control(f"state/customer/{CHEN}")["messages"]
    kinds = [each["content"]["msgtype"] for each in messages if each["source"] == "mass"]
    assert kinds == ["text", "image", "text"]


def test_one_file_may_be_fetched_so_often_only(api: Api) -> None:
    media_id, other = upload(api), upload(api)

    def fetch(wanted: str) -> str:
        query = {"access_token": api.token(), "media_id": wanted}
        answer = api.client.get("/sandbox/cgi-bin/media/get", params=query)
        return answer.headers.get("Error-Code", "0")

    assert [fetch(media_id) for _ in range(3)] == ["0", "0", "0"]
    api.control("switches", {"media_downloads_per_minute": 2})
    assert [fetch(media_id) for _ in range(3)] == ["0", "0", "45033"]
    assert fetch(other) == "0"
    api.control("clock", {"advance_seconds": 121})
    assert fetch(media_id) == "0"


def test_service_message_is_there_a_little_after_its_event(api: Api) -> None:
    api.control("switches", {"kf_feed_delay_s": 3})
    api.control("clock", {"frozen": True})
    api.act("kf_chat", customer=CHEN, open_kfid=KF, text="在吗")

    def texts() -> list[str]:
        told = api.post("kf/sync_msg", {"open_kfid": KF})["msg_list"]
        return [item["text"]["content"] for item in told if item["msgtype"] == "text"]

    assert texts() == []
    api.control("clock", {"advance_seconds": 3})
    assert texts() == ["在吗"]
