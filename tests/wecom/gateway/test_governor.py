"""WeCom's limits, kept before WeCom has to say so. Time is moved by hand."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from tests.processes import wait_for
from tests.wecom.gateway.unwell import Unwell
from wecom.gateway.client import Client
from wecom.gateway.errors import Busy, LimitReached, Unreachable
from wecom.gateway.governor import LEASE_SECONDS, RECOVERY_SECONDS, Governor, bulk
from wecom.gateway.limits import limits_of
from wecom.gateway.usage import pulse, usage

API = "externalcontact/get"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(settings: Settings, no_tokens: None) -> Clock:
    settings.WECOM_PATIENCE_SECONDS = 0
    return Clock()


def call(governor: Governor, api: str = API, *, people: tuple[str, ...] = ()) -> float:
    """One call: 0 when it was let through, else after how many seconds to come back."""
    try:
        with governor.admit(api, people=people):
            return 0.0
    except LimitReached as error:
        return error.again_in or 0.0


def let_through(times: int, attempt: Callable[[], float]) -> int:
    return sum(attempt() == 0 for _ in range(times))


def work(clock: Clock, governor: Governor, *, workers: int, until: float, seed: int) -> list[float]:
    """Workers without rest, whose calls arrive somewhere between admission and answer."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    arrived: list[float] = []
    agenda: list[tuple[float, int, ExitStack | None]] = [
        (clock.now, worker, None) for worker in range(workers)
    ]
    heapq.heapify(agenda)
    while agenda:
        clock.now, worker, inside = heapq.heappop(agenda)
        if inside is not None:
            inside.close()
        if clock.now >= until:
            continue
        stack = ExitStack()
        try:
            stack.enter_context(governor.admit(API))
        except LimitReached as error:
            heapq.heappush(agenda, (clock.now + (error.again_in or 0.0), worker, None))
            continue
        seconds = chance.choice((0.05, 0.2, 3.0)) * chance.random()
        arrived.append(clock.now + seconds * chance.random())
        heapq.heappush(agenda, (clock.now + seconds, worker, stack))
    return sorted(arrived)


@pytest.mark.parametrize("seed", [1, 2])
def test_wecom_never_sees_too_many_in_a_minute_and_nearly_as_many_as_it_takes(
    clock: Clock, settings: Settings, seed: int
) -> None:
    settings.WECOM_LIMITS = {API: {"minute": 100}}
    minutes = 8
    begun = clock.now
    arrived = work(
        clock,
        Governor("ww1", clock=clock),
        workers=20,
        until=begun + minutes * 60,
        seed=seed,
    )
    for at, hundredth_later in zip(arrived, arrived[100:], strict=False):
        assert hundredth_later - at >= 60, "101 calls within a minute"
    assert len(arrived) >= 0.8 * 100 * minutes


def test_the_hour_has_a_limit_of_its_own(clock: Clock, settings: Settings) -> None:
    settings.WECOM_LIMITS = {API: {"minute": 10, "hour": 15}}
    governor = Governor("ww1", clock=clock)
    assert let_through(12, lambda: call(governor)) == 10
    clock.now += 61
    assert let_through(12, lambda: call(governor)) == 5
    assert 3400 < call(governor) <= 3.6e3 * 1.25 + 100
    clock.now += 3661
    assert call(governor) == 0


def test_processes_corps_and_apis_are_told_apart(clock: Clock, settings: Settings) -> None:
    settings.WECOM_LIMITS = {"*": {"minute": 2}}
    here, there = Governor("ww1", clock=clock), Governor("ww1", clock=clock)
    assert let_through(2, lambda: call(here)) == 2
    assert call(there) > 0
    assert call(here, "user/get") == 0
    assert call(Governor("ww2", clock=clock)) == 0


def test_corps_behind_one_address_share_what_the_address_may(
    clock: Clock, settings: Settings
) -> None:
    settings.WECOM_LIMITS = {"*": {"ip_minute": 3}}
    assert let_through(2, lambda: call(Governor("ww1", clock=clock))) == 2
    assert let_through(2, lambda: call(Governor("ww2", clock=clock))) == 1
    settings.WECOM_EXIT = "another"
    assert call(Governor("ww2", clock=clock)) == 0


def test_bulk_leaves_a_fifth_to_those_who_wait(clock: Clock, settings: Settings) -> None:
    settings.WECOM_LIMITS = {API: {"minute": 100}}
    governor = Governor("ww1", clock=clock)
    with bulk():
        assert let_through(100, lambda: call(governor)) == 80
    assert let_through(100, lambda: call(governor)) == 20


