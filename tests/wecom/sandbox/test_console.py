"""What the admin does to tags and applications, and who hears of it."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, GUIDE_SECRET, LIN, MA, OTHER_SECRET, Api

APP, OTHER = 1000002, 1000003


def tags_of(api: Api, **body: object) -> list[dict[str, Any]]:
    answer = api.post("externalcontact/get_corp_tag_list", body)
    return list(answer["tag_group"])


def test_tags_of_the_console_are_told(heard_api: Api, receiver: Receiver) -> None:
    made = heard_api.act("create_tag", group_name="喜好", name="跑步")
    other = heard_api.act("create_tag", group_name="喜好", name="瑜伽")
    heard_api.act("rename_tag", id=made["id"], name="慢跑")
    heard_api.act("order_tags", group_id=made["group_id"], ids=[other["id"], made["id"]])
    heard_api.act("order_tags", ids=[made["group_id"]])
    listed = tags_of(heard_api, group_id=[made["group_id"]])[0]["tag"]
    assert [tag["name"] for tag in listed] == ["瑜伽", "慢跑"]
    heard_api.act("delete_tag", id=made["id"])
    heard_api.act("delete_tag", id=other["id"])
    events = [each.event for each in receiver.wait_for(9)]
    told = sorted(
        (each["ChangeType"], each.get("TagType") or "", each.get("Id") or "") for each in events
    )
    assert told == sorted([
        ("create", "tag_group", made["group_id"]),
        ("create", "tag", made["id"]),
        ("create", "tag", other["id"]),
        ("update", "tag", made["id"]),
        ("shuffle", "", made["group_id"]),
        ("shuffle", "", ""),
        ("delete", "tag", made["id"]),
        ("delete", "tag", other["id"]),
        ("delete", "tag_group", made["group_id"]),
    ])  # fmt: skip
    assert {each["Event"] for each in events} == {"change_external_tag"}


def test_the_console_refuses_what_is_there_already(api: Api) -> None:
    made = api.act("create_tag", group_name="喜好", name="跑步")
    assert "已有" in api.refused("create_tag", group_name="喜好", name="跑步")
    api.act("create_tag", group_name="喜好", name="瑜伽")
    assert "已有" in api.refused("rename_tag", id=made["id"], name="瑜伽")
    assert "没有" in api.refused("delete_tag", id="etNothing")


def test_tags_of_the_console_are_not_the_applications(api: Api) -> None:
    made = api.act("create_tag", group_name="喜好", name="跑步")
    body = {"id": made["id"], "name": "x"}
    assert api.post("externalcontact/edit_corp_tag", body)["errcode"] == 81011
    foreign = body | {"agentid": OTHER}
    assert api.post("externalcontact/edit_corp_tag", foreign)["errcode"] == 301002


def test_deleted_tags_are_named_only_by_id(api: Api) -> None:
    tag = api.post(
        "externalcontact/add_corp_tag", {"group_name": "新", "tag": [{"name": "a"}]}
    )["tag_group"]  # fmt: skip
    tag_id, group_id = tag["tag"][0]["id"], tag["group_id"]
    assert "deleted" not in tag["tag"][0]
    assert api.post("externalcontact/del_corp_tag", {"tag_id": [tag_id]})["errcode"] == 0
    assert group_id not in [group["group_id"] for group in tags_of(api)]
    for asked in ({"tag_id": [tag_id]}, {"group_id": [group_id]}):
        group = tags_of(api, **asked)[0]
        assert (group["group_id"], group["deleted"]) == (group_id, True)
        assert [(each["id"], each["deleted"]) for each in group["tag"]] == [(tag_id, True)]
    assert api.control("state/tags")["deleted"] == [tag_id]


def test_tags_of_rule_groups_are_read_apart(api: Api) -> None:
    group = {"group_name": "规则", "strategy_id": 7, "tags": [{"id": "stOne", "name": "甲"}]}
    api.control("seed", {"tag_groups": [group]})
    assert "规则" not in [each["group_name"] for each in tags_of(api)]
    read = api.post("externalcontact/get_strategy_tag_list", {"strategy_id": 7})["tag_group"]
    assert [(each["strategy_id"], each["tag"][0]["id"]) for each in read] == [(7, "stOne")]
    nothing = api.post("externalcontact/get_strategy_tag_list", {"strategy_id": 8})
    assert nothing["tag_group"] == []


def test_the_range_of_an_application_shrinks(heard_api: Api) -> None:
    heard_api.act("set_range", agent_id=APP, departments=[3])
    seen = heard_api.get("externalcontact/get_follow_user_list")["follow_user"]
    assert seen == [MA]
    assert heard_api.get("agent/get", agentid=APP)["allow_partys"] == {"partyid": [3]}
    heard_api.befriend(userid=LIN)
    assert heard_api.control("deliveries")["deliveries"] == []
    heard_api.act("set_range", agent_id=APP, departments=[])
    assert heard_api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]


def test_a_stopped_application_is_refused(api: Api) -> None:
    api.token()
    api.act("disable_app", agent_id=APP)
    assert api.get("department/list")["errcode"] == 50003
    query = {"corpid": "ww0123456789abcdef", "corpsecret": GUIDE_SECRET}
    answer = api.client.get("/sandbox/cgi-bin/gettoken", params=query).json()
    assert answer["errcode"] == 40001
    api.act("enable_app", agent_id=APP)
    assert api.get("department/list")["errcode"] == 0


def test_a_new_secret_ends_the_old_tokens(api: Api) -> None:
    api.token()
    secret = api.act("reset_secret", agent_id=APP)["secret"]
    assert api.get("department/list")["errcode"] == 40014
    assert api.get("department/list", secret=secret)["errcode"] == 0


def test_only_trusted_addresses_are_answered(api: Api) -> None:
    api.act("set_trusted_ips", agent_id=OTHER, ips=["10.0.0.1"])
    assert api.get("department/list", secret=OTHER_SECRET)["errcode"] == 60020
    assert api.get("department/list")["errcode"] == 0
    api.act("set_trusted_ips", agent_id=OTHER, ips=[])
    assert api.get("department/list", secret=OTHER_SECRET)["errcode"] == 0
    assert "没有这个应用" in api.refused("set_trusted_ips", agent_id=1, ips=[])


def test_the_truth_of_the_directory_and_the_groups(api: Api) -> None:
    api.act("resign_member", userid=MA)
    truth = api.control("state/directory")
    assert [each["id"] for each in truth["departments"]] == [1, 2, 3]
    states = {each["userid"]: (each["status"], each["department"]) for each in truth["members"]}
    assert states[MA] == (5, [3])
    assert states[LIN] == (1, [2])
    groups = api.control("state/groups", limit=1)["groups"]
    assert (groups[0]["owner"], len(groups[0]["members"])) == (LIN, 3)
    assert api.control("state/groups", after=groups[0]["chat_id"])["groups"] == []
