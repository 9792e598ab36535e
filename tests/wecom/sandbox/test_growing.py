"""A corp grown by numbers is what its numbers promise, and the same again."""

from __future__ import annotations

import json

import pytest

from tests.wecom.sandbox.world import CORP, LIN, Api

SIZES = {
    "members": 30,
    "customers": 400,
    "friends_per_member": 10,
    "groups": 6,
    "members_per_group": 20,
    "members_per_department": 7,
}


@pytest.fixture
def grown(api: Api) -> Api:
    """The small world with a grown one beside it."""
    api.control("seed/grow", SIZES)
    return api


def customer(number: int) -> str:
    return f"wmGrown{number:025d}"


def test_it_has_the_size_asked_for(api: Api) -> None:
    before = api.control("state")["counts"]
    api.control("seed/grow", SIZES)
    after = api.control("state")["counts"]
    more = {name: after[name] - before[name] for name in after}
    assert more["members"] == 30
    assert more["departments"] == 5
    assert more["customers"] == 400
    assert more["friends"] == 300
    assert more["groups"] == 6
    assert more["group_members"] == 6 * 21


def test_the_api_tells_of_grown_people(grown: Api) -> None:
    card = grown.get("externalcontact/get", external_userid=customer(25))
    assert [each["userid"] for each in card["follow_user"]] == ["g000003"]
    listed = grown.get("externalcontact/list", userid="g000003")["external_userid"]
    assert sorted(listed) == [customer(number) for number in range(21, 31)]
    assert grown.get("user/get", userid="g000008")["department"] == [100002]
    chat_id = f"wrGrown{3:025d}"
    chat = grown.post("externalcontact/groupchat/get", {"chat_id": chat_id})["group_chat"]
    assert (chat["owner"], len(chat["member_list"])) == ("g000003", 21)


def test_growing_again_changes_nothing_and_more_adds(grown: Api) -> None:
    before = grown.control("state")["counts"]
    first = grown.get("externalcontact/get", external_userid=customer(7))
    grown.control("seed/grow", SIZES)
    assert grown.control("state")["counts"] == before
    assert grown.get("externalcontact/get", external_userid=customer(7)) == first
    grown.control("seed/grow", {"members": 31, "customers": 401})
    after = grown.control("state")["counts"]
    assert (after["members"], after["customers"]) == (
        before["members"] + 1,
        before["customers"] + 1,
    )


@pytest.mark.parametrize(
    "sizes",
    [
        {"members": -1},
        {"people": 5},
        {"members": 10**9},
        {"members": 5, "customers": 3, "friends_per_member": 4},
        {"groups": 1},
    ],
)
def test_impossible_sizes_are_refused(api: Api, sizes: dict[str, int]) -> None:
    assert api.client.post("/sandbox/control/api/seed/grow", json=sizes).status_code == 409


def test_nothing_grows_before_there_is_a_corp(empty_api: Api) -> None:
    answer = empty_api.client.post("/sandbox/control/api/seed/grow", json={"members": 1})
    assert answer.status_code == 409


def test_a_world_may_come_line_by_line(empty_api: Api) -> None:
    lines = [
        {"corp_id": CORP, "departments": [{"id": 2, "name": "一店"}]},
        *({"members": [{"userid": f"m{n}", "name": f"成员{n}"}]} for n in range(50)),
        *({"customers": [{"external_userid": f"wm{n}", "name": "客"}]} for n in range(50)),
        {"friends": [{"userid": f"m{n}", "external_userid": f"wm{n}"} for n in range(50)]},
    ]
    raw = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    url = "/sandbox/control/api/seed"
    counts = empty_api.client.post(url, content=raw.encode(), headers=headers).json()["counts"]
    assert (counts["members"], counts["customers"], counts["friends"]) == (50, 50, 50)
    spoiled = raw.replace('"m7"', '"m7x"') + "\n{not json}"
    refused = empty_api.client.post(url, content=spoiled.encode(), headers=headers)
    assert (refused.status_code, "第 103 行" in refused.json()["error"]) == (409, True)
    assert empty_api.control("state")["counts"]["members"] == 50


def test_people_of_a_large_corp_are_found_by_name(grown: Api) -> None:
    def found(search: str) -> list[str]:
        page = grown.client.get("/sandbox/phone/", params={"q": search}).text
        return [part.split('"')[0] for part in page.split('data-customer="')[1:]]

    grown.act("create_customer", name="欧阳若兰", external_userid="wmOuyang1")
    assert found("欧阳") == ["wmOuyang1"]
    assert found("若兰") == ["wmOuyang1"]
    assert found(customer(7)) == [customer(7)]
    assert found("谁也不是") == []
    assert LIN in grown.client.get("/sandbox/wecom/", params={"q": "林晓"}).text