def test_only_so_many_at_once_and_a_killed_workers_place_comes_back(clock: Clock) -> None:
    governor = Governor("ww1", clock=clock)
    api = "externalcontact/mark_tag"
    with ExitStack() as inside:
        for _ in range(5):
            inside.enter_context(governor.admit(api))
        assert call(governor, api) > 0
    assert call(governor, api) == 0
    killed = ExitStack()
    for _ in range(5):
        killed.enter_context(governor.admit(api))
    clock.now += LEASE_SECONDS - 1
    assert call(governor, api) > 0
    clock.now += 2
    assert call(governor, api) == 0


def test_bulk_leaves_a_place_too(clock: Clock) -> None:
    governor = Governor("ww1", clock=clock)
    api = "externalcontact/mark_tag"
    with ExitStack() as inside:
        for _ in range(4):
            inside.enter_context(governor.admit(api))
        with bulk():
            assert call(governor, api) > 0
        assert call(governor, api) == 0


def test_who_waits_patiently_gets_the_place_that_becomes_free(
    clock: Clock, settings: Settings
) -> None:
    settings.WECOM_LIMITS = {API: {"in_flight": 1}}
    settings.WECOM_PATIENCE_SECONDS = 60
    governor, came_in = Governor("ww1"), threading.Event()

    def wait() -> None:
        with governor.admit(API):
            came_in.set()

    with governor.admit(API):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not came_in.is_set()
    wait_for(came_in.is_set, "the one who waits")
    waiting.join()


def refuse(governor: Governor, kind: type[LimitReached] | type[Busy], code: int) -> float | None:
    """WeCom refuses one call."""
    with pytest.raises(kind) as caught, governor.admit(API):
        raise kind(code, "out of limit", api=API)
    return caught.value.again_in


def test_refused_once_the_api_is_shut_for_a_minute_refused_again_for_longer(clock: Clock) -> None:
    governor = Governor("ww1", clock=clock)
    assert refuse(governor, LimitReached, 45009) == 60
    assert 60 <= call(governor) <= 76
    assert call(governor, "user/get") == 0
    clock.now += 61
    assert call(governor) == 0
    waited = []
    for _ in range(7):
        pause = refuse(governor, LimitReached, 45009)
        assert pause is not None
        waited.append(pause)
        clock.now += pause + 1
    assert waited == [120, 240, 480, 960, 1920, 3600, 3600]
    clock.now += 61
    assert refuse(governor, LimitReached, 45009) == 60


def test_refused_with_its_own_hour_full_it_was_the_hour(clock: Clock, settings: Settings) -> None:
    settings.WECOM_LIMITS = {API: {"hour": 20}}
    governor = Governor("ww1", clock=clock)
    assert let_through(18, lambda: call(governor)) == 18
    assert refuse(governor, LimitReached, 45009) == 3600


def test_a_crowd_that_is_refused_blocks_once(clock: Clock) -> None:
    governor = Governor("ww1", clock=clock)
    with ExitStack() as inside:
        for _ in range(5):
            inside.enter_context(governor.admit(API))
        blocks = [governor.refused(API, 45009) for _ in range(5)]
    assert blocks == [60] * 5


def test_too_many_at_once_halves_them_and_they_grow_again(clock: Clock) -> None:
    governor = Governor("ww1", clock=clock)

    def at_once() -> int:
        with ExitStack() as inside:
            for count in range(50):
                try:
                    inside.enter_context(governor.admit(API))
                except LimitReached:
                    return count
        return 50

    assert at_once() == 50
    with ExitStack() as inside:
        for _ in range(19):
            inside.enter_context(governor.admit(API))
        refuse(governor, Busy, 45033)
        # The others of the same crowd teach nothing new.
        refuse_quietly = [governor.refused(API, 45033) for _ in range(5)]
    assert refuse_quietly == [None] * 5
    assert at_once() == 10
    clock.now += RECOVERY_SECONDS * 4
    assert at_once() == 14
    clock.now += RECOVERY_SECONDS * 1000
    assert at_once() == 50


def test_no_member_gets_more_messages_than_wecom_delivers(clock: Clock) -> None:
    governor, other_app = Governor("ww1", "main", clock=clock), Governor("ww1", "kf", clock=clock)

    def tell(*people: str, by: Governor = governor) -> float:
        return call(by, "message/send", people=people)

    assert let_through(31, lambda: tell("lin", "zhou")) == 30
    assert tell("LIN") > 0
    assert tell("ma") == 0
    assert tell("ma", "lin") > 0
    assert tell("lin", by=other_app) == 0
    clock.now += 67
    assert tell("lin") == 0


def test_tickets_are_counted_per_application(clock: Clock) -> None:
    one, two = Governor("ww1", "main", clock=clock), Governor("ww1", "kf", clock=clock)
    assert let_through(101, lambda: call(one, "get_jsapi_ticket")) == 100
    assert call(two, "get_jsapi_ticket") == 0


