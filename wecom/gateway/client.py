"""wechatpy with its edges taken off: shared token, time limits, one retry, errors of ours.

The rest of the gateway calls `read`, `write` and `upload`; nothing else knows wechatpy.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final

import requests
import structlog
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from wecom.gateway.errors import (
    TOKEN_CODES,
    Misdirected,
    Retry,
    Silent,
    Unreachable,
    WecomError,
    error_of,
)
from wecom.gateway.tokens import Token, TokenShelf
from wecom.gateway.transport import mount

log = structlog.get_logger(__name__)

# Pauses between the attempts of a read, in seconds; a write is never repeated here.
_PAUSES: Final = (0.2, 0.8)


class _Library(WeChatClient):  # type: ignore[misc, unused-ignore]
    """wechatpy's client without its retry, whose depth has no bound, and with our token."""

    def __init__(self, corp_id: str, secret: str, shelf: TokenShelf) -> None:
        super().__init__(corp_id, secret, auto_retry=False)
        mount(self._http)
        self._shelf = shelf

    @property
    def access_token(self) -> str:
        return self._shelf.token()


class Client:
    """One secret of one corp. Repeats what may be repeated, and classifies everything else."""

    def __init__(self, *, corp_id: str, secret: str, name: str) -> None:
        self.corp_id = corp_id
        self._secret = secret
        self._shelf = TokenShelf(f"{corp_id}:{name}:token", self._fetch_token)
        self._library = _Library(corp_id, secret, self._shelf)
        self._name = name
        self._tickets: dict[str, TokenShelf] = {}

    def read(self, api: str, *, json: Any = None, **params: Any) -> dict[str, Any]:
        """Ask without changing anything: tried up to three times while WeCom is unwell.

        `json` makes it a POST. Raises WecomError.
        """
        for pause in _PAUSES:
            try:
                return self._once(api, json, params)
            except WecomError as error:
                if error.retry not in {Retry.SOON, Retry.ASK}:
                    raise
                log.info("wecom_read_again", api=api, code=error.code)
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads callers
        return self._once(api, json, params)

    def write(self, api: str, json: Any) -> dict[str, Any]:
        """Change something, once. An error with Retry.ASK may have taken effect all the same."""
        return self._once(api, json, {})

    def upload(self, api: str, name: str, content: bytes, **params: Any) -> dict[str, Any]:
        """Send a file, once; uploads change nothing that matters twice."""

        def send(token: str) -> Any:
            # A fresh tuple per attempt: a file object would be empty the second time.
            files = {"media": (name, content, "application/octet-stream")}
            return self._library.post(api, params={**params, "access_token": token}, files=files)

        return self._with_token(api, send)

    def ticket(self, kind: str, api: str, **params: Any) -> str:
        """A JS-SDK ticket, shared and renewed as tokens are."""
        shelf = self._tickets.get(kind)
        if shelf is None:

            def fetch() -> Token:
                found = self.read(api, **params)
                return Token(str(found["ticket"]), time.time() + int(found["expires_in"]))

            shelf = TokenShelf(f"{self.corp_id}:{self._name}:{kind}", fetch)
            self._tickets[kind] = shelf
        return shelf.token()

    def _once(self, api: str, json: Any, params: dict[str, Any]) -> dict[str, Any]:
        def send(token: str) -> Any:
            asked = {**params, "access_token": token}
            if json is None:
                return self._library.get(api, params=asked)
            return self._library.post(api, params=asked, data=json)

        return self._with_token(api, send)

    def _with_token(self, api: str, send: Callable[[str], Any]) -> dict[str, Any]:
        """Call with the shared token; refused, once more with another. Never a third time."""
        token = self._shelf.token()
        used_at = time.time()
        try:
            return _classified(api, lambda: send(token))
        except WecomError as error:
            if error.code not in TOKEN_CODES:
                raise
        other = self._shelf.another(token, used_at=used_at)
        try:
            return _classified(api, lambda: send(other))
        except WecomError as error:
            if error.code in TOKEN_CODES:
                self._shelf.give_up(error)
            raise

    def _fetch_token(self) -> Token:
        asked = {"corpid": self.corp_id, "corpsecret": self._secret, "access_token": None}
        found = _classified("gettoken", lambda: self._library.get("gettoken", params=asked))
        return Token(str(found["access_token"]), time.time() + int(found.get("expires_in", 7200)))


def _classified(api: str, call: Callable[[], Any]) -> dict[str, Any]:
    """The answer as a dict, or the WecomError that its failure means."""
    try:
        answer = call()
    except WeChatClientException as error:
        if error.errcode is None:
            status = getattr(error.response, "status_code", 0)
            if 400 <= status < 500:
                raise Misdirected(None, f"HTTP {status}", api=api) from None
            raise Silent(None, f"HTTP {status}", api=api) from None
        raise error_of(int(error.errcode), str(error.errmsg or ""), api=api) from None
    except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise Unreachable(None, type(error).__name__, api=api) from None
    except requests.ConnectionError as error:
        cls = Unreachable if _never_left(error) else Silent
        raise cls(None, type(error).__name__, api=api) from None
    except requests.RequestException as error:
        raise Silent(None, type(error).__name__, api=api) from None
    if not isinstance(answer, dict):
        raise Silent(None, "not JSON", api=api)
    return answer


def _never_left(error: requests.ConnectionError) -> bool:
    """Was there no connection at all, so that WeCom cannot have heard us?"""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


class Calls:
    """What every group of calls stands on: the application's client, and that for contacts.

    Corps older than December 2023 may still use a secret of its own for contacts and groups.
    """

    def __init__(self, client: Client, *, contacts: Client, agent_id: int) -> None:
        self._client = client
        self._contacts = contacts
        self.agent_id = agent_id
