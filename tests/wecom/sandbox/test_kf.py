"""微信客服 and the chat archive: what a server hears, and when it may speak."""

from __future__ import annotations

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, GROUP, KF, LIN, WU, ZHOU, Api


def say(api: Api, text: str = "几点关门") -> None:
    api.act("kf_chat", customer=CHEN, open_kfid=KF, text=text)


def answer(api: Api, text: str = "22:00") -> int:
    body = {"touser": CHEN, "open_kfid": KF, "msgtype": "text", "text": {"content": text}}
    return int(api.post("kf/send_msg", body)["errcode"])


def test_message_is_announced_and_pulled_with_the_token(heard_api: Api, receiver: Receiver) -> None:
    say(heard_api)
    event = receiver.wait_for(1)[0].event
    assert (event["Event"], event["OpenKfId"]) == ("kf_msg_or_event", KF)
    assert "FromUserName" not in event
    body = {"token": event["Token"], "open_kfid": KF, "cursor": "", "limit": 100}
    page = heard_api.post("kf/sync_msg", body)
    item = page["msg_list"][0]
    assert (item["origin"], item["msgtype"], item["external_userid"]) == (3, "text", CHEN)
    assert item["text"] == {"content": "几点关门"}
    again = heard_api.post("kf/sync_msg", body | {"cursor": page["next_cursor"]})
    assert (again["msg_list"], again["has_more"]) == ([], 0)
    assert again["next_cursor"] == page["next_cursor"]


def test_token_of_a_callback_expires(heard_api: Api, receiver: Receiver) -> None:
    say(heard_api)
    token = receiver.wait_for(1)[0].event["Token"]
    assert heard_api.post("kf/sync_msg", {"token": "made-up"})["errcode"] == 95007
    heard_api.control("clock", {"advance_seconds": 601})
    assert heard_api.post("kf/sync_msg", {"token": token})["errcode"] == 95007


def test_server_answers_five_times_per_message(api: Api) -> None:
    assert answer(api) == 95013
    say(api)
    assert [answer(api) for _ in range(6)] == [0, 0, 0, 0, 0, 95001]
    say(api, "谢谢")
    assert answer(api) == 0
    sources = [m["source"] for m in api.control(f"state/kf/{KF}/{CHEN}")["messages"]]
    assert sources == ["kf_customer", *["kf_api"] * 5, "kf_customer", "kf_api"]


def test_answers_are_not_in_the_feed(api: Api) -> None:
    say(api)
    answer(api)
    items = api.post("kf/sync_msg", {"open_kfid": KF})["msg_list"]
    assert [item["origin"] for item in items] == [3]


def test_consultation_ends_after_48_hours(api: Api) -> None:
    say(api)
    api.control("clock", {"advance_seconds": 48 * 3600 + 1})
    api.tokens.clear()
    assert answer(api) == 95013


def test_welcome_code_comes_once_and_lives_20_seconds(api: Api) -> None:
    assert api.act("kf_enter", customer=CHEN, open_kfid=KF)["welcome_code_issued"]
    event = api.post("kf/sync_msg", {"open_kfid": KF})["msg_list"][0]["event"]
    assert (event["event_type"], event["external_userid"]) == ("enter_session", CHEN)
    body = {"code": event["welcome_code"], "msgtype": "text", "text": {"content": "您好"}}
    assert api.post("kf/send_msg_on_event", body)["errcode"] == 0
    assert api.post("kf/send_msg_on_event", body)["errcode"] == 95007
    assert not api.act("kf_enter", customer=CHEN, open_kfid=KF)["welcome_code_issued"]


