"""Several applications at one door: address, token, key and format of each are its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from pytest_django import Settings

from tests.servers import TestServers
from tests.wecom.inbox.post import (
    AES_KEY,
    CORP,
    TOKEN,
    Post,
    a_door,
    a_json_envelope,
    a_post,
    an_event,
    caller,
    encrypt,
    send,
    sign,
    signed_post,
)
from wecom.inbox.door import CallbackDoor
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_TOKEN = "0therT0ken"
OTHER_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
ROBOT_TOKEN = "r0b0t"
ROBOT_KEY = "cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP"
JOINED = an_event("change_external_chat", "update", ChatId="wr1")
ASKED = json.dumps(
    {"msgid": "m1", "aibotid": "b1", "from": {"userid": "LinXiao"}, "msgtype": "text"}
)


@pytest_asyncio.fixture
async def door(settings: Settings, transactional_db: None) -> AsyncIterator[CallbackDoor]:
    settings.WECOM_CORP_ID = CORP
    settings.WECOM_APPS = {
        "main": {"callback_token": TOKEN, "callback_aes_key": AES_KEY},
        "service": {"callback_token": OTHER_TOKEN, "callback_aes_key": OTHER_KEY},
        "robot": {
            "callback_token": ROBOT_TOKEN,
            "callback_aes_key": ROBOT_KEY,
            "callback_format": "json",
        },
        "mute": {"agent_id": 7},
    }
    opened = CallbackDoor.from_settings()
    yield opened
    await opened.close()


def now() -> str:
    return str(int(time.time()))


def of_the_service(text: str) -> Post:
    """A callback as the second application gets it."""
    return signed_post(
        encrypt(text.encode(), aes_key=OTHER_KEY), timestamp=now(), token=OTHER_TOKEN
    )


def of_the_robot(text: str, *, receive_id: str = "") -> Post:
    """A callback as a smart robot gets it."""
    encrypted = encrypt(text.encode(), receive_id=receive_id, aes_key=ROBOT_KEY)
    params = signed_post(encrypted, timestamp=now(), token=ROBOT_TOKEN).params
    return Post(params, a_json_envelope(encrypted))


@sync_to_async
def stored() -> list[tuple[str, str]]:
    return list(InboxMessage.objects.order_by("pk").values_list("app", "body"))


async def test_each_is_heard_at_its_address_with_its_key(door: CallbackDoor) -> None:
    assert (await send(door, a_post(JOINED))).status_code == 200
    service = await send(door, of_the_service(JOINED), "/wecom/callback/service/")
    robot = await send(door, of_the_robot(ASKED), "/wecom/callback/robot/")
    assert (service.status_code, robot.status_code) == (200, 200)
    assert await stored() == [("main", JOINED), ("service", JOINED), ("robot", ASKED)]


@pytest.mark.parametrize(
    ("build", "app", "status"),
    [
        (lambda: of_the_service(JOINED), "main", 403),
        (lambda: a_post(JOINED), "service", 403),
        (lambda: a_post(JOINED), "mute", 404),
        (lambda: a_post(JOINED), "robot", 400),
        (lambda: of_the_robot(ASKED), "main", 400),
        (lambda: of_the_robot(ASKED, receive_id=CORP), "robot", 403),
        (lambda: of_the_robot("[1]"), "robot", 400),
        (lambda: of_the_robot('{"a":'), "robot", 400),
        (lambda: of_the_robot('{"a":' + "[" * 20_000 + "]" * 20_000 + "}"), "robot", 400),
        (lambda: of_the_robot("<xml/>"), "robot", 400),
    ],
)
async def test_one_key_opens_no_other_door(
    door: CallbackDoor, build: Callable[[], Post], app: str, status: int
) -> None:
    answer = await send(door, build(), f"/wecom/callback/{app}/")
    assert (answer.status_code, await stored()) == (status, [])


async def test_a_robots_body_may_be_spelled_as_php_does(door: CallbackDoor) -> None:
    post = of_the_robot(ASKED)
    spelled = Post(post.params, post.body.replace(b"/", b"\\/"))
    twice = Post(post.params, post.body.replace(b"{", b'{"encrypt": "AAAA", ', 1))
    assert (await send(door, spelled, "/wecom/callback/robot/")).status_code == 200
    assert (await send(door, twice, "/wecom/callback/robot/")).status_code == 400


async def test_a_robots_address_is_verified(door: CallbackDoor) -> None:
    echo, at = encrypt(b"5927782489442352469", receive_id="", aes_key=ROBOT_KEY), now()
    signature = sign(echo, timestamp=at, nonce="n", token=ROBOT_TOKEN)
    asked = {"msg_signature": signature, "timestamp": at, "nonce": "n", "echostr": echo}
    async with caller(door) as client:
        answer = await client.get("/wecom/callback/robot/", params=asked)
    assert (answer.status_code, answer.text) == (200, "5927782489442352469")


async def test_an_address_is_verified_while_the_table_is_locked(servers: TestServers) -> None:
    """WeCom waits one second for it, and callbacks pile up behind a lock for longer."""
    door = a_door()
    echo, at = encrypt(b"1616140317555161061"), now()
    asked = {
        "msg_signature": sign(echo, timestamp=at, nonce="n"),
        "timestamp": at,
        "nonce": "n",
        "echostr": echo,
    }
    with psycopg.connect(servers.owner_url) as other:
        other.execute("LOCK TABLE wecom_inboxmessage IN EXCLUSIVE MODE")
        texts = [an_event("enter_agent", EventKey=str(n)) for n in range(50)]
        waiting = [asyncio.create_task(send(door, a_post(text))) for text in texts]
        async with caller(door) as client:
            answer = await client.get("/wecom/callback/", params=asked)
        assert (answer.status_code, answer.text) == (200, "1616140317555161061")
        # It did not wait for them: they are still unanswered.
        assert not any(task.done() for task in waiting)
        other.rollback()
    assert {(await task).status_code for task in waiting} == {200}
    await door.close()
