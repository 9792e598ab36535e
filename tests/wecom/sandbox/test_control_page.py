"""The control page: every act, switch and fault is reachable by hand, in words."""

from __future__ import annotations

import re
from dataclasses import fields
from html import unescape

import httpx
import pytest

from tests.wecom.sandbox.world import CHEN, GROUP, LIN, Api
from wecom.sandbox.control.acts import ACTS
from wecom.sandbox.control.acts.signature import Parameter, read_parameters
from wecom.sandbox.control.acts.words import WORDS, describe_acts
from wecom.sandbox.switches import CHAPTERS, PROFILES, Values, describe

CHINESE = re.compile("[一-鿿]")
PLACES = ("", "acts", "switches", "faults", "deliveries", "calls", "world")


@pytest.mark.parametrize("place", PLACES)
def test_every_place_opens_in_every_state(empty_api: Api, place: str) -> None:
    path = f"/sandbox/control/{place}/" if place else "/sandbox/control/"
    assert empty_api.client.get(path).status_code == 200
    empty_api.control("seed", {"corp_id": "ww1"})
    answer = empty_api.client.get(path)
    assert (answer.status_code, "模拟器" in answer.text) == (200, True)
    assert "<script>" not in answer.text
    assert not re.search(r"\bstyle=", answer.text)


def test_every_act_has_a_form_with_every_field_it_reads(api: Api) -> None:
    page = api.client.get("/sandbox/control/acts/").text
    forms = dict(re.findall(r'data-control="acts/(\w+)"(.*?)</form>', page, re.S))
    assert set(forms) == set(ACTS)
    for name, act in ACTS.items():
        for parameter in read_parameters(act):
            assert f'name="{parameter.name}"' in forms[name], (name, parameter)


def test_every_act_and_field_is_named_in_chinese() -> None:
    unnamed = set(ACTS) - set(WORDS)
    assert not unnamed, "name them in wecom/sandbox/control/acts/words.py"
    for act in describe_acts():
        assert CHINESE.search(act["word"]), act["name"]
        for field in act["parameters"]:
            known = CHINESE.search(field["word"]) or field["word"] in ("unionid", "external_userid")
            assert known, (act["name"], field["name"])


def test_fields_are_read_from_the_code_of_an_act(api: Api) -> None:
    fields = {one.name: one for one in read_parameters(ACTS["join_group"])}
    assert fields["customer"] == Parameter("customer", required=True, kind="text")
    # One of both is enough, so neither is demanded.
    assert not fields["chat_id"].required
    assert not fields["config_id"].required
    assert fields["join_scene"].kind == "number"
    told = api.control("acts")["acts"]
    chat = next(act for act in told if act["name"] == "chat")
    assert {field["name"] for field in chat["parameters"]} >= {"from", "to", "chat_id", "text"}


def test_every_switch_stands_under_a_chapter_with_a_chinese_word(api: Api) -> None:
    page = unescape(api.client.get("/sandbox/control/switches/").text)
    for switch in (describe(one) for one in fields(Values)):
        assert switch["chapter"] in CHAPTERS
        assert CHINESE.search(switch["word"]), switch["name"]
        assert f'name="{switch["name"]}"' in page
        assert switch["word"] in page
    for values in PROFILES.values():
        assert set(values) <= set(api.control("switches")["switches"])


def read_calls(api: Api, **query: object) -> list[int]:
    answer = api.client.get("/sandbox/control/api/calls", params=query)  # type: ignore[arg-type]
    return [call["id"] for call in answer.json()["calls"]]


def test_turned_switches_are_marked(api: Api) -> None:
    api.control("switches", {"drop_probability": 0.5})
    page = api.client.get("/sandbox/control/switches/").text
    marked = re.findall(r'class="turned">.*?<code>(\w+)</code>', page, re.S)
    assert marked == ["drop_probability"]


def test_logs_are_filtered_and_paged(api: Api) -> None:
    for _ in range(3):
        api.get("user/get", userid=LIN)
    api.get("user/get", userid="nobody")
    page = api.client.get("/sandbox/control/calls/", params={"errcode": "bad"}).text
    assert page.count("<tr><td") == 1
    assert "60111" in page
    newest = read_calls(api, path="user/get", limit=2)
    older = read_calls(api, path="user/get", before=newest[-1])
    assert (len(newest), len(older)) == (2, 2)
    assert newest + older == sorted(newest + older, reverse=True)
    assert read_calls(api, path="user/get", after=older[-1]) == sorted(newest + older[:1])


def test_answer_may_break_off_in_the_middle(api: Api) -> None:
    token = api.token()
    api.control("faults", {"path": "user/get", "cut": True, "times": 1})
    query = {"access_token": token, "userid": LIN}
    with pytest.raises(httpx.RemoteProtocolError):
        api.client.get("/sandbox/cgi-bin/user/get", params=query)
    assert api.get("user/get", userid=LIN)["errcode"] == 0


def test_tokens_may_never_be_good(api: Api) -> None:
    api.control("switches", {"tokens_always_bad": True})
    assert api.get("user/get", userid=LIN)["errcode"] == 40014
    api.control("switches", {"tokens_always_bad": False})
    assert api.get("user/get", userid=LIN)["errcode"] == 0


def test_events_may_lack_optional_fields(api: Api) -> None:
    app = {"agent_id": 1000002, "name": "导购", "secret": "guide-app-secret"}
    hearing = app | {"callback_url": "http://127.0.0.1:9/", "callback_token": "t"}
    api.control("seed", {"apps": [hearing | {"callback_aes_key": "x" * 43}]})
    api.control("switches", {"omitted_event_fields": "WelcomeCode， MemChangeList"})
    api.befriend(state="poster_1")
    api.act("join_group", customer=CHEN, chat_id=GROUP)
    told = "".join(row["inner_xml"] for row in api.control("deliveries")["deliveries"])
    assert "<State>" in told
    assert "<MemChangeCnt>" in told
    assert "WelcomeCode" not in told
    assert "MemChangeList" not in told