def test_states_move_only_as_the_table_says(api: Api) -> None:
    pair = {"open_kfid": KF, "external_userid": CHEN}

    def move(state: int, **more: str) -> int:
        body = pair | {"service_state": state} | more
        return int(api.post("kf/service_state/trans", body)["errcode"])

    assert move(1) == 95016
    say(api)
    assert api.post("kf/service_state/get", pair)["service_state"] == 0
    assert move(1) == 0
    assert answer(api) == 0
    assert move(3, servicer_userid=ZHOU) == 95014
    assert move(3, servicer_userid=LIN) == 0
    assert answer(api) == 95018
    got = api.post("kf/service_state/get", pair)
    assert (got["service_state"], got["servicer_userid"]) == (3, LIN)
    assert move(0) == 95016
    assert move(4) == 0
    say(api)
    assert api.post("kf/service_state/get", pair)["service_state"] == 0


def test_servicer_answers_in_the_client(api: Api) -> None:
    say(api)
    api.act("kf_servicer_chat", open_kfid=KF, customer=CHEN, userid=LIN, text="我来帮您")
    items = api.post("kf/sync_msg", {"open_kfid": KF})["msg_list"]
    assert [item["origin"] for item in items] == [3, 4, 5]
    assert items[1]["event"]["event_type"] == "session_status_change"
    assert items[2]["servicer_userid"] == LIN
    api.act("kf_end", open_kfid=KF, customer=CHEN, userid=LIN)
    assert answer(api) == 95013


def test_customers_of_service_are_named(api: Api) -> None:
    say(api)
    body = {"external_userid_list": [CHEN, WU]}
    got = api.post("kf/customer/batchget", body)
    assert [each["nickname"] for each in got["customer_list"]] == ["陈悦"]
    assert got["invalid_external_userid"] == [WU]


def test_accounts_and_their_links(api: Api) -> None:
    listed = api.get("kf/account/list")["account_list"]
    assert [each["open_kfid"] for each in listed] == [KF]
    link = api.post("kf/add_contact_way", {"open_kfid": KF, "scene": "card"})
    assert link["url"] == f"http://shop.example/sandbox/kf/{KF}?enc_scene=card"
    assert api.post("kf/add_contact_way", {"open_kfid": "wkX"})["errcode"] == 95004


def archive(api: Api, seq: int = 0) -> list[dict[str, object]]:
    got = api.post("msgaudit/chatdata", {"seq": seq, "limit": 100})
    assert got["errcode"] == 0, got
    rows: list[dict[str, object]] = got["chatdata"]
    return rows


def test_archive_hears_only_where_a_licensed_member_is(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(ZHOU, CHEN)
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "听得见"})
    api.act("chat", **{"from": CHEN, "to": ZHOU, "text": "听不见"})
    api.act("chat", **{"from": WU, "chat_id": GROUP, "text": "群里也听得见"})
    first, second = [row["message"] for row in archive(api)]
    assert first["text"] == {"content": "听得见"}  # type: ignore[index]
    assert (first["from"], first["tolist"], first["roomid"]) == (CHEN, [LIN], "")  # type: ignore[index]
    assert second["roomid"] == GROUP  # type: ignore[index]
    assert set(second["tolist"]) == {LIN, ZHOU}  # type: ignore[index]
    assert second["msgtime"] > 10**12  # type: ignore[index]
    assert archive(api, seq=int(str(archive(api)[-1]["seq"]))) == []


def test_archive_respects_a_refusal(api: Api) -> None:
    api.befriend()
    api.act("archive_consent", customer=CHEN, agree=False)
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "别记"})
    api.act("chat", **{"from": LIN, "to": CHEN, "text": "好的"})
    heard = [row["message"] for row in archive(api)]
    assert [(m["msgtype"], m["from"]) for m in heard] == [("disagree", CHEN), ("text", LIN)]  # type: ignore[index]
    info = {"info": [{"userid": LIN, "exteranalopenid": CHEN}]}
    agreed = api.post("msgaudit/check_single_agree", info)["agreeinfo"][0]
    assert agreed["agree_status"] == "Disagree"


def test_archive_without_licence_is_301053(api: Api) -> None:
    api.control("seed", {"members": [{"userid": LIN, "name": "林晓", "archived": False}]})
    assert api.post("msgaudit/chatdata", {"seq": 0})["errcode"] == 301053
