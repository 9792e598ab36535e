"""The callback door among real processes: killed, flooded, told twice, its database away."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import httpx
import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from pytest_django import Settings

from kit.actor import Actor
from kit.events import DomainEvent
from tests.faults.web import Web, a_web_process
from tests.servers import TestServers
from tests.wecom.inbox.post import Post, a_door, a_post, an_event, send
from wecom.inbox.actions import read_waiting
from wecom.inbox.door import CallbackDoor
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor.system("test")
_AT_ONCE = 100
# So often WeCom tells once more what was answered late, busy or not at all.
_TOLD_AGAIN = 3
IS_FULL = os.environ.get("FAULT_TRIALS") == "full"
EVENTS = 1_000 if IS_FULL else 150


def number(n: int) -> str:
    """The n-th event."""
    return an_event("change_external_chat", "update", ChatId=f"wr{n}", UpdateDetail="add_member")


def bodies() -> Counter[str]:
    return Counter(InboxMessage.objects.values_list("body", flat=True))


async def test_what_was_answered_before_a_kill_is_there_after_it(servers: TestServers) -> None:
    answered: list[str] = []

    async def sender(client: httpx.AsyncClient, web: Web, numbers: Iterator[int]) -> None:
        for n in numbers:
            post = a_post(number(n))
            try:
                answer = await client.post(web.url, params=dict(post.params), content=post.body)
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                answered.append(number(n))
            if len(answered) == 200:
                os.kill(web.process.pid, signal.SIGKILL)

    with a_web_process(servers) as web:
        numbers = iter(range(5000))
        limits = httpx.Limits(max_connections=32)
        async with httpx.AsyncClient(limits=limits, timeout=10) as client:
            await asyncio.gather(*(sender(client, web, numbers) for _ in range(32)))
    stored = await sync_to_async(bodies)()
    assert len(answered) >= 200
    assert set(answered) <= set(stored)
    assert set(stored.values()) == {1}


async def test_events_told_one_to_eight_times_by_sixteen_senders_are_a_row_each(
    servers: TestServers,
) -> None:
    dice = random.Random(3)  # noqa: S311 - the same order in every run
    told = [n for n in range(EVENTS) for _ in range(dice.randint(1, 8))]
    dice.shuffle(told)
    total = len(told)
    again: Counter[int] = Counter()

    async def sender(client: httpx.AsyncClient, web: Web) -> None:
        while told:
            n = told.pop()
            if not await _is_heard(client, web, n):
                # It may be stored all the same: WeCom would tell it again, and so do we.
                again[n] += 1
                told.append(n)
                assert again[n] <= _TOLD_AGAIN

    with a_web_process(servers) as web:
        limits = httpx.Limits(max_connections=16)
        async with httpx.AsyncClient(limits=limits, timeout=10) as client:
            await asyncio.gather(*(sender(client, web) for _ in range(16)))
    rows = await sync_to_async(
        lambda: list(InboxMessage.objects.values_list("repeats", flat=True))
    )()
    assert len(rows) == EVENTS
    assert total - EVENTS <= sum(rows) <= total - EVENTS + again.total()


async def _is_heard(client: httpx.AsyncClient, web: Web, n: int) -> bool:
    """Whether the n-th event was answered as stored; a busy door asks for it again."""
    post = a_post(number(n))
    try:
        answer = await client.post(web.url, params=dict(post.params), content=post.body)
    except httpx.TransportError:
        return False
    assert answer.status_code in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)
    return answer.status_code == HTTPStatus.OK


async def test_beyond_its_queue_the_door_says_busy_at_once_and_loses_nothing(
    servers: TestServers,
) -> None:
    door = a_door(queue=20)
    with psycopg.connect(servers.owner_url) as other:
        other.execute("LOCK TABLE wecom_inboxmessage IN EXCLUSIVE MODE")
        # One batch of each writer is under way, then the queue fills.
        posts = [asyncio.create_task(send(door, a_post(number(n)))) for n in range(200)]
        busy, _ = await asyncio.wait(posts, timeout=2)
        assert {task.result().status_code for task in busy} == {503}
        other.rollback()
    answers = Counter([(await task).status_code for task in posts])
    await door.close()
    stored = await sync_to_async(InboxMessage.objects.count)()
    assert answers[200] + answers[503] == 200
    assert stored == answers[200] > 0
    assert answers[503] >= 100


async def test_without_a_database_the_door_says_busy_and_recovers(
    settings: Settings, servers: TestServers
) -> None:
    door = a_door()
    known = dict(connection.settings_dict)
    try:
        connection.settings_dict.update({"HOST": "127.0.0.1", "PORT": "9"})
        answer = await send(door, a_post(number(1)))
        assert answer.status_code == 503
        await door.close()
    finally:
        connection.settings_dict.update(known)
    assert await _tell(door, a_post(number(1))) == 200
    await door.close()
    assert await sync_to_async(InboxMessage.objects.count)() == 1


async def test_a_restarted_database_is_found_again(servers: TestServers) -> None:
    door = a_door()
    assert await _tell(door, a_post(number(1))) == 200
    with psycopg.connect(servers.owner_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND query LIKE '%INSERT INTO wecom_inboxmessage%'"
        )
    assert (await send(door, a_post(number(2)))).status_code == 200
    await door.close()
    assert await sync_to_async(InboxMessage.objects.count)() == 2


async def test_the_door_works_as_the_role_it_was_given_or_not_at_all(
    servers: TestServers,
) -> None:
    door = a_door()
    known = dict(connection.settings_dict)
    try:
        options = {**known["OPTIONS"], "options": "-c role=nobody_of_this_name"}
        connection.settings_dict.update({"OPTIONS": options})
        assert (await send(door, a_post(number(1)))).status_code == 503
    finally:
        connection.settings_dict.update(known)
        await door.close()
    assert await sync_to_async(InboxMessage.objects.count)() == 0


def test_captured_callbacks_told_again_later_have_no_second_effect() -> None:
    door = a_door(clock=lambda: CLOCK.now)
    captured = 1_000 if IS_FULL else 12
    posts = [a_post(an_event("enter_agent", EventKey=str(number))) for number in range(captured)]
    sent_at = float(posts[-1].params["timestamp"])
    for later, status in ((0, 200), (1, 200), (240, 200), (360, 403), (86_400, 403)):
        CLOCK.now = sent_at + later
        assert _statuses(door, posts) == {status}
        while read_waiting(by=BY):
            pass
    assert DomainEvent.objects.count() == captured


@dataclass
class _Clock:
    now: float = 0.0


CLOCK = _Clock()


def _statuses(door: CallbackDoor, posts: list[Post]) -> set[int]:
    async def go() -> set[int]:
        found: set[int] = set()
        async with asyncio.timeout(60):
            for start in range(0, len(posts), _AT_ONCE):
                told = (_tell(door, post) for post in posts[start : start + _AT_ONCE])
                found |= set(await asyncio.gather(*told))
        await door.close()
        return found

    return asyncio.run(go())


async def _tell(door: CallbackDoor, post: Post) -> int:
    """The last answer: WeCom tells a busy door three times more."""
    told = HTTPStatus.SERVICE_UNAVAILABLE.value
    for _ in range(1 + _TOLD_AGAIN):
        if told == HTTPStatus.SERVICE_UNAVAILABLE:
            told = (await send(door, post)).status_code
    return told


def test_an_answer_does_not_wait_for_what_is_made_of_the_callback(servers: TestServers) -> None:
    """Nothing can be handled while the events' table is locked; WeCom's five seconds run on."""
    door = a_door()
    posts = [a_post(number(n)) for n in range(10_000 if IS_FULL else 200)]
    with psycopg.connect(servers.owner_url) as other:
        other.execute("LOCK TABLE kit_domainevent, kit_handling IN ACCESS EXCLUSIVE MODE")
        for start in range(0, len(posts), 1_000):
            assert _statuses(door, posts[start : start + 1_000]) == {200}
        other.rollback()
    assert InboxMessage.objects.count() == len(posts)
