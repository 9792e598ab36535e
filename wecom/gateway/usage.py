"""How much of WeCom's limits is used, and how each application's last calls went: to be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from wecom.gateway.governor import RECOVERY_SECONDS, pulse_key
from wecom.gateway.limits import limits_of
from wecom.gateway.scripts import now_of
from wecom.gateway.shared import reachable_store

# APIs called longer ago are not shown, and never more than so many.
_SHOWN_SECONDS: Final = 3600
_SHOWN: Final = 200
_BUCKETS: Final = 60


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """One API now: calls in the last minute and hour, at once, and their limits (0: none)."""

    api: str
    minute: int
    minute_limit: int
    hour: int
    hour_limit: int
    in_flight: int
    in_flight_limit: int
    blocked_for: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """An application's token and calls, in seconds of the epoch; None is never (or forgotten)."""

    called_at: float | None
    called_api: str
    failed_at: float | None
    failed_api: str
    failed_code: int | None
    failed_words: str
    advice: str
    # Whether it passes by itself, as errors.Retry says; empty when nothing ever failed.
    retry: str
    token_fetched_at: float | None
    token_ends_at: float | None


def usage(corp_id: str) -> list[ApiUsage]:
    """Every API called within the last hour, the fullest first. Raises RedisError."""
    with reachable_store() as store:
        now = now_of(store)
        called: Any = store.zrevrangebyscore(
            f"wecom:governor:{corp_id}:apis",
            "+inf",
            int((now - _SHOWN_SECONDS) * 1000),
            start=0,
            num=_SHOWN,
            withscores=True,
        )
        pipe = store.pipeline(transaction=False)
        for name, _ in called:
            base = f"wecom:governor:{corp_id}:{name.decode()}"
            pipe.hgetall(f"{base}:minute")
            pipe.hgetall(f"{base}:hour")
            pipe.zcount(f"{base}:flight", int(now * 1000), "+inf")
            pipe.get(f"{base}:block")
            pipe.hmget(f"{base}:learned", "most", "at")
        told = pipe.execute()
    found = [
        _usage(name.decode(), at / 1000, now, told[5 * i : 5 * i + 5])
        for i, (name, at) in enumerate(called)
    ]
    return sorted(found, key=_fullness, reverse=True)


def _usage(api: str, last_at: float, now: float, told: list[Any]) -> ApiUsage:
    minute, hour, in_flight, shut, learned = told
    limits = limits_of(api)
    return ApiUsage(
        api=api,
        minute=_within(minute, now, limits.minute_seconds),
        minute_limit=limits.minute,
        hour=_within(hour, now, limits.minute_seconds * 60),
        hour_limit=limits.hour,
        in_flight=int(in_flight),
        in_flight_limit=_at_once(limits.in_flight, now, learned),
        blocked_for=max(0.0, float(shut or 0) / 1000 - now),
        last_at=last_at,
    )


def _within(buckets: dict[bytes, bytes], now: float, seconds: float) -> int:
    oldest = int(now / (seconds / _BUCKETS)) - _BUCKETS
    return sum(int(calls) for bucket, calls in buckets.items() if int(bucket) >= oldest)


def _at_once(configured: int, now: float, learned: list[bytes | None]) -> int:
    """The limit that holds, lowered for a while by what 45033 taught."""
    if learned[0] is None or learned[1] is None:
        return configured
    grown = int((now - float(learned[1]) / 1000) / RECOVERY_SECONDS)
    most = int(learned[0]) + grown
    return min(most, configured) if configured else most


def _fullness(one: ApiUsage) -> tuple[bool, float, float]:
    minute = one.minute / one.minute_limit if one.minute_limit else 0.0
    hour = one.hour / one.hour_limit if one.hour_limit else 0.0
    return one.blocked_for > 0, max(minute, hour), one.last_at


def pulse(corp_id: str, app: str) -> Pulse:
    """How one application fares. Raises RedisError."""
    with reachable_store() as store:
        raw: Any = store.hgetall(pulse_key(corp_id, app))
        token: Any = store.get(f"wecom:{corp_id}:{app}:token")
    code, words, advice, retry = json.loads(raw.get(b"error", b'[null, "", "", ""]'))
    ends_at, fetched_at = json.loads(token)[1:] if token else (None, None)
    return Pulse(
        called_at=_seconds(raw.get(b"at")),
        called_api=raw.get(b"api", b"").decode(),
        failed_at=_seconds(raw.get(b"failed_at")),
        failed_api=raw.get(b"failed_api", b"").decode(),
        failed_code=code,
        failed_words=str(words),
        advice=str(advice),
        retry=str(retry),
        token_fetched_at=fetched_at,
        token_ends_at=ends_at,
    )


def _seconds(milliseconds: bytes | None) -> float | None:
    return None if milliseconds is None else float(milliseconds) / 1000
