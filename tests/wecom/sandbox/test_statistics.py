"""Figures of members and groups: counted from what happened, ready the next morning."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, WU, ZHOU, Api, seed_of

# 2026-03-02 12:00 in Shanghai, a Monday, and the midnight before.
NOON = 1_772_424_000
MIDNIGHT = NOON - 12 * 3600
DAY_S = 86_400


@pytest.fixture
def still(empty_api: Api) -> Api:
    """A sandbox whose clock stands at noon when the small world begins."""
    empty_api.control("clock", {"at": NOON})
    empty_api.control("seed", seed_of())
    return empty_api


def at(api: Api, seconds: float) -> None:
    """So many seconds after noon of the first day."""
    api.control("clock", {"at": NOON + seconds})
    api.tokens.clear()


def say(api: Api, who: str, to: str, text: str = "嗯") -> None:
    api.act("chat", **{"from": who, "to": to, "text": text})


def behaviour(api: Api, *userids: str, days: int = 1, **more: object) -> list[dict[str, Any]]:
    body = {"userid": list(userids), "start_time": MIDNIGHT}
    body |= {"end_time": MIDNIGHT + (days - 1) * DAY_S + 5}
    answer = api.post("externalcontact/get_user_behavior_data", body | more)
    assert answer["errcode"] == 0, answer
    return list(answer["behavior_data"])


def figures(api: Api, path: str = "statistic", **more: object) -> list[dict[str, Any]]:
    body = {"day_begin_time": MIDNIGHT, "owner_filter": {"userid_list": [LIN, MA]}}
    answer = api.post(f"externalcontact/groupchat/{path}", body | more)
    assert answer["errcode"] == 0, answer
    return list(answer["items"])


def test_a_day_of_talk_is_counted_next_morning(still: Api) -> None:
    still.befriend()
    still.act("add_friend", userid=LIN, customer=WU, initiator="member")
    say(still, CHEN, LIN)
    at(still, 600)
    say(still, LIN, CHEN)
    say(still, LIN, CHEN)
    say(still, WU, LIN)
    still.act("delete_guide", customer=WU, userid=LIN)
    at(still, 14 * 3600)
    nothing = behaviour(still, LIN)[0]
    assert (nothing["chat_cnt"], nothing["new_contact_cnt"]) == (0, 0)
    at(still, 16 * 3600)
    assert behaviour(still, LIN, days=2)[1]["chat_cnt"] == 0
    assert behaviour(still, LIN) == [
        {
            "stat_time": MIDNIGHT,
            "chat_cnt": 1,
            "message_cnt": 2,
            "reply_percentage": 50.0,
            "avg_reply_time": 10,
            "negative_feedback_cnt": 1,
            "new_apply_cnt": 1,
            "new_contact_cnt": 2,
        }
    ]


def test_several_members_are_summed(still: Api) -> None:
    for userid in (LIN, ZHOU, MA):
        still.befriend(userid=userid)
        say(still, userid, CHEN)
    at(still, DAY_S)
    both = behaviour(still, LIN, MA)[0]
    assert (both["chat_cnt"], both["new_contact_cnt"]) == (2, 2)
    assert "reply_percentage" not in both
    assert behaviour(still, partyid=[2])[0]["chat_cnt"] == 2
    assert behaviour(still, MA, partyid=[1])[0]["chat_cnt"] == 3


def test_welcomes_and_mass_sends_are_no_talk(still: Api) -> None:
    still.befriend()
    sent = still.post(
        "externalcontact/add_msg_template", {"sender": LIN, "text": {"content": "上新"}}
    )
    still.act("confirm_task", msgid=sent["msgid"], userid=LIN)
    at(still, DAY_S)
    assert behaviour(still, LIN)[0]["message_cnt"] == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [(DAY_S, 0), (-181 * DAY_S, -180 * DAY_S), (-31 * DAY_S, 0), (0, 2 * DAY_S), (None, 0)],
)
def test_times_out_of_bounds_are_refused(still: Api, start: int | None, end: int) -> None:
    begin = None if start is None else MIDNIGHT + start
    body = {"userid": [LIN], "start_time": begin, "end_time": MIDNIGHT + end}
    answer = still.post("externalcontact/get_user_behavior_data", body)
    assert (answer["errcode"], answer["behavior_data"]) == (600018, [])


def test_requests_name_members_and_owners(still: Api) -> None:
    days = {"start_time": MIDNIGHT, "end_time": MIDNIGHT}
    nobody = still.post("externalcontact/get_user_behavior_data", days)
    assert nobody["errcode"] == 40063
    many = still.post("externalcontact/get_user_behavior_data", days | {"userid": [LIN] * 101})
    assert many["errcode"] == 40058
    yesterday = {"day_begin_time": MIDNIGHT - DAY_S}
    for path in ("statistic", "statistic_group_by_day"):
        answer = still.post(f"externalcontact/groupchat/{path}", yesterday)
        assert answer["errcode"] == 40063
    owners = {"owner_filter": {"userid_list": [LIN]}, "day_begin_time": MIDNIGHT}
    half_a_year = owners | {"day_begin_time": MIDNIGHT - 180 * DAY_S}
    half_a_year |= {"day_end_time": MIDNIGHT - DAY_S}
    assert still.post("externalcontact/groupchat/statistic", half_a_year)["errcode"] == 0
    today = still.post("externalcontact/groupchat/statistic", owners)
    assert (today["errcode"], today["items"]) == (600018, [])


def test_groups_are_counted_by_owner(still: Api) -> None:
    still.act("join_group", chat_id=GROUP, customer=CHEN)
    still.act("leave_group", chat_id=GROUP, customer=WU)
    still.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "大家好"})
    still.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "在吗"})
    for number in range(2):
        still.act("create_group", owner=MA, name=f"二店{number}群")
    at(still, 14 * 3600)
    assert {item["data"]["chat_total"] for item in figures(still)} == {0}
    at(still, DAY_S)
    still.act("dismiss_group", chat_id=GROUP)
    ordered = figures(still, order_by=2)
    assert [item["owner"] for item in ordered] == [MA, LIN]
    assert [item["owner"] for item in figures(still, order_by=2, order_asc=1)] == [LIN, MA]
    assert [item["owner"] for item in figures(still, order_by=2, offset=1, limit=1)] == [LIN]
    assert ordered[1]["data"] == {
        "new_chat_cnt": 1,
        "chat_total": 1,
        "chat_has_msg": 1,
        "new_member_cnt": 4,
        "member_total": 3,
        "member_has_msg": 1,
        "msg_total": 2,
        "migrate_trainee_chat_cnt": 0,
    }


def test_groups_are_counted_by_day(still: Api) -> None:
    at(still, DAY_S)
    still.act("dismiss_group", chat_id=GROUP)
    at(still, 2 * DAY_S)
    days = figures(still, "statistic_group_by_day", day_end_time=MIDNIGHT + DAY_S)
    totals = [(day["stat_time"], day["data"]["chat_total"]) for day in days]
    assert totals == [(MIDNIGHT, 1), (MIDNIGHT + DAY_S, 0)]
    assert [day["data"]["new_chat_cnt"] for day in days] == [1, 0]
