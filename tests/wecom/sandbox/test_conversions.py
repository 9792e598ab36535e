"""One person and one group under several ids, and everybody the corp serves."""

from __future__ import annotations

from typing import Any

from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, OTHER_SECRET, SERVICE, WU, Api, seed_of


def unionid_of(api: Api, customer: str = CHEN) -> str:
    return str(api.control(f"state/customer/{customer}")["customer"]["unionid"])


def test_openid_is_the_one_of_the_service_account(api: Api) -> None:
    path, asked = "externalcontact/convert_to_openid", {"external_userid": CHEN}
    assert api.post(path, asked)["errcode"] == 84084
    api.befriend()
    openid = api.post(path, asked)["openid"]
    query = {"appid": SERVICE, "redirect_uri": "https://x/", "response_type": "code"}
    query |= {"scope": "snsapi_base", "as": CHEN}
    went = api.client.get("/sandbox/connect/oauth2/authorize", params=query)
    code = went.headers["location"].split("code=")[1].split("&")[0]
    grant = {"appid": SERVICE, "secret": "service-secret", "code": code}
    told = api.client.get(
        "/sandbox/sns/oauth2/access_token", params=grant | {"grant_type": "authorization_code"}
    ).json()
    assert told["openid"] == openid
    union = {"unionid": unionid_of(api), "openid": openid}
    assert api.post("externalcontact/unionid_to_external_userid", union)["external_userid"] == CHEN
    union["openid"] = "oSomebodyElse"
    wrong = api.post("externalcontact/unionid_to_external_userid", union)
    assert wrong["errcode"] == 40058


def test_openid_needs_a_bound_developer(empty_api: Api) -> None:
    empty_api.control("seed", seed_of(open_platform_bound=False))
    empty_api.befriend()
    asked = {"external_userid": CHEN}
    answer = empty_api.post("externalcontact/convert_to_openid", asked)
    assert answer["errcode"] == 41057


def test_unionid_of_nobodys_customer_is_pending(api: Api) -> None:
    asked = {"unionid": unionid_of(api), "subject_type": 0}
    pending = api.post("idconvert/unionid_to_external_userid", asked)
    assert pending["errcode"] == 0
    assert "external_userid" not in pending
    assert pending["pending_id"].startswith("wp")
    refused = api.post("externalcontact/unionid_to_external_userid", asked)
    assert refused["errcode"] == 84061
    api.befriend()
    found = api.post("idconvert/unionid_to_external_userid", asked)
    assert (found["external_userid"], "pending_id" in found) == (CHEN, False)


def test_ids_for_a_short_while_and_of_service_providers(api: Api) -> None:
    told = api.act("tell_other_ids", customer=CHEN, source_agentid=9)
    body = {"business_type": 1, "user_type": 1}
    ids = [told["tmp_external_userid"], "wmX"]
    answer = api.post(
        "idconvert/convert_tmp_external_userid", body | {"tmp_external_userid_list": ids}
    )
    assert answer["results"] == [{"tmp_external_userid": ids[0], "external_userid": CHEN}]
    assert answer["invalid_tmp_external_userid_list"] == ["wmX"]
    asked = {"external_userid": told["service_external_userid"], "source_agentid": 9}
    path = "externalcontact/from_service_external_userid"
    assert api.post(path, asked)["external_userid"] == CHEN
    assert api.post(path, asked | {"source_agentid": 8})["errcode"] == 40096


def test_a_group_is_found_by_the_id_of_mini_programs(api: Api) -> None:
    path = "externalcontact/opengid_to_chatid"
    opengid = api.act("tell_other_ids", chat_id=GROUP)["opengid"]
    assert api.post(path, {"opengid": opengid})["chat_id"] == GROUP
    assert api.post(path, {"opengid": "oX"})["errcode"] == 90511
    api.act("dismiss_group", chat_id=GROUP)
    assert api.post(path, {"opengid": opengid})["errcode"] == 90509


def served(api: Api, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        body = {"limit": 1, "cursor": cursor}
        answer = api.post("externalcontact/contact_list", body, **more)
        assert answer["errcode"] == 0, answer
        found += answer["info_list"]
        cursor = answer["next_cursor"]
        if not cursor:
            return found


def test_everybody_served_is_listed_once(api: Api) -> None:
    api.befriend()
    api.befriend(userid=MA)
    rows = served(api)
    told = [(row["is_customer"], row.get("follow_userid"), row.get("chat_id")) for row in rows]
    assert told == [(True, LIN, None), (True, MA, None), (False, None, GROUP)]
    assert (rows[0]["external_userid"], rows[0]["name"]) == (CHEN, "陈悦")
    assert rows[0]["tmp_openid"] == rows[1]["tmp_openid"] != rows[2]["tmp_openid"]
    assert "external_userid" not in rows[2]
    api.befriend(customer=WU)
    assert all(row["is_customer"] for row in served(api))
    bad = api.post("externalcontact/contact_list", {"cursor": "x"})
    assert bad["errcode"] == 50100


def test_served_people_out_of_range_are_hidden(api: Api) -> None:
    api.befriend()
    api.befriend(userid=MA)
    api.act("set_range", agent_id=1000003, departments=[3])
    rows = served(api, secret=OTHER_SECRET)
    assert [row.get("follow_userid") for row in rows] == [MA]
