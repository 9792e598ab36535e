"""Every way in which WeCom can fail us, and what the gateway says about it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.wecom.gateway.unwell import Exchange, Unwell, never
from wecom.gateway import Retry, Silent, Unreachable, WecomError, gateway_of
from wecom.gateway.client import Client
from wecom.gateway.codes import error_of
from wecom.gateway.errors import (
    Busy,
    ContactUnknown,
    LimitReached,
    Misdirected,
    NotAllowed,
    PerhapsDone,
)


def a_client() -> Client:
    return Client(corp_id="ww1", secret="secret-of-the-tests", name="main")


def a_code(number: int) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.say(errcode=number, errmsg="whatever, hint: [1]")


FAULTS: dict[str, tuple[Callable[[Exchange], None], type[WecomError], Retry]] = {
    "system busy": (a_code(-1), PerhapsDone, Retry.ASK),
    "too many at once": (a_code(45033), Busy, Retry.SOON),
    "too often": (a_code(45009), LimitReached, Retry.LATER),
    "no right": (a_code(48002), NotAllowed, Retry.LATER),
    "unknown contact": (a_code(40096), ContactUnknown, Retry.NEVER),
    "a code nobody knows": (a_code(987654), WecomError, Retry.NEVER),
    "bad gateway": (lambda it: it.send(502, b"<html>"), Silent, Retry.ASK),
    "gateway timeout": (lambda it: it.send(504, b""), Silent, Retry.ASK),
    "not found": (lambda it: it.send(404, b"<html>"), Misdirected, Retry.LATER),
    "no JSON": (lambda it: it.send(200, b"<html>hello</html>"), Silent, Retry.ASK),
    "half a JSON": (lambda it: it.send(200, b'{"errcode":0,"ms'), Silent, Retry.ASK),
    "a list": (lambda it: it.send(200, b"[]"), Silent, Retry.ASK),
    "hangs up": (lambda it: it.hang_up(), Silent, Retry.ASK),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_write_is_made_once_and_its_failure_classified(unwell: Unwell, name: str) -> None:
    answer, expected, retry = FAULTS[name]
    unwell.answers["add"] = answer
    with pytest.raises(WecomError) as caught:
        a_client().write("add", {"x": 1})
    assert type(caught.value) is expected
    assert caught.value.retry is retry
    assert caught.value.advice
    assert unwell.count("add") == 1


def test_a_silent_write_is_unknown_and_not_repeated(unwell: Unwell, hasty: None) -> None:
    unwell.answers["add"] = never
    with pytest.raises(Silent):
        a_client().write("add", {})
    assert unwell.count("add") == 1


@pytest.mark.parametrize("name", ["system busy", "bad gateway", "hangs up", "too many at once"])
def test_a_read_is_tried_three_times(unwell: Unwell, name: str) -> None:
    answer = FAULTS[name][0]
    unwell.answers["get"] = lambda it: answer(it) if it.number < 3 else it.say(found=1)
    assert a_client().read("get")["found"] == 1
    unwell.answers["get"] = answer
    before = unwell.count("get")
    with pytest.raises(WecomError):
        a_client().read("get")
    assert unwell.count("get") == before + 3


def test_a_read_beyond_the_limit_is_not_tried_again(unwell: Unwell) -> None:
    unwell.answers["get"] = a_code(45009)
    with pytest.raises(LimitReached):
        a_client().read("get")
    assert unwell.count("get") == 1


def test_nobody_there_means_nothing_was_asked(settings: Settings, no_tokens: None) -> None:
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9/cgi-bin/"
    with pytest.raises(Unreachable) as caught:
        a_client().write("add", {})
    assert caught.value.retry is Retry.SOON


def test_a_file_is_whole_at_the_second_try_too(unwell: Unwell) -> None:
    unwell.answers["media/upload"] = lambda it: (
        it.say(media_id="m1")
        if it.query["access_token"] == "token-2"
        else it.say(errcode=42001, errmsg="access_token expired")
    )
    a_client().upload("media/upload", "a.png", b"picture" * 100, type="image")
    uploads = [one for one in unwell.heard if one.api == "media/upload"]
    assert [one.body.count(b"picture") for one in uploads] == [100, 100]
    assert uploads[0].query["type"] == "image"


def test_chinese_travels_as_it_is(unwell: Unwell) -> None:
    unwell.answers["add"] = lambda it: it.say()
    a_client().write("add", {"text": "您好"})
    assert "您好".encode() in unwell.heard[-1].body


def test_no_secret_reaches_the_log(unwell: Unwell, caplog: pytest.LogCaptureFixture) -> None:
    unwell.answers["add"] = lambda it: it.send(502, b"")
    with caplog.at_level(logging.DEBUG), pytest.raises(Silent) as caught:
        a_client().write("add", {"welcome_code": "WC-very-secret"})
    told = caplog.text + repr(caught.value) + str(caught.value)
    for secret in ("secret-of-the-tests", "token-1", "WC-very-secret"):
        assert secret not in told
    assert "wecom_call" in caplog.text


def test_every_error_has_advice_in_chinese() -> None:
    for code in (-1, 40001, 40014, 45009, 48002, 60020, 84061, 86003, 41051, 95001, 301052, None):
        advice = error_of(code, "x").advice
        assert any("\u4e00" <= letter <= "\u9fff" for letter in advice)


def test_a_gateway_without_a_secret_says_what_is_missing(settings: Settings) -> None:
    settings.WECOM_APPS = {"main": {"agent_id": 1, "secret": ""}}
    with pytest.raises(Exception, match="WECOM_APPS"):
        gateway_of()
