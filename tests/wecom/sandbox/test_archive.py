"""The archive's kinds of messages, its files, and the data zone that tells no words."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.wecom.sandbox.test_media_and_messages import png, upload
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, WU, ZHOU, Api, seed_of


def heard(api: Api) -> list[dict[str, Any]]:
    got = api.post("msgaudit/chatdata", {"seq": 0})
    return [row["message"] for row in got["chatdata"]]


def say(api: Api, kind: str = "text", **part: Any) -> str:
    content = {"msgtype": kind, kind: part or {"content": "你好"}}
    return str(api.act("chat", **{"from": LIN, "to": CHEN}, content=content)["msgid"])


def test_files_are_named_measured_and_fetched(api: Api) -> None:
    api.befriend()
    media_id = upload(api, png())["media_id"]
    for _ in range(2):
        say(api, "image", media_id=media_id)
    first, second = heard(api)
    md5 = hashlib.md5(png(), usedforsecurity=False).hexdigest()
    assert (first["image"]["md5sum"], first["image"]["filesize"]) == (md5, len(png()))
    assert first["image"] == second["image"]
    query = {"access_token": api.token(), "sdkfileid": first["image"]["sdkfileid"]}
    path = "/sandbox/cgi-bin/msgaudit/mediadata"
    assert api.client.get(path, params=query).content == png()
    part = api.client.get(path, params=query, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, png()[:4])
    none = query | {"sdkfileid": "none"}
    assert api.client.get(path, params=none).json()["errcode"] == 40007


def test_kinds_stand_in_the_archives_own_words(api: Api) -> None:
    api.befriend()
    say(api, "link", title="新品", desc="到店", url="http://u", picurl="http://p")
    say(api, "miniprogram", title="商城", appid="wx1", page="/p")
    say(api, "location", latitude=31.2, longitude=121.5, name="门店")
    link, mini, place = heard(api)
    assert link["link"]["link_url"] == "http://u"
    assert (mini["msgtype"], mini["weapp"]["username"]) == ("weapp", "wx1")
    assert place["location"]["name"] == "门店"


def test_message_taken_back_is_a_revoke(api: Api) -> None:
    api.befriend()
    msgid = say(api)
    assert "本人" in api.refused("recall_message", msgid=msgid, person=CHEN)
    api.act("recall_message", msgid=msgid, person=LIN)
    said, taken = heard(api)
    assert (taken["action"], taken["msgtype"]) == ("recall", "revoke")
    assert taken["revoke"] == {"pre_msgid": said["msgid"]}
    shown = api.control(f"state/customer/{CHEN}")["messages"]
    assert shown[-1]["content"]["msgtype"] == "notice"


def test_agreeing_and_refusing_are_heard(api: Api) -> None:
    api.befriend(LIN)
    api.befriend(ZHOU)
    api.act("archive_consent", customer=CHEN, agree=False)
    api.act("archive_consent", customer=CHEN, agree=True)
    kinds = [(m["msgtype"], m["from"], m["tolist"]) for m in heard(api)]
    assert kinds == [("disagree", CHEN, [LIN]), ("agree", CHEN, [LIN])]


def test_archive_hears_only_the_kinds_of_the_switch(api: Api) -> None:
    api.befriend()
    api.control("switches", {"archive_kinds": "text,image"})
    say(api, "location", latitude=1, longitude=2)
    say(api)
    assert [m["msgtype"] for m in heard(api)] == ["text"]


def test_internal_groups_are_heard_and_named(api: Api) -> None:
    body = {"name": "值班", "userlist": [LIN, ZHOU], "chatid": "duty1"}
    api.post("appchat/create", body)
    api.act("say_in_appchat", userid=ZHOU, chatid="duty1", text="到了")
    assert [(m["roomid"], m["tolist"]) for m in heard(api)] == [("duty1", [LIN])]
    got = api.post("msgaudit/groupchat/get", {"roomid": "duty1"})
    assert (got["roomname"], [m["memberid"] for m in got["members"]]) == ("值班", [LIN, ZHOU])
    assert api.post("msgaudit/groupchat/get", {"roomid": GROUP})["errcode"] == 301059
    key = api.act("create_webhook", chatid="duty1", name="播报")["key"]
    robot_id = api.control(f"state/webhook/{key}")["webhook"]["robot_id"]
    found = api.get("msgaudit/get_robot_info", robot_id=robot_id)["data"]
    assert (found["name"], found["creator_userid"]) == ("播报", LIN)
    assert api.get("msgaudit/get_robot_info", robot_id="wbNone")["errcode"] == 40058


def test_consent_of_a_group_is_told_by_customer(api: Api) -> None:
    api.act("archive_consent", customer=WU, agree=False)
    info = api.post("msgaudit/check_room_agree", {"roomid": GROUP})["agreeinfo"]
    assert [(each["exteranalopenid"], each["agree_status"]) for each in info] == [(WU, "Disagree")]
    assert api.post("msgaudit/check_room_agree", {"roomid": "wrX"})["errcode"] == 86003


def zone_events(api: Api) -> list[dict[str, Any]]:
    """What the data zone's program passed on, oldest first."""
    found = api.control("deliveries", event="zone")["deliveries"]
    # Nobody listens there, so each is tried again.
    return [json.loads(each["inner_xml"]) for each in found[::-1] if each["attempt"] == 1]


def test_zone_tells_hits_and_never_words(empty_api: Api) -> None:
    api = empty_api
    api.control("seed", seed_of("http://127.0.0.1:9/"))
    api.befriend()
    assert api.post("chatdata/sync_msg")["errcode"] == 301053
    rule_id = api.act("keyword_rule", name="退货", words=["退货", "退款"])["rule_id"]
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "我要退货，太难看了"})
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "随便看看"})
    kinds = [each["event_type"] for each in zone_events(api)]
    assert kinds == ["conversation_new_message", "hit_keyword", "conversation_new_message"]
    page = api.post("chatdata/sync_msg", {"limit": 1})
    first = page["msg_list"][0]
    assert first["sender"] == {"type": 2, "id": CHEN}
    assert first["hit_rule_list"] == [{"rule_id": rule_id, "rule_name": "退货"}]
    assert page["has_more"] == 1
    rest = api.post("chatdata/sync_msg", {"cursor": page["next_cursor"]})
    assert rest["msg_list"][0]["hit_rule_list"] == []
    token = zone_events(api)[1]["hit_keyword"]["token"]
    hits = api.post("chatdata/get_hit_msg_list", {"token": token})
    assert [each["msgid"] for each in hits["msg_list"]] == [first["msgid"]]
    assert "难看" not in json.dumps([page, rest, hits], ensure_ascii=False)
    api.control("clock", {"advance_seconds": 601})
    assert api.post("chatdata/get_hit_msg_list", {"token": token})["errcode"] == 95007


def test_zone_hears_no_more_than_the_archive(api: Api) -> None:
    api.befriend(ZHOU)
    api.act("open_zone", open=True)
    api.act("chat", **{"from": CHEN, "to": ZHOU, "text": "没有许可的成员"})
    assert api.post("chatdata/sync_msg")["msg_list"] == []
