"""F-43: XML that is deep, wide, endless or refers to itself costs the door next to nothing.

Each of the kinds costs less than 50 ms of CPU and 20 MB, from the request to the news that a
reader makes of it. `FAULT_TRIALS=full` sends each twenty times instead of twice.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from xml.parsers.expat import ExpatError

import pytest
from asgiref.sync import sync_to_async

from tests.wecom.inbox.post import Post, a_door, a_post, send
from wecom.inbox.events import Unreadable, read
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 20 if os.environ.get("FAULT_TRIALS") == "full" else 2
CPU_SECONDS, MEGABYTES = 0.050, 20
HEAD = "<xml><MsgType>event</MsgType><Event>enter_agent</Event>"


def laughs(name: str, fold: int) -> str:
    """Entities of entities, each ten times the one before."""
    rows = [f'<!ENTITY {name}0 "ha">']
    rows += [f'<!ENTITY {name}{n} "{f"&{name}{n - 1};" * 10}">' for n in range(1, fold)]
    return f"<!DOCTYPE xml [{''.join(rows)}]><xml><MsgType>&{name}{fold - 1};</MsgType></xml>"


def outside(body: str) -> Post:
    """A body that is signed for something else."""
    return Post(a_post(HEAD).params, body.encode())


BOMBS: dict[str, Callable[[], Post]] = {
    "laughs outside": lambda: outside(laughs("a", 9)),
    "laughs inside": lambda: a_post(laughs("b", 9)),
    "one long entity many times": lambda: a_post(
        f"<!DOCTYPE xml [<!ENTITY c '{'c' * 20_000}'>]>"
        f"<xml><MsgType>{'&c;' * 6_000}</MsgType></xml>"
    ),
    "an entity outside the text": lambda: a_post(
        '<!DOCTYPE xml [<!ENTITY d SYSTEM "file:///dev/zero">]><xml><MsgType>&d;</MsgType></xml>'
    ),
    "entities of parameters": lambda: a_post(
        '<!DOCTYPE xml [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]><xml/>'
    ),
    "deep": lambda: a_post(f"{HEAD}{'<a>' * 6_000}{'</a>' * 6_000}</xml>"),
    "wide": lambda: a_post(f"{HEAD}{'<a/>' * 11_000}</xml>"),
    "many attributes": lambda: a_post(
        "<xml " + " ".join(f"a{n}='1'" for n in range(4_000)) + "><MsgType>event</MsgType></xml>"
    ),
    "one long text": lambda: a_post(f"{HEAD}<EventKey>{'x' * 45_000}</EventKey></xml>"),
    "many sections": lambda: a_post(f"{HEAD}<EventKey>{'<![CDATA[x]]>' * 3_500}</EventKey></xml>"),
    "another encoding": lambda: a_post(
        f'<?xml version="1.0" encoding="UTF-16"?>{HEAD}</xml>'.encode("utf-16")
    ),
    "five megabytes": lambda: a_post(f"{HEAD}{'<a/>' * 1_300_000}</xml>"),
    "five megabytes outside": lambda: outside(f"<xml>{'<Encrypt>' * 600_000}</xml>"),
}


def news_of_all() -> None:
    """What a reader makes of what was let in."""
    for body in InboxMessage.objects.values_list("body", flat=True):
        try:
            read(body)
        except (Unreadable, ExpatError, ValueError):
            continue


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_costs_next_to_nothing(name: str) -> None:
    door, post = a_door(), BOMBS[name]()
    await send(door, a_post(HEAD + "<EventKey>warm</EventKey></xml>"))
    spent: list[float] = []
    for _ in range(TIMES):
        began = time.thread_time()
        answer = await send(door, post)
        spent.append(time.thread_time() - began)
        assert answer.status_code in {200, 400, 403, 413}
    await door.close()
    began = time.thread_time()
    await sync_to_async(news_of_all)()
    assert min(spent) + time.thread_time() - began < CPU_SECONDS


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_takes_no_room(name: str) -> None:
    door, post = a_door(), BOMBS[name]()
    await send(door, a_post(HEAD + "<EventKey>warm</EventKey></xml>"))
    tracemalloc.start()
    try:
        await send(door, post)
        await sync_to_async(news_of_all)()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await door.close()
    assert peak < MEGABYTES * 2**20
