"""The callback door: a raw ASGI application in front of Django. It believes, stores, answers.

Nothing is interpreted here. Any doubt is a 4xx and leaves no row; no room or no database is a
quick 503, after which WeCom tells the same once more (up to three times, 5 seconds each).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self
from urllib.parse import unquote_plus
from weakref import WeakKeyDictionary

import psycopg
import structlog
from django.conf import settings

from wecom.inbox.bell import ReaderBell
from wecom.inbox.envelope import MAX_BYTES, Envelope, Refused, Signed
from wecom.inbox.ledger import Full, InboxLedger

log = structlog.get_logger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX: Final = "/wecom/callback/"
_PARAMETERS: Final = 16
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door says: a status and a short body."""

    status: int
    body: bytes = b""


_STORED = Answer(200)
_BUSY = Answer(503, b"busy")


class CallbackDoor:
    """`/wecom/callback/` for the first application, `/wecom/callback/<app>/` for each by name."""

    def __init__(
        self,
        envelopes: Mapping[str, Envelope],
        *,
        corp_id: str,
        first: str,
        clock: Callable[[], float] = time.time,
        queue: int = 2000,
    ) -> None:
        self._envelopes = dict(envelopes)
        self._corp_id = corp_id
        self._first = first
        self._clock = clock
        self._queue = queue
        # One ledger per event loop: connections cannot be shared between loops.
        self._ledgers: WeakKeyDictionary[asyncio.AbstractEventLoop, InboxLedger] = (
            WeakKeyDictionary()
        )

    @classmethod
    def from_settings(cls) -> Self:
        """Every application of WECOM_APPS that has a callback token and key."""
        apps: Mapping[str, Mapping[str, Any]] = settings.WECOM_APPS
        envelopes = {
            name: _envelope(app)
            for name, app in apps.items()
            if app.get("callback_token") and app.get("callback_aes_key") and settings.WECOM_CORP_ID
        }
        return cls(envelopes, corp_id=settings.WECOM_CORP_ID, first=next(iter(apps), "main"))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request under PREFIX."""
        try:
            answer = await self._answer(scope, receive)
        except Refused as refusal:
            log.warning("callback_refused", reason=refusal.reason, path=scope["path"][:80])
            answer = Answer(refusal.status, b"refused")
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [_PLAIN, (b"content-length", str(len(answer.body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def close(self) -> None:
        """Finish the commits of the running loop and close its connections."""
        ledger = self._ledgers.pop(asyncio.get_running_loop(), None)
        if ledger is not None:
            await ledger.close()

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        path: str = scope["path"]
        name = path.removeprefix(PREFIX).removesuffix("/") or self._first
        envelope = self._envelopes.get(name)
        if envelope is None or not path.startswith(PREFIX):
            raise Refused("no such application", 404)
        query = _query(scope.get("query_string", b""))
        try:
            signed = Signed(query["msg_signature"], query["timestamp"], query["nonce"])
        except KeyError as error:
            raise Refused("signing parameters are missing") from error
        if scope["method"] == "POST":
            return await self._take(name, envelope, signed, await _body(scope, receive))
        if scope["method"] == "GET" and "echostr" in query:
            # WeCom asks whether the address is ours; the bare text is the answer (document 90930).
            return Answer(200, envelope.open(signed, query["echostr"], now=self._clock()))
        raise Refused("only GET with echostr and POST", 405)

    async def _take(self, app: str, envelope: Envelope, signed: Signed, body: bytes) -> Answer:
        plain = envelope.open(signed, envelope.encrypted_part(body), now=self._clock())
        text = envelope.text_of(plain)
        digest = sha256(f"{self._corp_id}\n{app}\n".encode() + plain).hexdigest()
        try:
            await self._ledger().store(app, digest, text)
        except (Full, TimeoutError, psycopg.Error) as error:
            log.error("callback_not_stored", app=app, error=type(error).__name__)
            return _BUSY
        return _STORED

    def _ledger(self) -> InboxLedger:
        loop = asyncio.get_running_loop()
        ledger = self._ledgers.get(loop)
        if ledger is None:
            ledger = InboxLedger(ReaderBell(), queue=self._queue)
            self._ledgers[loop] = ledger
        return ledger


def _envelope(app: Mapping[str, Any]) -> Envelope:
    """An application's own token and key. JSON is a smart robot's, whose receive id is empty."""
    is_json = app.get("callback_format") == "json"
    return Envelope(
        token=app["callback_token"],
        aes_key=app["callback_aes_key"],
        receive_id=app.get("callback_receive_id", "" if is_json else settings.WECOM_CORP_ID),
        is_json=is_json,
    )


def _query(raw: bytes) -> dict[str, str]:
    """The parameters, each at most once; a second `timestamp` is a trick, not a parameter."""
    if not raw.isascii() or raw.count(b"&") >= _PARAMETERS:
        raise Refused("the query is not readable")
    found: dict[str, str] = {}
    for pair in raw.decode("ascii").split("&"):
        name, _, value = pair.partition("=")
        if name in found:
            raise Refused("a parameter stands twice")
        found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found


async def _body(scope: Message, receive: Receive) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > MAX_BYTES):
            raise Refused("too large", 413)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("the sender went away")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BYTES:
            raise Refused("too large", 413)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
