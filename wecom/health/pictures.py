"""The numbers in the shapes in which the page shows them: words, bars, lines of tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from wecom.gateway.usage import ApiUsage
from wecom.health import queries, rules
from wecom.health.applications import Application
from wecom.health.standing import Standing, standing, with_the_last_hour
from wecom.outbox.models import Kind

# APIs beyond these are idle ones; the page stays one that can be taken in.
_APIS_SHOWN: Final = 10
_BREAKER: Final = {
    "closed": "连接正常",
    "open": "已熔断，暂停调用",
    "half_open": "正在试探是否恢复",
    "unknown": "看不到（Redis 连不上）",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute of the picture: its place and height in the drawing's own units."""

    x: float
    y: float
    height: float


def page_of(now: datetime) -> dict[str, Any]:
    """Everything that the panels show."""
    found = standing(now)
    minutes = queries.received_by_minute(now)
    return {
        "found": found,
        "at": now,
        "troubles": rules.troubles(found),
        "applications": [_application(one, now) for one in found.traffic.applications],
        "breaker": _BREAKER[found.traffic.breaker.state],
        "breaker_is_open": found.traffic.breaker.state in {"open", "half_open"},
        "apis": [_api(one) for one in found.traffic.apis[:_APIS_SHOWN]],
        "apis_more": max(0, len(found.traffic.apis) - _APIS_SHOWN),
        "callbacks": _callbacks(found, minutes),
        "outbox": [_kind(one, now) for one in with_the_last_hour(found, now)],
        "kinds": Kind.choices,
        "app_names": list(settings.WECOM_APPS),
    }


def bars_of(values: list[int]) -> list[Bar]:
    """Sixty minutes as bars, zero at the base, the highest as high as the picture."""
    top = max([*values, 1])
    heights = [round(48 * value / top, 2) for value in values]
    return [Bar(i * 5.0, round(52 - height, 2), height) for i, height in enumerate(heights)]


def _callbacks(found: Standing, minutes: list[int]) -> dict[str, Any]:
    return {
        "sum": sum(minutes),
        "top": max(minutes),
        "last": minutes[-1],
        "bars": bars_of(minutes),
        "read": _said(found.lags.read),
        "handled": _said(found.lags.handled),
        "of": found.lags.of,
        "waiting": _at_most(found.waiting),
        "waited": rules.said_length(rules.length(found.waiting.since, found.at)),
        "reactions": _at_most(found.reactions),
    }


def _at_most(waiting: queries.Waiting) -> str:
    return f"{waiting.count:,}" + ("+" if waiting.count >= queries.MOST else "")


def _said(pair: tuple[float | None, float | None]) -> str:
    half, most = pair
    if half is None or most is None:
        return "最近一小时没有可量的"
    return f"一半在 {rules.said_length(half)} 内，95% 在 {rules.said_length(most)} 内"


def _application(one: Application, now: datetime) -> dict[str, Any]:
    beat = one.pulse
    ends_at = _moment(beat.token_ends_at) if beat else None
    return {
        "one": one,
        "token_age": _ago(beat.token_fetched_at if beat else None, now),
        "token_ends": rules.said_length((ends_at - now).total_seconds())
        if ends_at and ends_at > now
        else "",
        "called": _ago(beat.called_at if beat else None, now),
        "failed": _ago(beat.failed_at if beat else None, now),
        "is_ill": bool(beat and rules.is_ill(beat)),
    }


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _ago(seconds: float | None, now: datetime) -> str:
    if seconds is None:
        return ""
    return rules.said_length(max(1.0, rules.length(_moment(seconds), now)))


def _api(one: ApiUsage) -> dict[str, Any]:
    windows = [("分钟", one.minute, one.minute_limit), ("小时", one.hour, one.hour_limit)]
    return {
        "one": one,
        "windows": [_window(word, used, limit) for word, used, limit in windows if limit],
        "blocked": rules.said_length(one.blocked_for) if one.blocked_for else "",
    }


def _window(word: str, used: int, limit: int) -> dict[str, Any]:
    return {
        "word": word,
        "used": used,
        "limit": limit,
        "figure": f"{used:,} / {limit:,}",
        "is_full": rules.is_nearly_full(used, limit),
    }


def _kind(one: queries.OpenKind, now: datetime) -> dict[str, Any]:
    late = rules.length(one.oldest_due_at, now)
    return {
        "one": one,
        "late": rules.said_length(late) if one.oldest_due_at else "",
        "is_late": late > rules.LATE_SECONDS and not one.paused,
    }
