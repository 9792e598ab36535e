"""Hand-over of customers and groups: who may, when it takes effect, who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wecom.sandbox.receiver import Received, Receiver
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, WU, ZHOU, Api

DAY_S = 86_400
RESIGNED = "resigned/"


def move(api: Api, *customers: str, kind: str = "", **more: object) -> list[int]:
    """Hand Lin's customers to Ma; a code per customer."""
    body = {"handover_userid": LIN, "takeover_userid": MA, "external_userid": list(customers)}
    answer = api.post(f"externalcontact/{kind}transfer_customer", body | more)
    assert answer["errcode"] == 0, answer
    assert [row["external_userid"] for row in answer["customer"]] == list(customers)
    return [row["errcode"] for row in answer["customer"]]


def result(api: Api, kind: str = "") -> dict[str, tuple[int, int]]:
    body = {"handover_userid": LIN, "takeover_userid": MA}
    answer = api.post(f"externalcontact/{kind}transfer_result", body)
    assert (answer["errcode"], answer["next_cursor"]) == (0, "")
    return {
        row["external_userid"]: (row["status"], row["takeover_time"]) for row in answer["customer"]
    }


def pass_time(api: Api, seconds: float = DAY_S + 1) -> None:
    """Time goes by; tokens die meanwhile."""
    api.control("clock", {"advance_seconds": seconds})
    api.tokens.clear()


def is_about(*kinds: str) -> Any:
    return lambda each: each.event.get("ChangeType") in kinds


def events_of(received: list[Received]) -> set[tuple[str, str, str | None]]:
    return {
        (each.event["ChangeType"], each.event["UserID"], each.event.get("Source"))
        for each in received
    }


