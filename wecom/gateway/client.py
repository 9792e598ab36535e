"""wechatpy with its edges taken off: shared token, time limits, one retry, errors of ours.

The rest of the gateway calls `read`, `write` and `upload`; nothing else knows wechatpy. Every call
to WeCom, the token's included, passes the governor (is there room?) and the breaker (is it well?).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import requests
import structlog
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from wecom.gateway.breaker import Breaker
from wecom.gateway.codes import error_of
from wecom.gateway.errors import (
    TOKEN_CODES,
    Misdirected,
    Retry,
    Silent,
    Unreachable,
    WecomError,
)
from wecom.gateway.governor import Governor
from wecom.gateway.limits import check_limits
from wecom.gateway.tokens import Token, TokenShelf
from wecom.gateway.transport import Redirected, mount

log = structlog.get_logger(__name__)

# Pauses between the attempts of a read, in seconds; a write is never repeated here.
_PAUSES: Final = (0.2, 0.8)
# Codes are small; a larger number is not WeCom speaking.
_LARGEST_CODE: Final = 2**31


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
        check_limits()
        self._governor = Governor(corp_id, name)
        self._breaker = Breaker(corp_id)

    def read(self, api: str, *, json: Any = None, **params: Any) -> dict[str, Any]:
        """Ask without changing anything: tried up to three times while WeCom is unwell.

        `json` makes it a POST. Raises WecomError.
        """
        for pause in _PAUSES:
            try:
                return self._once(api, json, params)
            except WecomError as error:
                # Where it is known when to come back, the caller waits, not this worker.
                if error.retry not in {Retry.SOON, Retry.ASK} or error.again_in is not None:
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
                return _token(found, "ticket", api)

            shelf = TokenShelf(f"{self.corp_id}:{self._name}:{kind}", fetch)
            self._tickets[kind] = shelf
        return shelf.token()

    def _once(self, api: str, json: Any, params: dict[str, Any]) -> dict[str, Any]:
        def send(token: str) -> Any:
            asked = {**params, "access_token": token}
            if json is None:
                return self._library.get(api, params=asked)
            return self._library.post(api, params=asked, data=json)

        return self._with_token(api, send, people=_people(api, json))

    def _with_token(
        self, api: str, send: Callable[[str], Any], *, people: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Call with the shared token; refused, once more with another. Never a third time."""
        with _nothing_asked_yet():
            token = self._shelf.token()
        used_at = time.time()
        try:
            return self._governed(api, lambda: send(token), people)
        except WecomError as error:
            if error.code not in TOKEN_CODES:
                raise
        with _nothing_asked_yet():
            other = self._shelf.another(token, used_at=used_at)
        try:
            return self._governed(api, lambda: send(other), people)
        except WecomError as error:
            if error.code in TOKEN_CODES:
                self._shelf.give_up(error)
            raise

    def _governed(
        self, api: str, call: Callable[[], Any], people: Sequence[str] = ()
    ) -> dict[str, Any]:
        if "://" in api:
            # The archive's bridge is not WeCom and has no limits of WeCom's.
            return _classified(api, call)
        with self._governor.admit(api, people=people), self._breaker.watching(api):
            return _classified(api, call)

    def _fetch_token(self) -> Token:
        asked = {"corpid": self.corp_id, "corpsecret": self._secret, "access_token": None}
        found = self._governed("gettoken", lambda: self._library.get("gettoken", params=asked))
        return _token(found, "access_token", "gettoken")


@contextmanager
def _nothing_asked_yet() -> Iterator[None]:
    """No token, no call: a gettoken without a clear answer leaves nothing in doubt."""
    try:
        yield
    except WecomError as error:
        if error.retry is not Retry.ASK:
            raise
        raise Unreachable(error.code, error.message, api=error.api) from None


def _token(found: Mapping[str, Any], field: str, api: str) -> Token:
    """The token of an answer. Raises Silent for an answer that holds none."""
    try:
        text, seconds = found[field], int(found.get("expires_in", 7200))
    except (KeyError, TypeError, ValueError, OverflowError):
        text, seconds = "", 0
    if not isinstance(text, str) or not text or not 0 < seconds < 10**7:
        raise Silent(None, f"no {field} in the answer", api=api)
    return Token(text, time.time() + seconds)


def _people(api: str, json: Any) -> Sequence[str]:
    """Whom an application message reaches: WeCom drops what is too much for one of them."""
    if api != "message/send" or not isinstance(json, Mapping):
        return ()
    return [one for one in str(json.get("touser") or "").split("|") if one]


def _classified(api: str, call: Callable[[], Any]) -> dict[str, Any]:
    """The answer as a dict, or the WecomError that its failure means."""
    try:
        answer = call()
    except WeChatClientException as error:
        raise _refusal(api, error) from None
    except requests.RequestException as error:
        raise _failure(api, error) from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        # wechatpy reads the code as a number, whatever stands there.
        raise Silent(None, f"unreadable: {type(error).__name__}", api=api) from None
    if not isinstance(answer, dict):
        raise Silent(None, "not JSON", api=api)
    return answer


def _refusal(api: str, error: WeChatClientException) -> WecomError:
    """What an errcode or an HTTP status means."""
    if error.errcode is None:
        status = getattr(error.response, "status_code", 0)
        cls = Misdirected if 400 <= status < 500 else Silent
        return cls(None, f"HTTP {status}", api=api)
    if abs(error.errcode) >= _LARGEST_CODE:
        return Silent(None, "not a code", api=api)
    return error_of(int(error.errcode), str(error.errmsg or ""), api=api)


def _failure(api: str, error: requests.RequestException) -> WecomError:
    """What an exchange without an end means: nothing was asked, or nobody knows."""
    if isinstance(error, Redirected):
        return Misdirected(None, str(error), api=api)
    unasked = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
    if isinstance(error, requests.ConnectionError) and not unasked:
        unasked = _never_left(error)
    cls = Unreachable if unasked else Silent
    return cls(None, type(error).__name__, api=api)


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
