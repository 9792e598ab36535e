"""gettoken and what happens to a call without a good token."""

from __future__ import annotations

import re

import pytest

from tests.wecom.sandbox.world import CORP, GUIDE_SECRET, OTHER_SECRET, Api
from wecom.sandbox.wire.registry import ENDPOINTS


def ask(api: Api, **query: str) -> dict[str, object]:
    answer: dict[str, object] = api.client.get("/sandbox/cgi-bin/gettoken", params=query).json()
    return answer


def test_token_stays_the_same_until_it_expires(api: Api) -> None:
    first = ask(api, corpid=CORP, corpsecret=GUIDE_SECRET)
    assert (first["errcode"], first["errmsg"], first["expires_in"]) == (0, "ok", 7200)
    assert ask(api, corpid=CORP, corpsecret=GUIDE_SECRET)["access_token"] == first["access_token"]
    assert ask(api, corpid=CORP, corpsecret=OTHER_SECRET)["access_token"] != first["access_token"]
    api.control("clock", {"advance_seconds": 7201})
    assert ask(api, corpid=CORP, corpsecret=GUIDE_SECRET)["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41002),
        ({"corpid": CORP}, 41004),
        ({"corpid": "ww-unknown", "corpsecret": GUIDE_SECRET}, 40013),
        ({"corpid": CORP, "corpsecret": "wrong"}, 40001),
    ],
)
def test_gettoken_refuses(api: Api, query: dict[str, str], errcode: int) -> None:
    assert ask(api, **query)["errcode"] == errcode


def call_with(api: Api, token: str) -> dict[str, object]:
    answer: dict[str, object] = api.client.get(
        "/sandbox/cgi-bin/department/list", params={"access_token": token} if token else {}
    ).json()
    return answer


def test_calls_need_a_good_token(api: Api) -> None:
    assert call_with(api, "")["errcode"] == 41001
    assert call_with(api, "made-up")["errcode"] == 40014
    token = api.token()
    assert call_with(api, token)["errcode"] == 0
    api.control("clock", {"advance_seconds": 7201})
    assert call_with(api, token)["errcode"] == 42001
    api.control("switches", {"expired_token_errcode": 40014})
    assert call_with(api, token)["errcode"] == 40014


def test_token_in_the_body_is_no_token(api: Api) -> None:
    answer = api.client.post(
        "/sandbox/cgi-bin/externalcontact/groupchat/list",
        json={"access_token": api.token(), "limit": 10},
    ).json()
    assert answer["errcode"] == 41001


def test_tokens_can_be_made_bad_early(api: Api) -> None:
    token = api.token()
    api.control("tokens/expire", {"errcode": 40014})
    assert call_with(api, token)["errcode"] == 40014
    api.tokens.clear()
    assert api.token() != token
    assert call_with(api, api.token())["errcode"] == 0


def test_errmsg_reads_like_the_real_one(api: Api) -> None:
    answer = api.client.get("/sandbox/cgi-bin/department/list")
    assert re.fullmatch(
        r"access_token missing, hint: \[\d{25}\], from ip: \S+,"
        r" more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=41001",
        answer.json()["errmsg"],
    )
    assert answer.status_code == 200
    assert answer.headers["Error-Code"] == "41001"


def test_broken_json_becomes_missing_fields_and_a_warning(api: Api) -> None:
    answer = api.client.post(
        "/sandbox/cgi-bin/externalcontact/groupchat/list",
        params={"access_token": api.token()},
        content=b"{broken",
    ).json()
    assert answer["errcode"] == 40063
    assert answer["errmsg"].startswith("Warning: wrong json format. ")


def test_wrong_method_looks_like_missing_parameters(api: Api) -> None:
    assert api.get("externalcontact/groupchat/list", limit=10)["errcode"] == 40063


def test_unknown_path_is_a_plain_404(api: Api) -> None:
    assert api.client.get("/sandbox/cgi-bin/externalcontact/groupchat/send").status_code == 404


def test_faults_come_as_ordered_and_then_stop(api: Api) -> None:
    api.control("faults", {"path": "department/list", "errcode": -1, "times": 2})
    api.control("faults", {"path": "department/list", "http_status": 502})
    seen = [api.get("department/list")["errcode"] for _ in range(2)]
    answer = api.client.get(
        "/sandbox/cgi-bin/department/list", params={"access_token": api.token()}
    )
    assert (seen, answer.status_code) == ([-1, -1], 502)
    assert api.get("department/list")["errcode"] == 0


def test_untrusted_ip_is_refused_but_gettoken_works(api: Api) -> None:
    api.control(
        "seed",
        {
            "apps": [
                {
                    "name": "导购",
                    "agent_id": 1000002,
                    "secret": GUIDE_SECRET,
                    "trusted_ips": ["10.0.0.1"],
                }
            ]
        },
    )
    assert api.get("department/list")["errcode"] == 60020


def test_calls_are_logged_without_secrets(api: Api) -> None:
    api.get("department/list")
    newest = api.control("calls", limit=1)["calls"][0]
    assert newest["path"] == "department/list"
    assert (newest["errcode"], newest["agent_id"]) == (0, 1000002)
    assert api.token() not in newest["query"]["access_token"]


@pytest.mark.parametrize(
    "value", [None, 1, -1, 2**70, 1.5, True, [], {}, [None], [{}], "\u0000", "é"]
)
def test_nonsense_is_refused_and_never_breaks_the_server(api: Api, value: object) -> None:
    names = ("userid", "external_userid", "external_userid_list", "party", "user", "tag", "cursor")
    body: dict[str, object] = dict.fromkeys(names, value) | {"limit": value, "type": 2, "scene": 2}
    for path in ENDPOINTS:
        answer = api.client.post(
            f"/sandbox/cgi-bin/{path}", params={"access_token": api.token()}, json=body
        )
        assert answer.status_code == 200, path
    broken = {"errcode": value, "path": "x", "agent_id": value, "offset_seconds": value}
    for path in ("faults", "tokens/expire", "deliveries/replay", "seed", "acts/chat"):
        answer = api.client.post(f"/sandbox/control/api/{path}", json=broken | {"members": [value]})
        assert answer.status_code in (200, 400, 409), path
