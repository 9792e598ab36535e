"""One token for all, fetched by one at a time, and never asked for without end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from tests.servers import TestServers
from tests.wecom.gateway.unwell import Answer, Exchange, Unwell, never
from wecom.gateway.client import Client
from wecom.gateway.errors import CredentialsRefused, Retry, TokenRefused, Unreachable, WecomError
from wecom.gateway.tokens import EARLY_SECONDS

# F-16 in full, with `FAULT_TRIALS=full`: fifty processes at the moment the token ends.
PROCESSES = 50 if os.environ.get("FAULT_TRIALS") == "full" else 5


def a_client() -> Client:
    """As another process would make it: nothing shared but Redis."""
    return Client(corp_id="ww1", secret="secret", name="main")


def only(token: str) -> Answer:
    """An API that takes one token and refuses all others."""

    def answer(exchange: Exchange) -> None:
        if exchange.query.get("access_token") == token:
            exchange.say(external_userid=["wm1"])
        else:
            exchange.say(errcode=40014, errmsg="invalid access_token")

    return answer


def slow_token(exchange: Exchange) -> None:
    """WeCom takes a while, in which everybody else arrives."""
    threading.Event().wait(0.2)
    exchange.say(access_token=f"token-{exchange.number}", expires_in=7200)


def test_twenty_workers_fetch_one_token(unwell: Unwell) -> None:
    unwell.answers |= {"gettoken": slow_token, "list": lambda it: it.say(ok=1)}
    together = threading.Barrier(20)

    def work(_: int) -> None:
        client = a_client()
        together.wait()
        client.read("list")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert (unwell.count("gettoken"), unwell.count("list")) == (1, 20)


def test_a_token_revoked_under_twenty_workers_is_fetched_once_more(unwell: Unwell) -> None:
    unwell.answers |= {"gettoken": slow_token, "list": only("token-2")}
    together = threading.Barrier(20)

    def work(_: int) -> None:
        client = a_client()
        together.wait()
        client.read("list")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert unwell.count("gettoken") == 2


def test_a_token_given_once_more_is_tried_and_nobody_fetches_a_third(unwell: Unwell) -> None:
    # In life gettoken answers with the same token as long as it lasts.
    def same(exchange: Exchange) -> None:
        threading.Event().wait(0.1)
        exchange.say(access_token="the-same", expires_in=7200)

    all_asked = threading.Barrier(10)

    def moody(exchange: Exchange) -> None:
        if exchange.number <= 10:
            # All ten have used the old token before the first of them hears that it is none.
            all_asked.wait(30)
            # The last hears it long after the first has come back with a new one.
            threading.Event().wait(0.05 * exchange.number)
            exchange.say(errcode=42001, errmsg="access_token expired")
        else:
            exchange.say(ok=1)

    unwell.answers |= {"gettoken": same, "list": moody}
    together = threading.Barrier(10)

    def work(_: int) -> None:
        client = a_client()
        together.wait()
        client.read("list")

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    assert unwell.count("gettoken") == 2


_PROCESS = """
import sys, django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from wecom.gateway.client import Client
sys.stdin.readline()
def work(_):
    return Client(corp_id="ww1", secret="secret", name="main").read("list")
with ThreadPoolExecutor(5) as pool:
    assert len(list(pool.map(work, range(5)))) == 5
"""


def test_many_processes_with_five_threads_fetch_at_most_twice(
    unwell: Unwell, servers: TestServers
) -> None:
    unwell.answers |= {"gettoken": slow_token, "list": lambda it: it.say(ok=1)}
    known = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": servers.redis_url,
        "WECOM_API_BASE_URL": unwell.url,
        "LOG_LEVEL": "ERROR",
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS], stdin=subprocess.PIPE, env={**os.environ, **known}
        )
        for _ in range(PROCESSES)
    ]
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(lambda process: process.communicate(b"go\n", timeout=300), started))
    assert [process.returncode for process in started] == [0] * PROCESSES
    assert unwell.count("list") == 5 * PROCESSES
    assert unwell.count("gettoken") <= 2


def test_an_always_bad_token_is_tried_twice_and_then_reported(unwell: Unwell) -> None:
    unwell.answers["list"] = only("no token at all")
    with pytest.raises(TokenRefused) as caught:
        a_client().read("list")
    assert caught.value.code == 40014
    assert (unwell.count("gettoken"), unwell.count("list")) == (2, 2)


def test_a_hundred_calls_with_a_bad_token_do_not_storm_gettoken(unwell: Unwell) -> None:
    unwell.answers["list"] = only("no token at all")
    for _ in range(100):
        with pytest.raises(WecomError):
            a_client().read("list")
    assert unwell.count("gettoken") <= 3


def test_a_wrong_secret_is_not_tried_again_at_once(unwell: Unwell) -> None:
    unwell.answers["gettoken"] = lambda it: it.say(errcode=40001, errmsg="invalid credential")
    advice = set()
    for _ in range(20):
        with pytest.raises(CredentialsRefused) as caught:
            a_client().read("list")
        advice.add(caught.value.advice)
    assert unwell.count("gettoken") == 1
    assert "Secret" in advice.pop()


def test_the_token_is_renewed_early_by_one_while_others_go_on(unwell: Unwell) -> None:
    def short_then_long(exchange: Exchange) -> None:
        seconds = EARLY_SECONDS - 10 if exchange.number == 1 else 7200
        exchange.say(access_token=f"token-{exchange.number}", expires_in=seconds)

    unwell.answers |= {"gettoken": short_then_long, "list": lambda it: it.say(ok=1)}
    client = a_client()
    client.read("list")
    client.read("list")
    client.read("list")
    tokens = [one.query["access_token"] for one in unwell.heard if one.api == "list"]
    assert tokens == ["token-1", "token-2", "token-2"]


def test_without_redis_each_process_fetches_its_own(unwell: Unwell, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    unwell.answers["list"] = lambda it: it.say(ok=1)
    client = a_client()
    for _ in range(3):
        client.read("list")
    assert (unwell.count("gettoken"), unwell.count("list")) == (1, 3)


def test_without_redis_a_refused_token_is_replaced(unwell: Unwell, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    unwell.answers["list"] = only("token-2")
    assert a_client().read("list")["external_userid"] == ["wm1"]


def test_a_silent_gettoken_is_given_up_in_time(unwell: Unwell, hasty: None) -> None:
    unwell.answers["gettoken"] = never
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        a_client().write("anything", {})
    # The server would have kept it for a minute.
    assert time.monotonic() - begun < 50


@pytest.mark.parametrize("answer", [lambda it: it.say(errcode=-1), lambda it: it.send(502, b"")])
def test_a_write_without_a_token_is_in_no_doubt(unwell: Unwell, answer: Answer) -> None:
    unwell.answers["gettoken"] = answer
    with pytest.raises(WecomError) as caught:
        a_client().write("add", {})
    assert (caught.value.retry, unwell.count("add")) == (Retry.SOON, 0)


def test_two_applications_do_not_share_a_token(unwell: Unwell) -> None:
    unwell.answers["list"] = lambda it: it.say(ok=1)
    # The first ten characters of the secrets are equal, where wechatpy's own keys collide.
    Client(corp_id="ww1", secret="same-begin-1", name="main").read("list")
    Client(corp_id="ww1", secret="same-begin-2", name="service").read("list")
    asked = [one.query["corpsecret"] for one in unwell.heard if one.api == "gettoken"]
    assert asked == ["same-begin-1", "same-begin-2"]
