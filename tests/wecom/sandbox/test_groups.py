"""Customer groups: events of people, what the API reads, group codes."""

from __future__ import annotations

from tests.wecom.sandbox.receiver import Received, Receiver
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, OTHER_SECRET, WU, ZHOU, Api, seed_of


def read(api: Api, chat_id: str = GROUP, **more: object) -> dict[str, object]:
    answer = api.post("externalcontact/groupchat/get", {"chat_id": chat_id} | more)
    assert answer["errcode"] == 0, answer
    group: dict[str, object] = answer["group_chat"]
    return group


def is_group_event(each: Received) -> bool:
    return bool(each.event["Event"] == "change_external_chat")


def make_code(api: Api, **more: object) -> str:
    body = {"scene": 2, "chat_id_list": [GROUP], "state": "fitting_room"} | more
    answer = api.post("externalcontact/groupchat/add_join_way", body)
    assert answer["errcode"] == 0, answer
    assert "qr_code" not in answer
    return str(answer["config_id"])


def test_joining_by_code_is_told_with_both_versions(heard_api: Api, receiver: Receiver) -> None:
    before = read(heard_api)["member_version"]
    config_id = make_code(heard_api)
    assert not heard_api.act("join_group", customer=CHEN, config_id=config_id)["already"]
    assert heard_api.act("join_group", customer=CHEN, config_id=config_id)["already"]
    event = receiver.wait_for(1, is_group_event)[0].event
    assert (event["ChangeType"], event["UpdateDetail"]) == ("update", "add_member")
    assert (event["JoinScene"], event["MemChangeCnt"]) == ("3", "1")
    assert event["MemChangeList"] == {"Item": CHEN}
    after = read(heard_api, need_name=1)
    assert (event["LastMemVer"], event["CurMemVer"]) == (before, after["member_version"])
    chen = next(each for each in after["member_list"] if each["userid"] == CHEN)  # type: ignore[attr-defined]
    assert (chen["type"], chen["join_scene"], chen["state"]) == (2, 3, "fitting_room")
    assert (chen["name"], chen["unionid"][0]) == ("陈悦", "o")


def test_leaving_and_being_removed_differ(heard_api: Api, receiver: Receiver) -> None:
    heard_api.act("join_group", customer=CHEN, chat_id=GROUP)
    heard_api.act("leave_group", customer=CHEN, chat_id=GROUP)
    heard_api.act("remove_from_group", chat_id=GROUP, member=WU)
    events = [each.event for each in receiver.wait_for(3, is_group_event)]
    scenes = {
        each["MemChangeList"]["Item"]: each["QuitScene"] for each in events if "QuitScene" in each
    }
    assert scenes == {CHEN: "0", WU: "1"}
    inside = [each["userid"] for each in read(heard_api)["member_list"]]  # type: ignore[attr-defined]
    assert inside == [LIN, ZHOU]


def test_names_come_only_when_asked(api: Api) -> None:
    assert all("name" not in each for each in read(api)["member_list"])  # type: ignore[attr-defined]


def test_founding_renaming_and_dissolving_are_told(heard_api: Api, receiver: Receiver) -> None:
    heard_api.befriend()
    chat_id = heard_api.act("create_group", owner=LIN, name="新客群", members=[CHEN])["chat_id"]
    assert read(heard_api, chat_id)["owner"] == LIN
    heard_api.act("rename_group", chat_id=chat_id, name="老客群")
    heard_api.act("dismiss_group", chat_id=chat_id)
    events = [each.event for each in receiver.wait_for(3, is_group_event)]
    kinds = {(each["ChangeType"], each.get("UpdateDetail")) for each in events}
    assert kinds == {("create", None), ("update", "change_name"), ("dismiss", None)}
    answer = heard_api.post("externalcontact/groupchat/get", {"chat_id": chat_id})
    assert answer["errcode"] == 49008


def test_list_goes_by_cursor_and_owner(api: Api) -> None:
    for number in range(4):
        api.act("create_group", owner=(LIN, MA)[number % 2], name=f"群{number}")
    found, cursor = [], ""
    while True:
        body = {"limit": 2, "cursor": cursor, "owner_filter": {"userid_list": [LIN]}}
        answer = api.post("externalcontact/groupchat/list", body)
        found += [row["chat_id"] for row in answer["group_chat_list"]]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert len(found) == len(set(found)) == 3
    assert GROUP in found


