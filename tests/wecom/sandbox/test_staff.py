"""Members and departments: what the console tells applications, what contact sync may write."""

from __future__ import annotations

import pytest

from tests.wecom.sandbox.receiver import Received, Receiver
from tests.wecom.sandbox.world import (
    CHEN,
    GROUP,
    GUIDE_SECRET,
    LIN,
    MA,
    OTHER_SECRET,
    ZHOU,
    Api,
    seed_of,
)

SYNC = "contact-sync-secret"


def is_contact_change(each: Received) -> bool:
    return bool(each.event["Event"] == "change_contact")


@pytest.fixture
def sync(api: Api) -> Api:
    """The small world with the contact-sync assistant."""
    app = {"name": "通讯录同步", "agent_id": 2000002, "secret": SYNC, "contact_sync": True}
    api.control("seed", {"apps": [app]})
    return api


def test_the_console_tells_who_joins_changes_and_leaves(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("create_member", userid="Wang", name="王敏", department=[2, 3], position="导购")
    heard_api.act("edit_member", userid="wang", position="店长", department=[3])
    heard_api.act("disable_member", userid="Wang")
    heard_api.act("resign_member", userid="Wang")
    events = [each.event for each in receiver.wait_for(4, is_contact_change)]
    events.sort(
        key=lambda event: ["create_user", "update_user", "delete_user"].index(event["ChangeType"])
    )
    created, moved, disabled, gone = events
    assert (created["UserID"], created["Name"], created["Department"]) == ("Wang", "王敏", "2,3")
    assert "Mobile" not in created
    if "Position" not in moved:
        moved, disabled = disabled, moved
    assert (moved["Department"], moved["MainDepartment"], moved["Position"]) == ("3", "3", "店长")
    assert "Name" not in moved
    assert disabled["Status"] == "2"
    assert (gone["ChangeType"], gone["UserID"]) == ("delete_user", "Wang")


def test_departments_are_told(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("create_department", id=9, name="三店", parentid=1)
    heard_api.act("edit_department", id=9, name="三店新址")
    heard_api.act("delete_department", id=9)
    events = {
        each.event["ChangeType"]: each.event for each in receiver.wait_for(3, is_contact_change)
    }
    assert events["create_party"]["ParentId"] == "1"
    assert events["update_party"]["Name"] == "三店新址"
    assert events["delete_party"]["Id"] == "9"
    assert "不能删除" in heard_api.refused("delete_department", id=2)


def test_applications_hear_only_of_their_range(empty_api: Api, receiver: Receiver) -> None:
    seed = seed_of(receiver.url)
    seed["apps"][0] |= {"visible_departments": [2], "events": ["directory"]}
    empty_api.control("seed", seed)
    empty_api.act("resign_member", userid=MA)
    empty_api.act("create_department", id=7, name="四店")
    empty_api.befriend()
    empty_api.act("edit_member", userid=LIN, department=[3])
    events = [each.event for each in receiver.wait_for(1)]
    assert [(each["ChangeType"], each["UserID"]) for each in events] == [("update_user", LIN)]
    assert empty_api.count_events() == 1


def test_labels_are_told_and_read(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("edit_label", tagid=5, name="金牌", add_users=[LIN], add_parties=[3])
    event = receiver.wait_for(1, is_contact_change)[0].event
    assert (event["ChangeType"], event["TagId"]) == ("update_tag", "5")
    assert (event["AddUserItems"], event["AddPartyItems"]) == (LIN, "3")
    assert heard_api.get("tag/list")["taglist"] == [{"tagid": 5, "tagname": "金牌"}]
    label = heard_api.get("tag/get", tagid=5)
    assert (label["userlist"], label["partylist"]) == ([{"userid": LIN, "name": "林晓"}], [3])
    assert heard_api.get("tag/get", tagid=6)["errcode"] == 40068


def test_labels_belong_to_their_application(api: Api) -> None:
    tagid = api.post("tag/create", {"tagname": "新人"})["tagid"]
    added = api.post("tag/addtagusers", {"tagid": tagid, "userlist": [LIN, "nobody"]})
    assert (added["errcode"], added["invalidlist"]) == (0, "nobody")
    foreign = api.post("tag/update", {"tagid": tagid, "tagname": "x"}, secret=OTHER_SECRET)
    assert foreign["errcode"] == 60011
    api.post("tag/deltagusers", {"tagid": tagid, "userlist": [LIN]})
    assert api.get("tag/get", tagid=tagid)["userlist"] == []
    assert api.get("tag/delete", tagid=tagid)["errcode"] == 0
    assert api.get("tag/get", tagid=tagid)["errcode"] == 40068


def test_somebody_who_left_is_nobody_to_the_api(api: Api) -> None:
    api.befriend()
    api.act("resign_member", userid=LIN)
    assert api.get("user/get", userid=LIN)["errcode"] == 60111
    assert api.get("externalcontact/list", userid=LIN)["errcode"] == 60111
    assert LIN not in api.get("externalcontact/get_follow_user_list")["follow_user"]
    assert api.get("externalcontact/get", external_userid=CHEN)["errcode"] == 84084
    assert "没有这位成员" in api.refused("resign_member", userid=LIN)


def test_groups_of_somebody_who_left_are_found_by_their_status(api: Api) -> None:
    def listed(status: int) -> list[object]:
        body = {"limit": 10, "status_filter": status}
        answer = api.post("externalcontact/groupchat/list", body)
        return list(answer["group_chat_list"])

    assert listed(1) == []
    api.act("resign_member", userid=LIN)
    assert listed(1) == listed(0) == [{"chat_id": GROUP, "status": 1}]
    by_owner = {"limit": 10, "owner_filter": {"userid_list": [LIN]}}
    answer = api.post("externalcontact/groupchat/list", by_owner)
    assert answer["group_chat_list"] == [{"chat_id": GROUP, "status": 1}]
    assert api.post("externalcontact/groupchat/get", {"chat_id": GROUP})["errcode"] == 0


def test_a_userid_may_change_and_everything_follows(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    heard_api.act("chat", **{"from": CHEN, "to": LIN, "text": "在吗"})
    way = {"type": 1, "scene": 2, "user": [LIN]}
    config_id = heard_api.post("externalcontact/add_contact_way", way)["config_id"]
    heard_api.act("edit_member", userid=LIN, new_userid="lin.xiao")
    event = receiver.wait_for(1, is_contact_change)[0].event
    assert (event["UserID"], event["NewUserID"]) == (LIN, "lin.xiao")
    assert heard_api.get("externalcontact/list", userid="lin.xiao")["external_userid"] == [CHEN]
    group = heard_api.post("externalcontact/groupchat/get", {"chat_id": GROUP})["group_chat"]
    assert group["owner"] == "lin.xiao"
    got = heard_api.post("externalcontact/get_contact_way", {"config_id": config_id})
    assert got["contact_way"]["user"] == ["lin.xiao"]
    heard_api.act("chat", **{"from": CHEN, "to": "lin.xiao", "text": "还是您吗"})
    messages = heard_api.control(f"state/customer/{CHEN}")["messages"]
    assert {each["chat"]["id"] for each in messages} == {f"lin.xiao:{CHEN}"}
    texts = [each["content"].get("text", {}).get("content") for each in messages]
    assert {"在吗", "还是您吗"} <= set(texts)
    assert heard_api.get("user/get", userid=LIN)["errcode"] == 60111


def test_contact_sync_writes_without_telling(sync: Api) -> None:
    member = {"userid": "Wang", "name": "王敏", "department": [2], "mobile": "13800000000"}
    created = sync.post("user/create", member, secret=SYNC)
    assert (created["errcode"], created["errmsg"]) == (0, "created")
    renamed = {
        "userid": "wang",
        "position": "店长",
        "department": [2, 3],
        "is_leader_in_dept": [0, 1],
    }
    assert sync.post("user/update", renamed, secret=SYNC)["errmsg"] == "updated"
    got = sync.get("user/get", userid="Wang")
    assert (got["department"], got["is_leader_in_dept"], got["position"]) == (
        [2, 3],
        [0, 1],
        "店长",
    )
    assert sync.get("department/get", id=3)["department"]["department_leader"] == ["Wang"]
    number = sync.post("department/create", {"name": "四店", "parentid": 1}, secret=SYNC)["id"]
    renamed = {"id": number, "name": "四店新址"}
    assert sync.post("department/update", renamed, secret=SYNC)["errmsg"] == "updated"
    assert sync.get("department/delete", id=number, secret=SYNC)["errmsg"] == "deleted"
    assert sync.get("user/delete", userid="Wang", secret=SYNC)["errmsg"] == "deleted"
    gone = sync.post("user/batchdelete", {"useridlist": [ZHOU, MA]}, secret=SYNC)
    assert gone["errmsg"] == "deleted"
    assert sync.get("user/get", userid=MA)["errcode"] == 60111
    assert sync.control("deliveries")["deliveries"] == []


def test_contact_sync_checks_what_it_is_given(sync: Api) -> None:
    def create(**change: object) -> object:
        body = {"userid": "new", "name": "新人", "department": [2], "mobile": "139"} | change
        return sync.post("user/create", body, secret=SYNC)["errcode"]

    assert sync.post("user/create", {"userid": "x"})["errcode"] == 48002
    assert create(userid=LIN.upper()) == 60102
    assert create(userid="no spaces") == 40003
    assert create(department=[99]) == 60003
    assert create(mobile="") == 60129
    assert create() == 0
    assert create(userid="other") == 60104
    assert sync.get("department/delete", id=2, secret=SYNC)["errcode"] == 60005
    assert sync.get("department/delete", id=99, secret=SYNC)["errcode"] == 60003
    body = {"name": "一店", "parentid": 1}
    assert sync.post("department/create", body, secret=SYNC)["errcode"] == 60008
    moved = {"id": 1, "parentid": 2}
    assert sync.post("department/update", moved, secret=SYNC)["errcode"] == 60004


def test_ids_come_by_page_and_only_to_contact_sync(sync: Api) -> None:
    assert sync.post("user/list_id", {})["errcode"] == 48002
    found: list[tuple[str, int]] = []
    cursor = ""
    while True:
        page = sync.post("user/list_id", {"limit": 2, "cursor": cursor}, secret=SYNC)
        found += [(row["userid"], row["department"]) for row in page["dept_user"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sorted(found) == sorted([(LIN, 2), (MA, 3), (ZHOU, 2)])


def test_members_are_found_by_number_and_address(api: Api) -> None:
    member = {"userid": LIN, "name": "林晓", "department": [2], "mobile": "138", "biz_mail": "l@x"}
    api.control("seed", {"members": [member]})
    assert api.post("user/getuserid", {"mobile": "138"})["userid"] == LIN
    assert api.post("user/getuserid", {"mobile": "139"})["errcode"] == 46004
    assert api.post("user/get_userid_by_email", {"email": "l@x"})["userid"] == LIN
    by_private = {"email": "l@x", "email_type": 2}
    assert api.post("user/get_userid_by_email", by_private)["errcode"] == 46004


def test_encrypted_ids_are_read_back(api: Api) -> None:
    told = api.act("tell_open_userid", userid=LIN)["open_userid"]
    body = {"open_userid_list": [told, "wooX"], "source_agentid": 1000002}
    answer = api.post("batch/openuserid_to_userid", body)
    assert answer["userid_list"] == [{"open_userid": told, "userid": LIN}]
    assert answer["invalid_open_userid_list"] == ["wooX"]


def test_big_departments_are_asked_one_by_one(api: Api) -> None:
    api.act("create_department", id=8, name="下级", parentid=2)
    assert api.get("user/list", department_id=2, fetch_child=1, secret=GUIDE_SECRET)["userlist"]
    members = [{"userid": f"g{n}", "name": "导购", "department": 3} for n in range(10_001)]
    api.control("seed", {"members": members})
    assert api.get("user/list", department_id=1, fetch_child=1)["errcode"] == 45029
