"""Acquisition links: who came by them, what they cost, and what is told."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, LIN, WU, ZHOU, Api

PATH = "externalcontact/customer_acquisition"


def create(api: Api, **more: Any) -> dict[str, Any]:
    body = {"link_name": "直播间", "range": {"user_list": [LIN]}} | more
    return api.post(f"{PATH}/create_link", body)


def opened(api: Api, link: dict[str, Any], customer: str = CHEN, channel: str = "") -> Any:
    tail = f"?customer_channel={channel}" if channel else ""
    return api.act("scan_acquisition_link", customer=customer, url=link["url"] + tail)


def changes(receiver: Receiver, change: str, many: int = 1) -> list[dict[str, Any]]:
    found = receiver.wait_for(many, lambda got: got.event.get("ChangeType") == change)
    return [each.event for each in found]


def test_channel_comes_back_as_state(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api)["link"]
    assert link["url"] == f"http://shop.example/sandbox/ca/{link['link_id']}"
    assert opened(heard_api, link, channel="live7")["state"] == "live7"
    assert changes(receiver, "add_external_contact")[0]["State"] == "live7"
    detail = heard_api.get("externalcontact/get", external_userid=CHEN)["follow_user"][0]
    assert (detail["state"], detail["add_way"]) == ("live7", 16)
    rows = heard_api.post(f"{PATH}/customer", {"link_id": link["link_id"]})["customer_list"]
    assert rows == [{"external_userid": CHEN, "userid": LIN, "chat_status": 0, "state": "live7"}]


def test_first_words_are_told_with_a_key(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api)["link"]
    opened(heard_api, link, channel="live7")
    heard_api.act("start_chat", customer=CHEN, userid=LIN)
    heard_api.act("chat", **{"from": CHEN, "to": LIN, "text": "在吗"})
    event = changes(receiver, "customer_start_chat")[0]
    assert (event["UserID"], event["ExternalUserID"]) == (LIN, CHEN)
    told = heard_api.control("deliveries", event="customer_start_chat")["deliveries"]
    assert len({each["event_id"] for each in told}) == 1
    got = heard_api.post(f"{PATH}/get_chat_info", {"chat_key": event["ChatKey"]})
    assert got["chat_info"] == {"recv_msg_cnt": 2, "link_id": link["link_id"], "state": "live7"}
    rows = heard_api.post(f"{PATH}/customer", {"link_id": link["link_id"]})["customer_list"]
    assert rows[0]["chat_status"] == 1
    heard_api.control("clock", {"advance_seconds": 1801})
    late = heard_api.post(f"{PATH}/get_chat_info", {"chat_key": event["ChatKey"]})
    assert late["errcode"] == 40058


def test_each_customer_costs_one_and_the_end_is_told(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api)["link"]
    heard_api.act("acquisition_balance", balance=2, total=10)
    opened(heard_api, link)
    changes(receiver, "balance_low")
    assert opened(heard_api, link)["already"]
    quota = heard_api.get("externalcontact/customer_acquisition_quota")
    assert (quota["total"], quota["balance"]) == (10, 1)
    opened(heard_api, link, WU)
    changes(receiver, "balance_exhausted")
    other = heard_api.act("create_customer", name="钱钱")["customer"]["external_userid"]
    assert "额度" in opened(heard_api, link, other)["refused"]


def test_links_are_changed_and_deleted(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api, range={"department_list": [2]})["link"]
    path, named = f"{PATH}/update_link", {"link_id": link["link_id"]}
    assert heard_api.post(path, named | {"link_name": "门店"})["errcode"] == 0
    got = heard_api.post(f"{PATH}/get", named)
    assert (got["link"]["link_name"], got["range"]["department_list"]) == ("门店", [2])
    first, second = opened(heard_api, link), opened(heard_api, link, WU)
    assert {first["userid"], second["userid"]} == {LIN, ZHOU}
    assert heard_api.post(f"{PATH}/list_link")["link_id_list"] == [link["link_id"]]
    assert heard_api.post(f"{PATH}/delete_link", named)["errcode"] == 0
    assert heard_api.post(f"{PATH}/get", named)["errcode"] == 40058
    body = {"customer": CHEN, "url": link["url"]}
    assert "失效" in heard_api.refused("scan_acquisition_link", **body)
    other = create(heard_api)["link"]["link_id"]
    heard_api.act("delete_acquisition_link", link_id=other)
    assert changes(receiver, "delete_link")[0]["LinkId"] == other


def test_link_without_members_is_told(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api)["link"]
    heard_api.control("seed", {"members": [{"userid": LIN, "name": "林晓", "status": 2}]})
    assert "暂不可用" in opened(heard_api, link)["refused"]
    assert changes(receiver, "link_unavailable")[0]["LinkId"] == link["link_id"]


def test_requests_that_wait_are_told(heard_api: Api, receiver: Receiver) -> None:
    link = create(heard_api, skip_verify=False)["link"]
    assert opened(heard_api, link, channel="c1")["waiting"]
    event = changes(receiver, "friend_request")[0]
    assert (event["LinkId"], event["State"]) == (link["link_id"], "c1")


def test_who_has_her_already_goes_first(api: Api) -> None:
    api.befriend(ZHOU)
    body = {"range": {"department_list": [2]}, "priority_option": {"priority_type": 1}}
    link = create(api, **body)["link"]
    answer = opened(api, link)
    assert (answer["userid"], answer["already"]) == (ZHOU, True)


def test_statistic_counts_clicks_and_customers(api: Api) -> None:
    link = create(api)["link"]
    for _ in range(2):
        opened(api, link)
    now = int(api.control("clock")["now"])
    body = {"link_id": link["link_id"], "start_time": now - 60, "end_time": now}
    got = api.post(f"{PATH}/statistic", body)
    assert (got["click_link_customer_cnt"], got["new_customer_cnt"]) == (1, 1)
    old = body | {"start_time": now - 181 * 86400}
    assert api.post(f"{PATH}/statistic", old)["errcode"] == 600018


def test_orders_are_checked(api: Api) -> None:
    assert create(api, range={})["errcode"] == 40063
    assert create(api, range={"user_list": ["nobody"]})["errcode"] == 60111
    assert create(api, range={"department_list": [99]})["errcode"] == 60003
    assert create(api, link_name="名" * 31)["errcode"] == 40058
    assert api.act("scan", url=create(api)["link"]["url"])["kind"] == "acquisition"