def test_list_checks_what_it_is_given(api: Api) -> None:
    def code(**body: object) -> object:
        return api.post("externalcontact/groupchat/list", body)["errcode"]

    assert code() == 40063
    assert code(limit=1001) == 40058
    assert code(limit=10, cursor="x") == 50100
    assert code(limit=10, owner_filter={"userid_list": ["nobody"]}) == 60111


def test_many_owners_need_a_filter(api: Api) -> None:
    members = [{"userid": f"g{number}", "name": f"导购{number}"} for number in range(1100)]
    api.control("seed", {"members": members})
    answer = api.post("externalcontact/groupchat/list", {"limit": 100})
    assert answer["errcode"] == 81017


def test_groups_of_owners_out_of_range_are_hidden(empty_api: Api) -> None:
    seed = seed_of()
    seed["apps"][1]["visible_departments"] = [3]
    empty_api.control("seed", seed)
    listed = empty_api.post("externalcontact/groupchat/list", {"limit": 10}, secret=OTHER_SECRET)
    assert listed["group_chat_list"] == []
    got = empty_api.post("externalcontact/groupchat/get", {"chat_id": GROUP}, secret=OTHER_SECRET)
    assert got["errcode"] == 60011


def test_unknown_groups_have_their_codes(api: Api) -> None:
    assert api.post("externalcontact/groupchat/get", {})["errcode"] == 86001
    assert api.post("externalcontact/groupchat/get", {"chat_id": "wrX"})["errcode"] == 86003


def test_full_group_is_followed_by_a_new_one(heard_api: Api, receiver: Receiver) -> None:
    crowd = [{"external_userid": f"wmCrowd{number}", "name": "客"} for number in range(197)]
    members = [each["external_userid"] for each in crowd]
    group = {"chat_id": GROUP, "name": "一店福利群", "owner": LIN, "members": members}
    heard_api.control("seed", {"customers": crowd, "groups": [group]})
    config_id = make_code(heard_api, room_base_name="福利群", room_base_id=2)
    answer = heard_api.act("join_group", customer=CHEN, config_id=config_id)
    assert answer["chat_id"] != GROUP
    assert read(heard_api, answer["chat_id"])["name"] == "福利群2"
    kinds = [each.event["ChangeType"] for each in receiver.wait_for(2, is_group_event)]
    assert sorted(kinds) == ["create", "update"]
    way = heard_api.post("externalcontact/groupchat/get_join_way", {"config_id": config_id})
    assert way["join_way"]["chat_id_list"] == [GROUP, answer["chat_id"]]


def test_full_group_without_follower_refuses(api: Api) -> None:
    crowd = [{"external_userid": f"wmCrowd{number}", "name": "客"} for number in range(197)]
    members = [each["external_userid"] for each in crowd]
    group = {"chat_id": GROUP, "name": "一店福利群", "owner": LIN, "members": members}
    api.control("seed", {"customers": crowd, "groups": [group]})
    config_id = make_code(api, auto_create_room=0)
    assert "满" in api.refused("join_group", customer=CHEN, config_id=config_id)


def test_group_codes_are_checked_and_belong_to_their_application(api: Api) -> None:
    def code(**body: object) -> object:
        return api.post("externalcontact/groupchat/add_join_way", {"scene": 2} | body)["errcode"]

    assert code() == 40063
    assert code(chat_id_list=[f"wr{n}" for n in range(6)]) == 41091
    assert code(chat_id_list=["wrX"]) == 86003
    config_id = make_code(api)
    body = {"config_id": config_id}
    way = api.post("externalcontact/groupchat/get_join_way", body)["join_way"]
    assert way["qr_code"] == f"http://shop.example/sandbox/qr/{config_id}.png"
    foreign = api.post("externalcontact/groupchat/get_join_way", body, secret=OTHER_SECRET)
    assert foreign["errcode"] == 41044
    assert api.post("externalcontact/groupchat/del_join_way", body)["errcode"] == 0
    assert api.post("externalcontact/groupchat/get_join_way", body)["errcode"] == 41044


def test_no_api_speaks_in_a_customer_group(api: Api) -> None:
    path = "/sandbox/cgi-bin/externalcontact/groupchat/send"
    assert api.client.post(path, json={}).status_code == 404
    said = {"chatid": GROUP, "msgtype": "text", "text": {"content": "大家好"}}
    assert api.post("appchat/send", said)["errcode"] == 86003
    assert "内部群" in api.refused("create_webhook", chatid=GROUP)
