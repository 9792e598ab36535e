"""Mass sends: a task that only a member's client confirms, and what becomes of each row."""

from __future__ import annotations

import pytest

from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, WU, ZHOU, Api

TEXT = {"content": "秋冬新款到店"}


def make_task(api: Api, **body: object) -> dict[str, object]:
    answer = api.post("externalcontact/add_msg_template", {"text": TEXT} | body)
    assert answer["errcode"] == 0, answer
    return answer


def results(api: Api, msgid: object, userid: str = LIN) -> dict[str, int]:
    body = {"msgid": msgid, "userid": userid}
    answer = api.post("externalcontact/get_groupmsg_send_result", body)
    assert answer["errcode"] == 0, answer
    return {
        row.get("external_userid") or row["chat_id"]: row["status"] for row in answer["send_list"]
    }


def received(api: Api, customer: str) -> list[str]:
    messages = api.control(f"state/customer/{customer}")["messages"]
    return [m["content"]["msgtype"] for m in messages if m["source"] == "mass"]


def test_nothing_is_sent_before_the_guide_confirms(api: Api) -> None:
    api.befriend()
    link = {"msgtype": "link", "link": {"title": "看看", "url": "https://shop.example/s/1"}}
    msgid = make_task(api, sender=LIN, attachments=[link])["msgid"]
    assert received(api, CHEN) == []
    assert results(api, msgid) == {CHEN: 0}
    task = api.control("tasks", userid=LIN)["tasks"][0]
    assert (task["msgid"], task["status"], task["targets"]) == (msgid, "waiting", 1)
    assert api.act("confirm_task", msgid=msgid, userid=LIN)["sent"] == 1
    assert received(api, CHEN) == ["text", "link"]
    row = api.post("externalcontact/get_groupmsg_send_result", {"msgid": msgid, "userid": LIN})
    assert row["send_list"][0]["status"] == 1
    assert row["send_list"][0]["send_time"]
    listed = api.post("externalcontact/get_groupmsg_task", {"msgid": msgid})["task_list"]
    assert [(each["userid"], each["status"]) for each in listed] == [(LIN, 2)]
    assert "已经发送" in api.refused("confirm_task", msgid=msgid, userid=LIN)


