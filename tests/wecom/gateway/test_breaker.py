"""A WeCom that does not answer is left alone, and one caller tries whether it is back."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.wecom.gateway.test_governor import Clock
from tests.wecom.gateway.unwell import Unwell
from wecom.gateway.breaker import FIRST_PAUSE, LONGEST_PAUSE, PROBE_SECONDS, Breaker, breaker_state
from wecom.gateway.client import Client
from wecom.gateway.errors import GroupUnknown, Misdirected, Silent, Unreachable, WecomError


@pytest.fixture
def clock(settings: Settings, no_tokens: None) -> Clock:
    settings.WECOM_BREAKER_AFTER = 3
    return Clock()


def ends(breaker: Breaker, error: type[WecomError] | None = None) -> str:
    """One call that ends so; what the breaker made of it."""
    try:
        with breaker.watching("list"):
            if error is not None:
                raise error(None, "as the test says")
    except WecomError as raised:
        return "kept back" if raised.again_in is not None else "failed"
    return "answered"


def test_it_opens_after_failures_in_a_row_for_all_workers(clock: Clock) -> None:
    here, there = Breaker("ww1", clock=clock), Breaker("ww1", clock=clock)
    story = [ends(here, Silent), ends(there, Unreachable), ends(here), ends(here, Silent)]
    story += [ends(there, Silent), ends(here, Silent), ends(there), ends(here)]
    assert story == [
        *("failed", "failed", "answered", "failed"),
        *("failed", "failed", "kept back", "kept back"),
    ]
    assert ends(Breaker("ww2", clock=clock)) == "answered"


def test_one_tries_and_the_pause_grows_until_it_answers(clock: Clock) -> None:
    breaker = Breaker("ww1", clock=clock)
    for _ in range(3):
        ends(breaker, Silent)
    pause = FIRST_PAUSE
    for _ in range(8):
        clock.now += pause - 0.1
        assert ends(breaker) == "kept back"
        clock.now += 0.2
        assert ends(breaker, Silent) == "failed"
        assert ends(breaker) == "kept back"
        pause = min(LONGEST_PAUSE, pause * 2)
    clock.now += pause + 0.1
    assert [ends(breaker), ends(breaker, Silent), ends(breaker)] == [
        "answered",
        "failed",
        "answered",
    ]


def test_while_one_tries_the_others_wait_and_a_killed_one_is_followed(clock: Clock) -> None:
    breaker, other = Breaker("ww1", clock=clock), Breaker("ww1", clock=clock)
    for _ in range(3):
        ends(breaker, Silent)
    clock.now += FIRST_PAUSE + 0.1
    with breaker.watching("list"):
        assert ends(other) == "kept back"
    assert ends(other) == "answered"
    for _ in range(3):
        ends(breaker, Silent)
    clock.now += FIRST_PAUSE + 0.1
    killed = breaker.watching("list")
    killed.__enter__()
    clock.now += PROBE_SECONDS - 1
    assert ends(other) == "kept back"
    clock.now += 2
    assert ends(other) == "answered"


@pytest.mark.parametrize("error", [Misdirected(None, "a proxy's word"), ValueError("ours")])
def test_who_tried_and_learnt_nothing_keeps_nobody_back(clock: Clock, error: Exception) -> None:
    breaker, other = Breaker("ww1", clock=clock), Breaker("ww1", clock=clock)
    for _ in range(3):
        ends(breaker, Silent)
    clock.now += FIRST_PAUSE + 0.1
    with pytest.raises(type(error)), breaker.watching("list"):
        raise error
    # Not WeCom's word that it is well, either: whoever comes next is the one who tries.
    with other.watching("list"):
        assert ends(breaker) == "kept back"
    assert ends(breaker) == "answered"


def test_a_refusal_is_an_answer_and_a_proxys_word_is_none(clock: Clock) -> None:
    breaker = Breaker("ww1", clock=clock)
    for _ in range(10):
        assert ends(breaker, Misdirected) == "failed"
    story = [ends(breaker, error) for error in (Silent, Silent, GroupUnknown, Silent, Silent)]
    assert story == ["failed"] * 5
    assert ends(breaker) == "answered"


def test_the_client_stops_calling_and_its_caller_learns_when_to_come_back(
    unwell: Unwell, settings: Settings
) -> None:
    settings.WECOM_BREAKER_AFTER = 3
    unwell.answers["list"] = lambda it: it.send(502, b"")
    client = Client(corp_id="ww1", secret="secret", name="main")
    assert breaker_state("ww1").state == "closed"
    with pytest.raises(WecomError):
        client.read("list")
    assert breaker_state("ww1").state == "open"
    with pytest.raises(Unreachable) as caught:
        client.write("list", {})
    assert caught.value.again_in is not None
    assert unwell.count("list") == 3


def test_without_redis_everybody_passes(settings: Settings, clock: Clock) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    breaker = Breaker("ww1", clock=clock)
    assert [ends(breaker, Silent) for _ in range(5)] == ["failed"] * 5
