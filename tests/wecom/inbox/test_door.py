"""The callback door: what is genuine is durable when answered, everything else leaves no row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from tests.wecom.inbox.post import (
    AES_KEY,
    CORP,
    a_door,
    a_post,
    an_event,
    caller,
    encrypt,
    envelope_of,
    send,
    sign,
    signed_post,
)
from wecom.inbox.door import CallbackDoor
from wecom.inbox.envelope import Envelope
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

ADDED = an_event(
    "change_external_contact",
    "add_external_contact",
    UserID="LinXiao",
    ExternalUserID="wmAbCdEfGhIjKlMnOpQrStUvWxYz0123",
    WelcomeCode="WC1",
)


@pytest_asyncio.fixture
async def door(transactional_db: None) -> AsyncIterator[CallbackDoor]:
    opened = a_door()
    yield opened
    await opened.close()


@sync_to_async
def stored() -> list[InboxMessage]:
    return list(InboxMessage.objects.order_by("pk"))


async def test_a_genuine_callback_is_stored_before_it_is_answered(door: CallbackDoor) -> None:
    answer = await send(door, a_post(ADDED))
    rows = await stored()
    assert (answer.status_code, answer.content) == (200, b"")
    assert [(row.app, row.body, row.state, row.repeats) for row in rows] == [
        ("main", ADDED, "waiting", 0)
    ]


async def test_the_second_application_has_its_own_address_and_rows(door: CallbackDoor) -> None:
    await send(door, a_post(ADDED))
    await send(door, a_post(ADDED), "/wecom/callback/service/")
    assert [row.app for row in await stored()] == ["main", "service"]


async def test_the_same_event_told_four_times_is_stored_once(door: CallbackDoor) -> None:
    for _ in range(4):
        assert (await send(door, a_post(ADDED))).status_code == 200
    rows = await stored()
    assert [(row.repeats, row.state) for row in rows] == [(3, "waiting")]


async def test_repeats_in_one_moment_share_a_row_and_are_counted(door: CallbackDoor) -> None:
    posts = [a_post(ADDED) for _ in range(12)] + [a_post(an_event("enter_agent"))]
    answers = await asyncio.gather(*(send(door, post) for post in posts))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(row.repeats for row in await stored()) == [0, 11]


async def test_a_repeat_of_a_read_row_asks_for_another_look(door: CallbackDoor) -> None:
    await send(door, a_post(ADDED))
    await InboxMessage.objects.aupdate(state="done")
    await send(door, a_post(ADDED))
    (row,) = await stored()
    assert (row.state, row.repeats, row.last_repeat_at is not None) == ("again", 1, True)


async def test_the_address_is_verified_by_its_bare_text(door: CallbackDoor) -> None:
    echo = encrypt(b"1616140317555161061")
    now = str(int(time.time()))
    params = {
        "msg_signature": sign(echo, timestamp=now, nonce="n"),
        "timestamp": now,
        "nonce": "n",
        "echostr": echo,
    }
    async with caller(door) as client:
        answer = await client.get("/wecom/callback/", params=params)
        forged = await client.get("/wecom/callback/", params={**params, "nonce": "m"})
    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")
    assert forged.status_code == 403


async def test_tencents_published_sample_opens() -> None:
    door = CallbackDoor(
        {"main": Envelope(token="QDG6eK", aes_key=AES_KEY, receive_id="wx5823bf96d3bd56c7")},
        corp_id="wx5823bf96d3bd56c7",
        first="main",
        clock=lambda: 1409659813.0,
    )
    encrypted = (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdC"
        "Upj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4X"
        "gpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+K"
        "qCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XX"
        "ZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHB"
        "ZZIs2pDBS8R07+qN+E7Q=="
    )
    post = signed_post(encrypted, timestamp="1409659813", nonce="1372623149")
    assert post.params["msg_signature"] == "477715d11cdb4164915debcba66cb864d751f3e6"
    assert (await send(door, post)).status_code == 200
    await door.close()
    (row,) = await stored()
    assert row.body.startswith("<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]>")
    assert "<![CDATA[hello]]>" in row.body


async def test_the_sample_of_wechatpys_own_tests_opens() -> None:
    corp = "wx49f0ab532d5d035a"
    envelope = Envelope(
        token="123456",
        aes_key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        receive_id=corp,
    )
    door = CallbackDoor({"main": envelope}, corp_id=corp, first="main", clock=lambda: 1411525903.0)
    encrypted = (
        "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBq"
        "GsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFh"
        "HZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX0"
        "5UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3"
        "WeK2XeFYFMNMpatF9XiKzHo3"
    )
    post = signed_post(encrypted, timestamp="1411525903", nonce="461056294", token="123456")
    assert post.params["msg_signature"] == "407518b7649e86ef23978113f92d27afa9296533"
    assert (await send(door, post)).status_code == 200
    await door.close()
    assert "<![CDATA[messense]]>" in (await stored())[0].body


async def test_a_full_queue_says_so_at_once() -> None:
    door = a_door(queue=0)
    assert (await send(door, a_post(ADDED))).status_code == 503
    await door.close()
    assert await stored() == []


async def test_the_outer_corp_name_is_not_believed(door: CallbackDoor) -> None:
    post = a_post(ADDED)
    encrypted = encrypt(ADDED.encode(), receive_id="wwffffffffffffffff")
    now = post.params["timestamp"]
    lying = signed_post(encrypted, timestamp=now)
    assert envelope_of(encrypted, CORP) == lying.body
    assert (await send(door, lying)).status_code == 403
    assert await stored() == []