def test_what_never_left_is_not_counted(clock: Clock, settings: Settings) -> None:
    settings.WECOM_LIMITS = {API: {"minute": 1}}
    governor = Governor("ww1", clock=clock)
    with pytest.raises(Unreachable), governor.admit(API):
        raise Unreachable(None, "no connection", api=API)
    assert call(governor) == 0
    assert call(governor) > 0


def test_without_redis_a_process_takes_a_tenth(clock: Clock, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    settings.WECOM_LIMITS = {API: {"minute": 50, "in_flight": 20}}
    governor = Governor("ww1")
    assert let_through(10, lambda: call(governor)) == 5
    with ExitStack() as inside:
        inside.enter_context(governor.admit("externalcontact/mark_tag"))
        assert call(governor, "externalcontact/mark_tag") > 0
    assert call(governor, "externalcontact/mark_tag") == 0
    assert refuse_user(governor) == 60
    assert call(governor, "user/get") > 50


def refuse_user(governor: Governor) -> float | None:
    return governor.refused("user/get", 45009)


def test_the_client_asks_before_it_calls(unwell: Unwell, settings: Settings) -> None:
    settings.WECOM_LIMITS = {"list": {"minute": 2}}
    settings.WECOM_PATIENCE_SECONDS = 0
    unwell.answers["list"] = lambda it: it.say(ok=1)
    client = Client(corp_id="ww1", secret="secret", name="main")
    client.read("list")
    client.write("list", {})
    for _ in range(2):
        with pytest.raises(LimitReached) as caught:
            client.read("list")
        assert caught.value.again_in is not None
        assert 50 < caught.value.again_in < 90
    assert unwell.count("list") == 2


def test_the_client_names_whom_a_message_reaches(unwell: Unwell, settings: Settings) -> None:
    settings.WECOM_LIMITS = {"message/send": {"person_minute": 1}}
    settings.WECOM_PATIENCE_SECONDS = 0
    unwell.answers["message/send"] = lambda it: it.say(msgid="1")
    client = Client(corp_id="ww1", secret="secret", name="main")
    client.write("message/send", {"touser": "lin|zhou"})
    client.write("message/send", {"touser": "ma"})
    with pytest.raises(LimitReached):
        client.write("message/send", {"touser": "Zhou"})


def test_a_block_that_wecom_ordered_is_kept_by_every_client(unwell: Unwell) -> None:
    unwell.answers["list"] = lambda it: it.say(errcode=45009, errmsg="api freq out of limit")
    for _ in range(3):
        with pytest.raises(LimitReached) as caught:
            Client(corp_id="ww1", secret="secret", name="main").read("list")
        assert caught.value.again_in is not None
        assert caught.value.again_in > 50
    assert unwell.count("list") == 1


def test_what_is_used_can_be_seen(unwell: Unwell, settings: Settings) -> None:
    settings.WECOM_LIMITS = {"list": {"minute": 10, "in_flight": 4}}
    unwell.answers |= {
        "list": lambda it: it.say(ok=1),
        "add": lambda it: it.say(errcode=60020, errmsg="not allow to access from your ip"),
    }
    client = Client(corp_id="ww1", secret="secret", name="main")
    for _ in range(3):
        client.read("list")
    with pytest.raises(Exception, match="60020"):
        client.write("add", {})
    found = {one.api: one for one in usage("ww1")}
    assert set(found) == {"gettoken", "list", "add"}
    assert (found["list"].minute, found["list"].hour) == (3, 3)
    assert (found["list"].minute_limit, found["list"].in_flight_limit) == (10, 4)
    assert found["list"].in_flight == 0
    assert found["list"].blocked_for == 0
    seen = pulse("ww1", "main")
    assert (seen.called_api, seen.failed_api, seen.failed_code) == ("add", "add", 60020)
    assert "可信IP" in seen.advice
    assert seen.token_ends_at is not None
    assert seen.called_at is not None


@pytest.mark.parametrize("nonsense", [{"*": {"minutes": 3}}, {"user/get": {"once": 1}}])
def test_limits_that_do_not_exist_are_refused(settings: Settings, nonsense: dict[str, Any]) -> None:
    settings.WECOM_LIMITS = nonsense
    with pytest.raises(ImproperlyConfigured, match="WECOM_LIMITS"):
        Client(corp_id="ww1", secret="secret", name="main")


def test_settings_win_over_the_documents(settings: Settings) -> None:
    settings.WECOM_LIMITS = {"*": {"minute": 5}, "gettoken": {"minute": 7}}
    assert limits_of("gettoken").minute == 7
    assert limits_of("gettoken").hour == 600
    assert limits_of("user/get").minute == 5
    settings.WECOM_LIMITS = {}
    assert limits_of("user/get").minute == 10_000
    assert limits_of("externalcontact/mark_tag").in_flight == 5