def test_each_guide_confirms_only_her_own_share(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(ZHOU, WU)
    msgid = make_task(api, external_userid=[CHEN, WU])["msgid"]
    api.act("confirm_task", msgid=msgid, userid=LIN)
    assert results(api, msgid, LIN) == {CHEN: 1}
    assert results(api, msgid, ZHOU) == {WU: 0}
    assert received(api, WU) == []


def test_customer_of_two_guides_goes_to_the_one_who_chatted_last(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(ZHOU, CHEN)
    api.act("chat", **{"from": CHEN, "to": LIN, "text": "在吗"})
    msgid = make_task(api, external_userid=[CHEN])["msgid"]
    listed = api.post("externalcontact/get_groupmsg_task", {"msgid": msgid})["task_list"]
    assert [each["userid"] for each in listed] == [LIN]


def test_unreachable_customers_are_listed_or_fail_the_call(api: Api) -> None:
    api.befriend(LIN, CHEN)
    answer = make_task(api, sender=LIN, external_userid=[CHEN, WU, "wmNobody"])
    assert answer["fail_list"] == [WU, "wmNobody"]
    nobody = api.post(
        "externalcontact/add_msg_template", {"text": TEXT, "external_userid": ["wmNobody"]}
    )
    assert nobody["errcode"] == 41048


def test_who_deleted_the_guide_gets_status_2(api: Api) -> None:
    api.befriend()
    msgid = make_task(api, sender=LIN)["msgid"]
    api.act("delete_guide", customer=CHEN, userid=LIN)
    assert api.act("confirm_task", msgid=msgid, userid=LIN)["not_friend"] == 1
    assert results(api, msgid) == {CHEN: 2}


@pytest.mark.parametrize(("mode", "limit"), [("daily", 1), ("weekly", 7)])
def test_over_quota_gets_status_3(api: Api, mode: str, limit: int) -> None:
    api.control("switches", {"mass_quota": mode})
    api.befriend()
    for number in range(limit + 1):
        msgid = make_task(api, sender=LIN)["msgid"]
        api.act("confirm_task", msgid=msgid, userid=LIN)
        assert results(api, msgid) == {CHEN: 1 if number < limit else 3}
    assert len(received(api, CHEN)) == limit


def test_quota_begins_anew_with_the_window(api: Api) -> None:
    api.control("switches", {"mass_quota": "daily"})
    api.befriend()
    for _ in range(2):
        msgid = make_task(api, sender=LIN)["msgid"]
        api.act("confirm_task", msgid=msgid, userid=LIN)
        assert results(api, msgid) == {CHEN: 1}
        api.control("clock", {"advance_seconds": 86400})
        api.tokens.clear()


def test_cancelled_task_stops_what_is_not_sent(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(ZHOU, WU)
    msgid = make_task(api, external_userid=[CHEN, WU])["msgid"]
    api.act("confirm_task", msgid=msgid, userid=LIN)
    body = {"msgid": msgid}
    assert api.post("externalcontact/cancel_groupmsg_send", body)["errcode"] == 0
    assert "停止" in api.refused("confirm_task", msgid=msgid, userid=ZHOU)
    assert results(api, msgid, LIN) == {CHEN: 1}
    assert api.post("externalcontact/cancel_groupmsg_send", body)["errcode"] == 41093
    assert api.post("externalcontact/remind_groupmsg_send", body)["errcode"] == 41093
    api.control("switches", {"records_of_cancelled": "41093"})
    assert api.post("externalcontact/get_groupmsg_task", body)["errcode"] == 41093


def test_dispatching_task_is_41063_and_not_yet_in_the_client(api: Api) -> None:
    api.control("switches", {"dispatch_delay_s": 3})
    api.befriend()
    msgid = make_task(api, sender=LIN)["msgid"]
    body = {"msgid": msgid}
    assert api.post("externalcontact/get_groupmsg_task", body)["errcode"] == 41063
    assert api.control("tasks", userid=LIN)["tasks"] == []
    assert "下发" in api.refused("confirm_task", msgid=msgid, userid=LIN)
    api.control("clock", {"advance_seconds": 4})
    assert api.post("externalcontact/get_groupmsg_task", body)["errcode"] == 0
    assert len(api.control("tasks", userid=LIN)["tasks"]) == 1


def test_reminding_has_its_limit(api: Api) -> None:
    api.befriend()
    body = {"msgid": make_task(api, sender=LIN)["msgid"]}
    codes = [api.post("externalcontact/remind_groupmsg_send", body)["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 41094]


def test_group_send_goes_into_the_senders_groups(api: Api) -> None:
    msgid = make_task(api, chat_type="group", sender=LIN, chat_id_list=[GROUP])["msgid"]
    api.act("confirm_task", msgid=msgid, userid=LIN)
    assert results(api, msgid) == {GROUP: 1}
    assert received(api, WU) == ["text"]


def test_group_send_needs_sender_and_own_groups(api: Api) -> None:
    def code(**body: object) -> object:
        body = {"chat_type": "group", "text": TEXT} | body
        return api.post("externalcontact/add_msg_template", body)["errcode"]

    assert code() == 40063
    assert code(sender=ZHOU, chat_id_list=[GROUP]) == 41048
    assert code(sender="nobody") == 60111


def test_only_allowed_tasks_let_the_guide_choose(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(LIN, WU)
    fixed = make_task(api, sender=LIN)["msgid"]
    assert "不允许" in api.refused("confirm_task", msgid=fixed, userid=LIN, targets=[CHEN])
    free = make_task(api, sender=LIN, allow_select=True)["msgid"]
    api.act("confirm_task", msgid=free, userid=LIN, targets=[CHEN])
    assert results(api, free) == {CHEN: 1, WU: 0}


def test_tag_filter_narrows(api: Api) -> None:
    api.befriend(LIN, CHEN)
    api.befriend(LIN, WU)
    gold = api.post("externalcontact/get_corp_tag_list")["tag_group"][0]["tag"][0]["id"]
    mark = {"userid": LIN, "external_userid": CHEN, "add_tag": [gold]}
    assert api.post("externalcontact/mark_tag", mark)["errcode"] == 0
    msgid = make_task(api, sender=LIN, tag_filter={"group_list": [{"tag_list": [gold]}]})["msgid"]
    assert results(api, msgid) == {CHEN: 0}


def test_contents_are_checked(api: Api) -> None:
    api.befriend()

    def code(**body: object) -> object:
        return api.post("externalcontact/add_msg_template", {"sender": LIN} | body)["errcode"]

    link = {"msgtype": "link", "link": {"title": "看看", "url": "https://shop.example/"}}
    assert code() == 40063
    assert code(text={"content": "长" * 1334}) == 45002
    assert code(text=TEXT, attachments=[link] * 10) == 41064
    assert code(text=TEXT, attachments=[{"msgtype": "voice"}]) == 41065
    assert code(text=TEXT, attachments=[{"msgtype": "link", "link": {"title": "x"}}]) == 40063
    image = {"msgtype": "image", "image": {"media_id": "nothing"}}
    assert code(text=TEXT, attachments=[image]) == 40007
    foreign = {"msgtype": "image", "image": {"pic_url": "https://elsewhere.example/a.png"}}
    assert code(text=TEXT, attachments=[foreign]) == 40058


def test_list_of_tasks_goes_by_time_and_has_no_creator(api: Api) -> None:
    api.befriend()
    msgids = [make_task(api, sender=LIN)["msgid"] for _ in range(3)]
    now = int(api.control("clock")["now"])
    body = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60, "limit": 2}
    first = api.post("externalcontact/get_groupmsg_list_v2", body)
    rest = api.post("externalcontact/get_groupmsg_list_v2", body | {"cursor": first["next_cursor"]})
    rows = first["group_msg_list"] + rest["group_msg_list"]
    assert [row["msgid"] for row in rows] == msgids
    assert "creator" not in rows[0]
    assert rows[0]["text"] == TEXT
    too_wide = body | {"start_time": now - 40 * 86400}
    assert api.post("externalcontact/get_groupmsg_list_v2", too_wide)["errcode"] == 600018


def test_results_of_many_receivers_come_by_cursor(api: Api) -> None:
    crowd = [{"external_userid": f"wmCrowd{n:04d}", "name": "客"} for n in range(1203)]
    friends = [{"userid": MA, "external_userid": each["external_userid"]} for each in crowd]
    api.control("seed", {"customers": crowd, "friends": friends})
    msgid = make_task(api, sender=MA)["msgid"]
    found, cursor, pages = [], "", 0
    while True:
        body = {"msgid": msgid, "userid": MA, "limit": 5000, "cursor": cursor}
        answer = api.post("externalcontact/get_groupmsg_send_result", body)
        found += [row["external_userid"] for row in answer["send_list"]]
        cursor, pages = answer["next_cursor"], pages + 1
        if not cursor:
            break
    # A limit above the maximum is replaced by the default of 500.
    assert (len(set(found)), pages) == (1203, 3)


def test_unknown_tasks_have_their_codes(api: Api) -> None:
    assert api.post("externalcontact/get_groupmsg_task", {})["errcode"] == 41046
    assert api.post("externalcontact/get_groupmsg_task", {"msgid": "msgX"})["errcode"] == 41047
