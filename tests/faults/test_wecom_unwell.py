"""F-10: every way in which an answer can fail to come, or be another than promised.

Each is told apart as definite or unknown, is called once, and lets the worker go in time.
`FAULT_TRIALS=full` makes 50 rounds of each.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.wecom.gateway.unwell import Exchange, Unwell, an_unwell_wecom, never
from wecom.gateway import transport
from wecom.gateway.client import Client
from wecom.gateway.errors import Misdirected, PerhapsDone, Retry, Silent, Unreachable, WecomError

ROUNDS = 50 if os.environ.get("FAULT_TRIALS") == "full" else 2
_SHORT = 0.2
_OK = b'{"errcode":0,"errmsg":"ok","msgid":"m1"}'


def status(number: int, body: bytes = b"<html>") -> Callable[[Exchange], None]:
    return lambda it: it.send(number, body)


def text(body: bytes) -> Callable[[Exchange], None]:
    return lambda it: it.send(200, body)


def head(*lines: str, then: bytes = b"") -> Callable[[Exchange], None]:
    """An answer whose head is ours to spoil."""

    def answer(it: Exchange) -> None:
        it.raw("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + then)
        it.hang_up()

    return answer


def drip(it: Exchange) -> None:
    """A letter now and then: never silent, never done."""
    it.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while not it.over.wait(0.02):
        it.raw(b" ")


def flood(it: Exchange) -> None:
    """More than anybody asked for."""
    it.raw(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(40):
        it.raw(b" " * 1_000_000)
    it.hang_up()


# Small on the way, large when opened.
_BOMB = zlib.compress(b" " * 40_000_000)


FAULTS: dict[str, tuple[Callable[[Exchange], None], type[WecomError]]] = {
    "system busy": (lambda it: it.say(errcode=-1, errmsg="system error"), PerhapsDone),
    "500": (status(500), Silent),
    "502": (status(502), Silent),
    "503": (status(503), Silent),
    "504": (status(504, b""), Silent),
    "silence": (never, Silent),
    "hangs up": (lambda it: it.hang_up(), Silent),
    "resets": (lambda it: it.reset(), Silent),
    "half an answer": (head("content-length: 40", then=_OK[:20]), Silent),
    "half a JSON": (text(_OK[:20]), Silent),
    "nothing": (text(b""), Silent),
    "HTML": (text("<html>请登录网络</html>".encode()), Silent),
    "no text": (text(b"\xff\xfe\x00\x81"), Silent),
    "a list": (text(b"[]"), Silent),
    "a code in words": (text(b'{"errcode":"busy"}'), Silent),
    "a code of nothing": (text(b'{"errcode":null}'), Silent),
    "a code without end": (text(b'{"errcode":' + b"9" * 400 + b"}"), Silent),
    "too deep": (text(b'{"a":' + b"[" * 100_000), Silent),
    "drips": (drip, Silent),
    "floods": (flood, Silent),
    "a bomb": (
        head("content-encoding: deflate", f"content-length: {len(_BOMB)}", then=_BOMB),
        Silent,
    ),
    "broken packing": (
        head("content-encoding: gzip", "content-length: 5", then=b"12345"),
        Silent,
    ),
    "not found": (status(404), Misdirected),
    "a login page's 407": (status(407), Misdirected),
}
_SLOW = {"silence", "drips"}


def a_client(unwell: Unwell, settings: Settings) -> Client:
    settings.WECOM_API_BASE_URL = unwell.url
    # The breaker has tests of its own; here every call has to go out.
    settings.WECOM_BREAKER_AFTER = 1_000_000
    return Client(corp_id="ww1", secret="secret", name="main")


def let_go_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUTS", (5.0, _SHORT))
    monkeypatch.setattr(transport, "LONGEST", _SHORT)


@pytest.mark.parametrize("name", FAULTS)
def test_a_write_is_made_once_and_its_end_is_known_or_known_to_be_unknown(
    name: str, settings: Settings, no_tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, expected = FAULTS[name]
    with an_unwell_wecom() as unwell:
        client = a_client(unwell, settings)
        unwell.answers |= {"add": answer, "list": lambda it: it.say(ok=1)}
        client.read("list")
        if name in _SLOW:
            let_go_soon(monkeypatch)
        for attempt in range(ROUNDS):
            with pytest.raises(WecomError) as caught:
                client.write("add", {})
            assert type(caught.value) is expected, caught.value
            wanted = Retry.LATER if expected is Misdirected else Retry.ASK
            assert caught.value.retry is wanted
            assert unwell.count("add") == attempt + 1


@pytest.mark.parametrize("number", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["read", "write"])
def test_nobody_follows_elsewhere_with_a_token(
    number: int, method: str, settings: Settings, no_tokens: None
) -> None:
    with an_unwell_wecom() as elsewhere, an_unwell_wecom() as unwell:
        client = a_client(unwell, settings)
        unwell.answers["add"] = lambda it: it.raw(
            f"HTTP/1.1 {number} Go\r\nlocation: {elsewhere.url}add\r\n"
            "content-length: 0\r\n\r\n".encode()
        )
        elsewhere.answers["add"] = lambda it: it.say(msgid="m1")
        with pytest.raises(Misdirected):
            client.read("add") if method == "read" else client.write("add", {})
        assert elsewhere.heard == []


def test_nobody_there_means_nothing_was_asked(settings: Settings, no_tokens: None) -> None:
    with an_unwell_wecom() as unwell:
        client = a_client(unwell, settings)
        unwell.answers["list"] = lambda it: it.say(ok=1)
        client.read("list")
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9/cgi-bin/"
    for _ in range(ROUNDS):
        with pytest.raises(Unreachable) as caught:
            client.write("add", {})
        assert caught.value.retry is Retry.SOON


@pytest.mark.parametrize(
    "fields", [{}, {"access_token": None}, {"access_token": ["t"]}, {"access_token": ""}]
)
def test_a_token_that_is_none_is_not_used(
    fields: dict[str, object], settings: Settings, no_tokens: None
) -> None:
    with an_unwell_wecom() as unwell:
        unwell.answers["gettoken"] = lambda it: it.say(expires_in=7200, **fields)
        # What was to be written was never asked for: it may be tried again as it is.
        with pytest.raises(Unreachable):
            a_client(unwell, settings).write("add", {})
        assert unwell.count("add") == 0


def test_a_worker_is_let_go_in_time(
    settings: Settings, no_tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_unwell_wecom() as unwell:
        client = a_client(unwell, settings)
        unwell.answers |= {"add": drip, "list": lambda it: it.say(ok=1)}
        client.read("list")
        let_go_soon(monkeypatch)
        begun = time.monotonic()
        with pytest.raises(Silent):
            client.write("add", {})
        # A million letters, one every 20 ms, are five hours.
        assert time.monotonic() - begun < 30


def test_whoever_repeats_everything_does_it_more_than_once(
    settings: Settings, no_tokens: None
) -> None:
    """The control run: what the outbox would do if every failure meant "try again"."""
    done = []

    def works_and_fails(it: Exchange) -> None:
        done.append(it.number)
        it.send(502, b"")

    with an_unwell_wecom() as unwell:
        client = a_client(unwell, settings)
        unwell.answers["add"] = works_and_fails
        for _ in range(3):
            with pytest.raises(WecomError):
                client.write("add", {})
    assert len(done) == 3
