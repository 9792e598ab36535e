"""OAuth of the service account and of WeCom, and web login."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.wecom.sandbox.world import CHEN, CORP, LIN, MA, SERVICE, WU, Api, seed_of

AUTHORIZE = "/sandbox/connect/oauth2/authorize"
BROWSER = {"Accept": "text/html,*/*"}


def authorize(api: Api, *, who: str = "", browser: bool = False, **change: str) -> httpx.Response:
    query = {
        "appid": SERVICE,
        "redirect_uri": "https://shop.example/back?page=1#top",
        "response_type": "code",
        "scope": "snsapi_userinfo",
        "state": "s1",
        "as": who,
    } | change
    return api.client.get(AUTHORIZE, params=query, headers=BROWSER if browser else {})


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def change_code(api: Api, code: str, **change: str) -> dict[str, object]:
    query = {
        "appid": SERVICE,
        "secret": "service-secret",
        "code": code,
        "grant_type": "authorization_code",
    } | change
    answer: dict[str, object] = api.client.get(
        "/sandbox/sns/oauth2/access_token", params=query
    ).json()
    return answer


def test_named_customer_comes_back_with_code_and_state(api: Api) -> None:
    answer = authorize(api, who=CHEN)
    parts = urlsplit(answer.headers["Location"])
    assert (parts.netloc, parts.fragment) == ("shop.example", "top")
    query = parse_qs(parts.query)
    assert (query["page"], query["state"]) == (["1"], ["s1"])
    told = change_code(api, query["code"][0])
    unionid = api.control(f"state/customer/{CHEN}")["customer"]["unionid"]
    assert (told["unionid"], told["scope"]) == (unionid, "snsapi_userinfo")
    assert str(told["openid"]).startswith("o")
    profile = api.client.get(
        "/sandbox/sns/userinfo",
        params={"access_token": str(told["access_token"]), "openid": str(told["openid"])},
    ).json()
    assert (profile["nickname"], profile["unionid"]) == ("陈悦", unionid)


def test_openid_is_the_same_each_time_and_differs_between_people(api: Api) -> None:
    first, again, other = (
        change_code(api, code_of(authorize(api, who=who)))["openid"] for who in (CHEN, CHEN, WU)
    )
    assert first == again
    assert first != other


def test_code_works_once_and_for_five_minutes(api: Api) -> None:
    code = code_of(authorize(api, who=CHEN))
    assert "openid" in change_code(api, code)
    assert change_code(api, code)["errcode"] == 40163
    code = code_of(authorize(api, who=CHEN))
    api.control("clock", {"advance_seconds": 301})
    assert change_code(api, code)["errcode"] == 42003
    assert change_code(api, "made-up")["errcode"] == 40029


def test_base_scope_tells_no_unionid(api: Api) -> None:
    code = code_of(authorize(api, scope="snsapi_base", who=CHEN))
    assert "unionid" not in change_code(api, code)
    api.control("switches", {"unionid_scope": "any"})
    code = code_of(authorize(api, scope="snsapi_base", who=CHEN))
    assert "unionid" in change_code(api, code)


def test_account_and_secret_are_checked(api: Api) -> None:
    code = code_of(authorize(api, who=CHEN))
    assert change_code(api, code, appid="wxother")["errcode"] == 40013
    assert change_code(api, code, secret="wrong")["errcode"] == 40125
    assert change_code(api, code, grant_type="other")["errcode"] == 40002
    assert authorize(api, appid="wxother", who=CHEN).status_code == 400
    assert authorize(api, redirect_uri="javascript:alert(1)", who=CHEN).status_code == 400


def test_cookie_speaks_for_programs_but_browsers_are_asked(api: Api) -> None:
    api.client.cookies.set("sandbox_phone", CHEN)
    assert authorize(api).status_code == 302
    page = authorize(api, browser=True)
    assert page.status_code == 200
    assert f'data-known="{CHEN}"' in page.text


def test_stranger_chooses_on_a_page(api: Api) -> None:
    page = authorize(api, browser=True)
    assert page.status_code == 200
    assert f'data-id="{CHEN}"' in page.text
    assert "http://127.0.0.1" not in page.text


def test_consent_page_can_be_wanted(api: Api) -> None:
    api.control("switches", {"oauth_consent_page": True})
    page = authorize(api, who=CHEN)
    assert (page.status_code, "允许" in page.text) == (200, True)
    assert authorize(api, agreed="1", who=CHEN).status_code == 302


def test_corp_oauth_tells_member_or_customer(api: Api) -> None:
    code = code_of(authorize(api, appid=CORP, scope="snsapi_base", who=LIN))
    assert api.get("auth/getuserinfo", code=code)["userid"] == LIN
    assert api.get("auth/getuserinfo", code=code)["errcode"] == 40029
    code = code_of(authorize(api, appid=CORP, scope="snsapi_base", who=CHEN))
    stranger = api.get("auth/getuserinfo", code=code)
    assert "external_userid" not in stranger
    api.befriend()
    code = code_of(authorize(api, appid=CORP, scope="snsapi_base", who=CHEN))
    known = api.get("auth/getuserinfo", code=code)
    assert (known["external_userid"], known["openid"]) == (CHEN, stranger["openid"])


def test_old_path_answers_in_capitals(api: Api) -> None:
    code = code_of(authorize(api, appid=CORP, scope="snsapi_base", who=LIN))
    assert api.get("user/getuserinfo", code=code)["UserId"] == LIN


def test_private_scope_gives_a_ticket(api: Api) -> None:
    code = code_of(authorize(api, appid=CORP, scope="snsapi_privateinfo", who=LIN))
    ticket = api.get("auth/getuserinfo", code=code)["user_ticket"]
    assert api.post("auth/getuserdetail", {"user_ticket": ticket})["userid"] == LIN
    api.control("clock", {"advance_seconds": 1801})
    assert api.post("auth/getuserdetail", {"user_ticket": ticket})["errcode"] == 84014


def login(api: Api, *, who: str = "", **change: str) -> httpx.Response:
    query = {
        "login_type": "CorpApp",
        "appid": CORP,
        "agentid": "1000002",
        "redirect_uri": "https://shop.example/login/",
        "state": "s2",
        "as": who,
    } | change
    return api.client.get("/sandbox/wwlogin/sso/login", params=query, headers=BROWSER)


def test_web_login_lets_choose_a_member(api: Api) -> None:
    page = login(api)
    assert (page.status_code, f'data-id="{LIN}"' in page.text) == (200, True)
    answer = login(api, who=LIN)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["state"] == ["s2"]
    assert api.get("auth/getuserinfo", code=code_of(answer))["userid"] == LIN


def test_web_login_refuses_who_is_out_of_range(empty_api: Api) -> None:
    seed = seed_of()
    seed["apps"][0] |= {"visible_departments": [2], "trusted_domain": "shop.example"}
    empty_api.control("seed", seed)
    assert login(empty_api, who=MA).status_code == 403
    assert login(empty_api, who=LIN).status_code == 302
    assert login(empty_api, redirect_uri="https://shop.example:8443/").status_code == 400
    assert login(empty_api, agentid="77").status_code == 400
