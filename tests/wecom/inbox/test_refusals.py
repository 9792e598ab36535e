"""What the door does not believe: a 4xx, no row, and never a server error."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from tests.wecom.inbox.post import (
    Post,
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
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

MUTILATED = 10_000 if os.environ.get("FAULT_TRIALS") == "full" else 1_000
ADDED = an_event("change_external_contact", "add_external_contact", UserID="linxiao")
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;">]><xml><MsgType>event</MsgType><Event>&c;</Event></xml>'
)
OUTSIDE = (
    '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<xml><MsgType>event</MsgType><Event>&x;</Event></xml>"
)


def _now() -> str:
    return str(int(time.time()))


def _changed(post: Post, **params: str) -> Post:
    return Post({**post.params, **params}, post.body)


def _without(post: Post, name: str) -> Post:
    return Post({key: value for key, value in post.params.items() if key != name}, post.body)


def _blocks_cut_out() -> Post:
    sealed = encrypt(ADDED.encode())
    # 64 characters are three whole blocks: what is left decrypts, to nonsense.
    return signed_post(sealed[:64] + sealed[128:], timestamp=_now())


REFUSED: dict[str, tuple[Callable[[], Post], int]] = {
    "wrong token": (lambda: a_post(ADDED, token="another"), 403),
    "wrong signature": (lambda: _changed(a_post(ADDED), msg_signature="0" * 40), 403),
    "signature in Chinese": (lambda: _changed(a_post(ADDED), msg_signature="签名"), 403),
    "wrong receive id": (lambda: a_post(ADDED, receive_id="wwffffffffffffffff"), 403),
    "longer receive id": (lambda: a_post(ADDED, receive_id="ww5a7d0e1c2b3f4a68x"), 403),
    "no receive id": (lambda: a_post(ADDED, receive_id=""), 403),
    "stale": (lambda: a_post(ADDED, age=301), 403),
    "from the future": (lambda: a_post(ADDED, age=-302), 403),
    "timestamp is a word": (lambda: _changed(a_post(ADDED), timestamp="yesterday"), 400),
    "timestamp in other digits": (lambda: _changed(a_post(ADDED), timestamp="１７６７"), 400),
    "timestamp is endless": (lambda: _changed(a_post(ADDED), timestamp="9" * 400), 400),
    "no signature": (lambda: _without(a_post(ADDED), "msg_signature"), 400),
    "no nonce": (lambda: _without(a_post(ADDED), "nonce"), 400),
    "truncated": (lambda: Post(a_post(ADDED).params, a_post(ADDED).body[:-40]), 400),
    "truncated inside": (lambda: signed_post(encrypt(ADDED.encode())[:-24], timestamp=_now()), 400),
    "blocks cut out": (_blocks_cut_out, 403),
    "empty body": (lambda: Post(a_post(ADDED).params, b""), 400),
    "not XML": (lambda: Post(a_post(ADDED).params, b"{}"), 400),
    "two Encrypt": (
        lambda: Post(
            a_post(ADDED).params,
            envelope_of(encrypt(b"x")).replace(b"</xml>", b"<Encrypt>AAAA</Encrypt></xml>"),
        ),
        400,
    ),
    "bomb outside": (
        lambda: Post(
            a_post(ADDED).params, b'<!DOCTYPE xml [<!ENTITY a "b">]>' + a_post(ADDED).body
        ),
        400,
    ),
    "bomb inside, rightly signed": (lambda: a_post(BOMB), 400),
    "file entity inside, rightly signed": (lambda: a_post(OUTSIDE), 400),
    "half an XML inside": (lambda: a_post(ADDED[:-10]), 400),
    "bytes that are no text": (lambda: a_post(b"<xml><MsgType>\xff\xfe</MsgType></xml>"), 400),
    "too large": (lambda: a_post(f"<xml><MsgType>{'x' * 66_000}</MsgType></xml>"), 413),
}


@pytest_asyncio.fixture
async def door(transactional_db: None) -> AsyncIterator[CallbackDoor]:
    opened = a_door()
    yield opened
    await opened.close()


@sync_to_async
def rows() -> int:
    return InboxMessage.objects.count()


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_and_leaves_no_row(door: CallbackDoor, name: str) -> None:
    build, status = REFUSED[name]
    answer = await send(door, build())
    assert (answer.status_code, await rows()) == (status, 0)


async def test_an_unknown_application_is_not_there(door: CallbackDoor) -> None:
    for path in ("/wecom/callback/other/", "/wecom/callback/main/x/", "/wecom/main/"):
        assert (await send(door, a_post(ADDED), path)).status_code == 404
    assert await rows() == 0


async def test_a_body_without_end_is_cut_off(door: CallbackDoor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 1024

    async with caller(door) as client:
        answer = await client.post(
            "/wecom/callback/", params=dict(a_post(ADDED).params), content=endless()
        )
    assert answer.status_code == 413


async def test_a_parameter_given_twice_is_refused(door: CallbackDoor) -> None:
    post = a_post(ADDED)
    twice = "&".join(f"{key}={value}" for key, value in post.params.items()) + "&nonce=other"
    async with caller(door) as client:
        answer = await client.post(f"/wecom/callback/?{twice}", content=post.body)
    assert (answer.status_code, await rows()) == (400, 0)


async def test_other_methods_are_refused(door: CallbackDoor) -> None:
    post = a_post(ADDED)
    async with caller(door) as client:
        for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer = await client.request(method, "/wecom/callback/", params=dict(post.params))
            assert answer.status_code == 405
    assert await rows() == 0


async def test_a_document_type_in_a_guides_words_is_only_words(door: CallbackDoor) -> None:
    said = "<xml><MsgType>text</MsgType><Content><![CDATA[<!DOCTYPE html>]]></Content></xml>"
    assert (await send(door, a_post(said))).status_code == 200
    assert await rows() == 1


async def test_mutilated_requests_are_refused_without_a_server_error(
    door: CallbackDoor,
) -> None:
    dice = random.Random(7)  # noqa: S311 - the same damage in every run
    answers: Counter[int] = Counter()
    genuine = a_post(ADDED)
    async with caller(door) as client:
        for _ in range(MUTILATED):
            post = _mutilated(genuine, dice)
            if post == genuine:
                continue
            answer = await client.post(
                "/wecom/callback/", params=dict(post.params), content=post.body
            )
            answers[answer.status_code] += 1
    assert set(answers) <= {400, 403, 413}
    assert await rows() == 0


def _mutilated(post: Post, dice: random.Random) -> Post:
    """One random damage that changes what is signed or encrypted, or how."""
    params, body = dict(post.params), bytearray(post.body)
    start, end = body.index(b"<Encrypt>") + 18, body.index(b"]]></Encrypt>")
    match dice.randrange(7):
        case 0:
            body[dice.randrange(start, end)] ^= 1 << dice.randrange(8)
        case 1:
            del body[dice.randrange(1, len(body)) :]
        case 2:
            name = dice.choice(sorted(params))
            params[name] = params[name][::-1] + "1"
        case 3:
            at = dice.randrange(start, end)
            body[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 30)))
        case 4:
            cut = dice.randrange(start, end - 4)
            del body[cut : cut + dice.randrange(1, 4)]
        case 5:
            params["timestamp"], params["nonce"] = params["nonce"], params["timestamp"]
        case _:
            encrypted = encrypt(ADDED.encode(), receive_id=f"ww{dice.randrange(16**16):016x}")
            body = bytearray(envelope_of(encrypted))
            params["msg_signature"] = sign(
                encrypted, timestamp=params["timestamp"], nonce=params["nonce"]
            )
    return Post(params, bytes(body))
