"""One token per application, shared by all processes, fetched by one of them at a time.

Kept in Redis under a prefix of corp and application. Without Redis every process fetches its own,
which WeCom answers with the same token: more calls, no harm.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

import redis
import structlog

from wecom.gateway.errors import CredentialsRefused, WecomError
from wecom.gateway.shared import store

log = structlog.get_logger(__name__)

# A token is renewed this long before its end, while the old one still works.
EARLY_SECONDS: Final = 300
_LOCK_MS: Final = 25_000
_WAIT_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.05
# After about 2000 wrong secrets an hour WeCom bans the address for an hour.
_REFUSED_MS: Final = 5_000

_PUT_IF_MINE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('set', KEYS[2], ARGV[2], 'PX', ARGV[3]) return 1
end
return 0
"""
_UNLOCK_IF_MINE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""


@dataclass(frozen=True, slots=True)
class Token:
    """A token (or ticket), when it ends and when it was fetched, in seconds of the epoch."""

    text: str
    ends_at: float
    fetched_at: float = field(default_factory=time.time)

    def is_usable(self, now: float) -> bool:
        return self.ends_at - now > 5

    def is_fresh(self, now: float) -> bool:
        return self.ends_at - now > EARLY_SECONDS

    def replaces(self, refused: str | None, since: float) -> bool:
        """Is it worth trying where `refused` failed? WeCom may give the same text once more."""
        return self.is_usable(time.time()) and (self.text != refused or self.fetched_at >= since)


Fetch = Callable[[], Token]


class TokenShelf:
    """Where one secret's token lies. `fetch` asks WeCom for a new one."""

    def __init__(self, name: str, fetch: Fetch) -> None:
        self._key = f"wecom:{name}"
        self._lock = f"{self._key}:lock"
        self._trouble = f"{self._key}:refused"
        self._fetch = fetch
        # What this process knows when Redis is away.
        self._mine: Token | None = None

    def token(self) -> str:
        """A token that should work. Raises WecomError when WeCom gives none."""
        now = time.time()
        try:
            found = self._read()
            if found is not None and found.is_fresh(now):
                return found.text
            if found is not None and found.is_usable(now):
                return self._renew_early(found).text
            return self._renew(refused=None, since=now).text
        except redis.RedisError as error:
            return self._alone(refused=None, error=error).text

    def another(self, refused: str, *, used_at: float) -> str:
        """A token other than the refused one that was used at `used_at`, or the same anew.

        One fetched after that moment is worth a try, whoever fetched it and whatever its text.
        """
        try:
            return self._renew(refused=refused, since=used_at).text
        except redis.RedisError as error:
            return self._alone(refused=refused, error=error).text

    def give_up(self, error: WecomError) -> None:
        """A new token was refused too: for some seconds nobody asks for yet another."""
        with contextlib.suppress(redis.RedisError):
            self._tell_refusal(error)

    def _tell_refusal(self, error: WecomError) -> None:
        told = json.dumps([error.code, error.message])
        store().set(self._trouble, told, px=_REFUSED_MS)

    def _renew_early(self, old: Token) -> Token:
        """Fetch if nobody else does; whoever comes second keeps using the old one."""
        mine = str(uuid.uuid4())
        if not store().set(self._lock, mine, nx=True, px=_LOCK_MS):
            return old
        try:
            return self._fetch_and_put(mine)
        except WecomError as error:
            log.warning("token_not_renewed", code=error.code)
            return old
        finally:
            store().eval(_UNLOCK_IF_MINE, 1, self._lock, mine)

    def _renew(self, *, refused: str | None, since: float) -> Token:
        """Fetch, or wait for the one who does; at last fetch without asking anybody."""
        mine = str(uuid.uuid4())
        patience_ends = time.time() + _WAIT_SECONDS
        while time.time() < patience_ends:
            found = self._read()
            if found is not None and found.replaces(refused, since):
                return found
            self._raise_recent_refusal()
            if store().set(self._lock, mine, nx=True, px=_LOCK_MS):
                try:
                    return self._fetch_unless_done(mine, refused, since)
                finally:
                    store().eval(_UNLOCK_IF_MINE, 1, self._lock, mine)
            time.sleep(_LOOK_SECONDS)
        return self._fetch()

    def _fetch_unless_done(self, mine: str, refused: str | None, since: float) -> Token:
        # Between our look and our lock another process may have finished.
        found = self._read()
        if found is not None and found.replaces(refused, since):
            return found
        return self._fetch_and_put(mine)

    def _fetch_and_put(self, mine: str) -> Token:
        try:
            token = self._fetch()
        except CredentialsRefused as error:
            self._tell_refusal(error)
            raise
        self._mine = token
        milliseconds = max(1, int((token.ends_at - time.time()) * 1000))
        stored = json.dumps([token.text, token.ends_at, token.fetched_at])
        # Whoever was so slow that the lock went to another must not overwrite the newer token.
        store().eval(_PUT_IF_MINE, 2, self._lock, self._key, mine, stored, milliseconds)
        return token

    def _read(self) -> Token | None:
        raw = cast(bytes | None, store().get(self._key))
        if not raw:
            return None
        text, ends_at, fetched_at = json.loads(raw)
        return Token(text, float(ends_at), float(fetched_at))

    def _raise_recent_refusal(self) -> None:
        raw = cast(bytes | None, store().get(self._trouble))
        if raw:
            code, message = json.loads(raw)
            raise CredentialsRefused(code, message, api="gettoken")

    def _alone(self, *, refused: str | None, error: redis.RedisError) -> Token:
        log.warning("token_without_redis", error=type(error).__name__)
        mine = self._mine
        if mine is None or not mine.is_fresh(time.time()) or mine.text == refused:
            self._mine = mine = self._fetch()
        return mine
