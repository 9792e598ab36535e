"""微信客服 beside its messages: accounts, servicers, events of people, figures, questions."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, GROUP, KF, LIN, MA, WU, ZHOU, Api

PAIR = {"open_kfid": KF, "customer": CHEN}


def say(api: Api, text: str = "在吗") -> str:
    return str(api.act("kf_chat", **PAIR, text=text)["msgid"])


def answer(api: Api, **more: Any) -> dict[str, Any]:
    body = {"touser": CHEN, "open_kfid": KF, "msgtype": "text", "text": {"content": "在的"}}
    return api.post("kf/send_msg", body | more)


def events(api: Api) -> list[dict[str, Any]]:
    items = api.post("kf/sync_msg", {"open_kfid": KF})["msg_list"]
    return [item["event"] for item in items if item["msgtype"] == "event"]


def heard(api: Api) -> list[str]:
    """What the account said to the customer, as she sees it."""
    messages = api.control(f"state/kf/{KF}/{CHEN}")["messages"]
    return [m["content"]["text"]["content"] for m in messages if m["source"] == "kf_api"]


def test_refused_message_is_told_after_errcode_0(api: Api) -> None:
    say(api)
    api.act("kf_reject", **PAIR, reject=True)
    sent = answer(api, msgid="once-1")
    assert sent["errcode"] == 0
    assert heard(api) == []
    told = events(api)[-1]
    assert (told["event_type"], told["fail_msgid"], told["fail_type"]) == (
        "msg_send_fail",
        "once-1",
        10,
    )
    api.act("kf_reject", **PAIR, reject=False)
    answer(api)
    assert heard(api) == ["在的"]


def test_messages_are_lost_by_chance_with_the_type_of_the_switch(api: Api) -> None:
    api.control("switches", {"kf_fail_probability": 1, "kf_fail_type": 4})
    say(api)
    assert answer(api)["errcode"] == 0
    assert events(api)[-1]["fail_type"] == 4


def test_repeated_msgid_is_a_switch(api: Api) -> None:
    say(api)
    assert answer(api, msgid="m-1")["errcode"] == 0
    assert answer(api, msgid="m-1")["errcode"] == 40058
    api.control("switches", {"kf_repeated_msgid": "swallow"})
    assert answer(api, msgid="m-1") == {"errcode": 0, "errmsg": "ok", "msgid": "m-1"}
    assert len(heard(api)) == 1
    api.control("switches", {"kf_repeated_msgid": "send"})
    answer(api, msgid="m-1")
    assert len(heard(api)) == 2


def test_empty_page_may_have_more_behind_it(api: Api) -> None:
    say(api)
    api.control("switches", {"kf_empty_page_probability": 1})
    page = api.post("kf/sync_msg", {"open_kfid": KF})
    assert (page["msg_list"], page["has_more"]) == ([], 1)
    api.control("switches", {"kf_empty_page_probability": 0})
    again = api.post("kf/sync_msg", {"open_kfid": KF, "cursor": page["next_cursor"]})
    assert len(again["msg_list"]) == 1


def test_pulling_without_a_token_is_limited(api: Api) -> None:
    api.control("switches", {"kf_without_token_per_minute": 1})
    assert api.post("kf/sync_msg", {"open_kfid": KF})["errcode"] == 0
    assert api.post("kf/sync_msg", {"open_kfid": KF})["errcode"] == 45009
    api.control("clock", {"advance_seconds": 61})
    assert api.post("kf/sync_msg", {"open_kfid": KF})["errcode"] == 0


def test_recalled_messages_are_told(api: Api) -> None:
    mine = say(api, "手滑了")
    api.act("kf_recall", **PAIR, msgid=mine)
    his = api.act("kf_servicer_chat", **PAIR, userid=LIN, text="我来")["msgid"]
    api.act("kf_recall", **PAIR, msgid=his, userid=LIN)
    told = [e for e in events(api) if e["event_type"].endswith("recall_msg")]
    assert [(e["event_type"], e["recall_msgid"]) for e in told] == [
        ("user_recall_msg", mine),
        ("servicer_recall_msg", his),
    ]
    assert "本人" in api.refused("kf_recall", **PAIR, msgid=his)


def test_servicer_who_refuses_a_customer_does_not_hear_her(api: Api) -> None:
    api.act("kf_reject", **PAIR, reject=True, userid=LIN)
    told = events(api)[-1]
    assert (told["event_type"], told["reject_switch"]) == ("reject_customer_msg_switch_change", 1)
    assert "拒收" in api.refused("kf_chat", **PAIR, text="在吗")


def trans(api: Api, state: int, **more: Any) -> int:
    body = {"open_kfid": KF, "external_userid": CHEN, "service_state": state} | more
    return int(api.post("kf/service_state/trans", body)["errcode"])


def test_paused_servicer_gets_no_conversation(api: Api) -> None:
    say(api)
    api.act("kf_servicer_status", open_kfid=KF, userid=LIN, serving=False)
    assert events(api)[-1]["event_type"] == "servicer_status_change"
    assert events(api)[-1]["status"] == 2
    assert trans(api, 3, servicer_userid=LIN) == 95014
    api.act("kf_servicer_status", open_kfid=KF, userid=LIN, serving=True)
    assert trans(api, 3, servicer_userid=LIN) == 0
    api.post("kf/servicer/add", {"open_kfid": KF, "userid_list": [ZHOU]})
    api.act("kf_hand_over", **PAIR, to=ZHOU)
    told = events(api)[-1]
    assert (told["change_type"], told["new_servicer_userid"]) == (2, ZHOU)


def test_ending_from_other_states_is_a_switch(api: Api) -> None:
    say(api)
    assert trans(api, 4) == 95016
    api.control("switches", {"kf_end_from": "0,1,2,3"})
    assert trans(api, 4) == 0
    assert trans(api, 4) == 95016


def test_accounts_come_and_go(api: Api) -> None:
    made = api.post("kf/account/add", {"name": "售后"})["open_kfid"]
    assert api.post("kf/account/update", {"open_kfid": made, "name": "售后客服"})["errcode"] == 0
    listed = {a["open_kfid"]: a["name"] for a in api.get("kf/account/list")["account_list"]}
    assert listed[made] == "售后客服"
    assert api.post("kf/account/add", {"name": "名" * 17})["errcode"] == 95006
    assert api.post("kf/account/add", {"name": "x", "media_id": "none"})["errcode"] == 40007
    assert api.post("kf/account/del", {"open_kfid": made})["errcode"] == 0
    assert api.post("kf/account/update", {"open_kfid": made})["errcode"] == 95004


def test_servicers_are_members_and_departments(api: Api) -> None:
    body = {"open_kfid": KF, "userid_list": [LIN, MA, "nobody"], "department_id_list": [2, 99]}
    results = api.post("kf/servicer/add", body)["result_list"]
    assert [(each["errcode"], each["errmsg"]) for each in results] == [
        (0, "ignored"),
        (0, "success"),
        (60111, "userid not found"),
        (0, "success"),
        (60003, "department not found"),
    ]
    listed = api.get("kf/servicer/list", open_kfid=KF)["servicer_list"]
    assert [each.get("userid") or each["department_id"] for each in listed] == [LIN, MA, 2]
    say(api)
    assert trans(api, 3, servicer_userid=ZHOU) == 0
    gone = {"open_kfid": KF, "userid_list": [MA, WU], "department_id_list": [2]}
    results = api.post("kf/servicer/del", gone)["result_list"]
    assert [each["errmsg"] for each in results] == ["success", "ignored", "success"]
    assert api.post("kf/servicer/del", {"open_kfid": KF})["errcode"] == 40063


def test_rights_on_an_account_are_told(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("kf_authorize", open_kfid=KF, managed=False)
    event = receiver.wait_for(1, lambda got: got.event["Event"] == "kf_account_auth_change")[0]
    assert event.event["AuthDelOpenKfId"] == KF
    say(heard_api)
    assert answer(heard_api)["errcode"] == 48007
    heard_api.act("kf_authorize", open_kfid=KF, managed=True)
    receiver.wait_for(2, lambda got: got.event["Event"] == "kf_account_auth_change")
    assert answer(heard_api)["errcode"] == 0


def upgrade(api: Api, **more: Any) -> int:
    body = {"open_kfid": KF, "external_userid": CHEN, "type": 1, "member": {"userid": ZHOU}}
    return int(api.post("kf/customer/upgrade_service", body | more)["errcode"])


def test_customers_are_offered_whom_the_corp_allows(api: Api) -> None:
    assert api.get("kf/customer/get_upgrade_service_config")["errcode"] == 95021
    assert upgrade(api) == 95021
    api.act(
        "kf_upgrade_range",
        member_range={"department_id_list": [2]},
        groupchat_range={"chat_id_list": [GROUP]},
    )
    assert api.get("kf/customer/get_upgrade_service_config")["groupchat_range"] == {
        "chat_id_list": [GROUP]
    }
    assert upgrade(api) == 0
    assert upgrade(api, member={"userid": MA}) == 95021
    assert upgrade(api, type=2, groupchat={"chat_id": GROUP, "wording": "进群吧"}) == 0
    messages = api.control(f"state/kf/{KF}/{CHEN}")["messages"]
    assert messages[-1]["content"]["notice"]["content"] == "进群吧"
    pair = {"open_kfid": KF, "external_userid": CHEN}
    assert api.post("kf/customer/cancel_upgrade_service", pair)["errcode"] == 0


def test_figures_of_days_that_are_over(api: Api) -> None:
    say(api)
    say(api, "请问")
    api.act("kf_servicer_chat", **PAIR, userid=LIN, text="您好")
    now = int(api.control("clock")["now"])
    span = {"open_kfid": KF, "start_time": now, "end_time": now}
    assert api.post("kf/get_corp_statistic", span)["statistic_list"] == []
    api.control("clock", {"advance_seconds": 86400})
    api.tokens.clear()
    line = api.post("kf/get_corp_statistic", span)["statistic_list"][0]
    assert line["statistic"]["customer_msg_cnt"] == 2
    assert line["statistic"]["customer_cnt"] == 1
    mine = span | {"servicer_userid": LIN}
    line = api.post("kf/get_servicer_statistic", mine)["statistic_list"][0]
    assert line["statistic"]["session_cnt"] == 1
    other = span | {"servicer_userid": ZHOU}
    line = api.post("kf/get_servicer_statistic", other)["statistic_list"][0]
    assert line["statistic"]["session_cnt"] == 0
    long_ago = span | {"start_time": now - 32 * 86400}
    assert api.post("kf/get_corp_statistic", long_ago)["errcode"] == 600018


def words(text: str) -> dict[str, Any]:
    return {"text": {"content": text}}


def test_questions_are_kept_by_group(api: Api) -> None:
    group_id = api.post("kf/knowledge/add_group", {"name": "退换"})["group_id"]
    groups = api.post("kf/knowledge/list_group")["group_list"]
    assert {each["is_default"] for each in groups} == {0, 1}
    default = next(each["group_id"] for each in groups if each["is_default"])
    for path in ("mod_group", "del_group"):
        refused = api.post(f"kf/knowledge/{path}", {"group_id": default, "name": "x"})
        assert refused["errcode"] == 40058
    body = {"group_id": group_id, "question": words("能退吗"), "answers": [words("7 天内可以")]}
    intent_id = api.post("kf/knowledge/add_intent", body)["intent_id"]
    assert api.post("kf/knowledge/add_intent", body | {"answers": []})["errcode"] == 40058
    similar = {"intent_id": intent_id, "similar_questions": {"items": [words("可以退货吗")]}}
    assert api.post("kf/knowledge/mod_intent", similar)["errcode"] == 0
    listed = api.post("kf/knowledge/list_intent", {"group_id": group_id})["intent_list"]
    assert listed[0]["question"] == words("能退吗")
    assert listed[0]["similar_questions"]["items"] == [words("可以退货吗")]
    assert api.post("kf/knowledge/del_group", {"group_id": group_id})["errcode"] == 0
    assert api.post("kf/knowledge/del_intent", {"intent_id": intent_id})["errcode"] == 40058