def test_a_customer_changes_hands_after_a_day(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    heard_api.act("edit_customer", userid=LIN, customer=CHEN, remark="陈小姐")
    before = heard_api.control("clock")["now"]
    assert move(heard_api, CHEN, transfer_success_msg="以后我来服务您") == [0]
    status, takes_effect = result(heard_api)[CHEN]
    assert (status, round(takes_effect - before, -2)) == (2, DAY_S)
    assert heard_api.get("externalcontact/list", userid=LIN)["errcode"] == 0
    pass_time(heard_api)
    assert result(heard_api)[CHEN] == (1, takes_effect)
    assert heard_api.get("externalcontact/list", userid=LIN)["errcode"] == 84061
    follow = heard_api.get("externalcontact/get", external_userid=CHEN)["follow_user"]
    assert [(each["userid"], each["remark"], each["add_way"]) for each in follow] == [
        (MA, "陈小姐", 202)
    ]
    assert follow[0]["createtime"] == takes_effect
    told = receiver.wait_for(2, is_about("del_external_contact", "add_external_contact"))
    wanted = {
        ("del_external_contact", LIN, "DELETE_BY_TRANSFER"),
        ("add_external_contact", MA, None),
    }
    receiver.wait_for(1, lambda each: each.event.get("Source") == "DELETE_BY_TRANSFER")
    receiver.wait_for(1, lambda each: each.event.get("UserID") == MA)
    assert wanted <= events_of(receiver.received)
    assert told
    spoken = heard_api.control(f"state/customer/{CHEN}")["messages"]
    assert spoken[-1]["content"]["text"]["content"] == "以后我来服务您"
    assert (spoken[-1]["from"], spoken[-1]["source"]) == (MA, "transfer")


def test_a_friend_already_is_not_added_again(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    heard_api.befriend(userid=MA)
    receiver.wait_for(2)
    assert move(heard_api, CHEN) == [0]
    pass_time(heard_api)
    receiver.wait_for(1, is_about("del_external_contact"))
    assert heard_api.count_events("add_external_contact") == 2


def test_a_customer_who_comes_back_is_not_told(heard_api: Api) -> None:
    heard_api.befriend()
    assert move(heard_api, CHEN) == [0]
    pass_time(heard_api)
    assert move(heard_api, CHEN, handover_userid=MA, takeover_userid=LIN) == [0]
    pass_time(heard_api)
    assert heard_api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]
    assert heard_api.count_events("add_external_contact") == 2


def test_a_customer_may_refuse(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    move(heard_api, CHEN)
    heard_api.act("refuse_transfer", customer=CHEN, takeover=MA)
    event = receiver.wait_for(1, is_about("transfer_fail"))[0].event
    assert (event["UserID"], event["FailReason"]) == (MA, "customer_refused")
    pass_time(heard_api)
    assert result(heard_api) == {CHEN: (3, 0)}
    assert heard_api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]
    assert "没有等待" in heard_api.refused("refuse_transfer", customer=CHEN, takeover=MA)


def test_a_full_colleague_takes_nobody(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    heard_api.befriend(customer=WU)
    heard_api.control("switches", {"takeover_customer_limit": 1})
    assert move(heard_api, CHEN, WU) == [0, 0]
    pass_time(heard_api)
    event = receiver.wait_for(1, is_about("transfer_fail"))[0].event
    assert (event["UserID"], event["FailReason"]) == (MA, "customer_limit_exceed")
    assert sorted(status for status, _ in result(heard_api).values()) == [1, 4]
    left = heard_api.get("externalcontact/list", userid=LIN)["external_userid"]
    assert move(heard_api, *left) == [40099]


def test_rows_are_refused_one_by_one(api: Api) -> None:
    api.befriend()
    assert move(api, "wmNobody", WU, CHEN) == [40096, 40131, 0]
    assert move(api, CHEN) == [40129]
    assert move(api, CHEN, takeover_userid=LIN.upper()) == [40130]


@pytest.mark.parametrize("flaw", [{"verified": False}, {"status": 4}, {"last_login": 1}])
def test_the_colleague_must_be_real_and_awake(api: Api, flaw: dict[str, object]) -> None:
    api.befriend()
    ma = {"userid": MA, "name": "马超", "department": [3]} | flaw
    api.control("seed", {"members": [ma]})
    assert move(api, CHEN) == [40098]


def test_twice_in_ninety_days_is_enough(api: Api) -> None:
    api.befriend()
    for handover, takeover in ((LIN, MA), (MA, LIN)):
        assert move(api, CHEN, handover_userid=handover, takeover_userid=takeover) == [0]
        pass_time(api)
    assert move(api, CHEN) == [40128]
    pass_time(api, 90 * DAY_S)
    assert move(api, CHEN) == [0]


def test_requests_are_checked(api: Api) -> None:
    def code(path: str = "transfer_customer", **change: object) -> object:
        body = {"handover_userid": LIN, "takeover_userid": MA, "external_userid": [CHEN]} | change
        return api.post(f"externalcontact/{path}", body)["errcode"]

    assert code(external_userid=[f"wm{n}" for n in range(101)]) == 40058
    assert code(external_userid=[]) == 41035
    assert code(handover_userid="nobody") == 60111
    assert code(transfer_success_msg="好" * 201) == 40058
    assert code("transfer_result", handover_userid="nobody") == 60111


def test_customers_of_somebody_who_left_wait_and_are_handed_on(
    heard_api: Api, receiver: Receiver
) -> None:
    def unassigned(**body: object) -> list[tuple[str, str]]:
        answer = heard_api.post("externalcontact/get_unassigned_list", body)
        return [(row["handover_userid"], row["external_userid"]) for row in answer["info"]]

    heard_api.befriend()
    heard_api.befriend(customer=WU)
    assert move(heard_api, CHEN, kind=RESIGNED) == [40097]
    heard_api.act("resign_member", userid=LIN)
    assert unassigned() == [(LIN, CHEN), (LIN, WU)]
    first = heard_api.post("externalcontact/get_unassigned_list", {"page_size": 1})
    assert (first["is_last"], len(first["info"])) == (False, 1)
    assert unassigned(page_size=1, cursor=first["next_cursor"]) == [(LIN, WU)]
    assert unassigned(page_size=1, page_id=1) == [(LIN, WU)]
    assert move(heard_api, CHEN, kind=RESIGNED) == [0]
    assert move(heard_api, CHEN, kind=RESIGNED) == [40100]
    assert unassigned() == [(LIN, WU)]
    pass_time(heard_api)
    assert result(heard_api, RESIGNED)[CHEN][0] == 1
    assert result(heard_api) == {}
    receiver.wait_for(1, lambda each: each.event.get("UserID") == MA)
    assert heard_api.count_events("del_external_contact") == 0
    pass_time(heard_api, 366 * DAY_S)
    assert unassigned() == []
    assert move(heard_api, WU, kind=RESIGNED) == [40131]


def give(api: Api, *chats: str, path: str = "transfer", owner: str = MA) -> dict[str, int]:
    body = {"chat_id_list": list(chats), "new_owner": owner}
    answer = api.post(f"externalcontact/groupchat/{path}", body)
    assert answer["errcode"] == 0, answer
    return {row["chat_id"]: row["errcode"] for row in answer["failed_chat_list"]}


def group_of(api: Api) -> tuple[str, list[str]]:
    group = api.post("externalcontact/groupchat/get", {"chat_id": GROUP})["group_chat"]
    return group["owner"], sorted(each["userid"] for each in group["member_list"])


def test_groups_of_somebody_who_left_get_a_new_owner(api: Api) -> None:
    assert give(api, GROUP, "wrX") == {GROUP: 90500, "wrX": 90501}
    api.act("resign_member", userid=LIN)
    assert give(api, GROUP, path="onjob_transfer") == {GROUP: 90502}
    assert give(api, GROUP) == {}
    assert group_of(api) == (MA, sorted([MA, WU, ZHOU]))
    listed = api.post("externalcontact/groupchat/list", {"limit": 10, "status_filter": 3})
    assert listed["group_chat_list"] == [{"chat_id": GROUP, "status": 3}]
    assert give(api, GROUP, owner=ZHOU) == {GROUP: 90508}
    assert api.control("deliveries")["deliveries"] == []


def test_a_slow_inheritance_is_under_way_meanwhile(api: Api) -> None:
    api.control("switches", {"group_transfer_takes_s": 60})
    api.act("resign_member", userid=LIN)
    assert give(api, GROUP) == {}
    assert give(api, GROUP, owner=ZHOU) == {GROUP: 90507}
    assert group_of(api)[0] == LIN
    api.control("clock", {"advance_seconds": 61})
    assert group_of(api)[0] == MA


def test_groups_change_hands_in_service_twice(api: Api) -> None:
    assert give(api, GROUP, path="onjob_transfer", owner=LIN) == {GROUP: 90504}
    assert give(api, GROUP, path="onjob_transfer", owner=ZHOU) == {}
    assert group_of(api) == (ZHOU, sorted([LIN, WU, ZHOU]))
    assert give(api, GROUP, path="onjob_transfer", owner=LIN) == {}
    assert give(api, GROUP, path="onjob_transfer", owner=ZHOU) == {GROUP: 40128}


def test_one_member_inherits_three_hundred_groups_a_day(api: Api) -> None:
    chats = [f"wrMany{n:026d}" for n in range(301)]
    groups = [{"chat_id": chat, "name": "群", "owner": LIN} for chat in chats]
    api.control("seed", {"groups": groups})
    api.act("resign_member", userid=LIN)
    for start in (0, 100, 200):
        assert give(api, *chats[start : start + 100]) == {}
    assert give(api, chats[300]) == {chats[300]: 45009}
    assert give(api, chats[300], owner=ZHOU) == {}


def test_the_truth_of_transfers_can_be_asked(api: Api) -> None:
    api.befriend()
    move(api, CHEN)
    rows = api.control("state/transfers", takeover=MA)["transfers"]
    assert [(row["handover"], row["external_userid"], row["status"]) for row in rows] == [
        (LIN, CHEN, 2)
    ]
    assert api.control("state/transfers", handover=ZHOU)["transfers"] == []
