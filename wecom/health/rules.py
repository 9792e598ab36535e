"""What of all numbers wants a person's eye, and how lengths of time are said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wecom.gateway.usage import Pulse
    from wecom.health.standing import Standing

# Work that waits longer is late: workers look every second or so.
LATE_SECONDS: Final = 60.0
# Nine tenths of a window used: what can wait will soon have to.
NEARLY_FULL: Final = 0.9
_LIMITS: Final = frozenset({45009, 45011, 45033})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to look at: what, why and what to do, where on the page it stands."""

    text: str
    why: str
    part: str
    is_bad: bool = True


def troubles(found: Standing) -> list[Trouble]:
    """The worst first; nothing when all is well."""
    return [
        *_of_connection(found),
        *_of_applications(found),
        *_of_limits(found),
        *_of_callbacks(found),
        *_of_outbox(found),
        *_of_sweeps(found),
    ]


def _of_connection(found: Standing) -> list[Trouble]:
    if not found.traffic.is_known:
        why = "凭证、用量、熔断暂时看不到；调用照常，每个进程只用上限的十分之一。请检查 Redis。"
        return [Trouble("Redis 连不上", why, "apps")]
    breaker = found.traffic.breaker
    if breaker.state == "closed":
        return []
    again = f"{said_length(breaker.again_in)}后再试" if breaker.again_in else "正在试探"
    why = f"连续 {breaker.failures} 次没有答复，已暂停调用，{again}；没发出去的会自动继续。"
    return [Trouble("企业微信没有答复", why + "若持续，请检查服务器外网出口。", "apps")]


def _of_applications(found: Standing) -> list[Trouble]:
    named = []
    for one in found.traffic.applications:
        if not one.is_configured:
            why = "请在部署配置里补上企业 ID、AgentId 和 Secret。"
            named.append(Trouble(f"应用 {one.name} 没有配置好", why, "apps"))
        beat = one.pulse
        # A limit has a line of its own.
        if beat and is_ill(beat) and beat.failed_code not in _LIMITS:
            code = f"（{beat.failed_code}）" if beat.failed_code is not None else ""
            text = f"应用 {one.name} 最近一次调用失败{code}"
            is_ours = beat.retry == "later"
            named.append(Trouble(text, beat.advice, "apps", is_bad=is_ours))
    return named


def _of_limits(found: Standing) -> list[Trouble]:
    named = []
    for api in found.traffic.apis:
        if api.blocked_for:
            why = f"还有 {said_length(api.blocked_for)}；期间这个接口的请求排队，不会丢。"
            named.append(Trouble(f"{api.api} 被限频", why, "limits"))
        elif is_nearly_full(api.minute, api.minute_limit) or is_nearly_full(
            api.hour, api.hour_limit
        ):
            why = "批量任务会先让路；若常常如此，请和技术人员看看是谁在调用。"
            named.append(Trouble(f"{api.api} 接近上限", why, "limits", is_bad=False))
    return named


def _of_callbacks(found: Standing) -> list[Trouble]:
    named = []
    waited = length(found.waiting.since, found.at)
    if waited > LATE_SECONDS:
        text = f"{found.waiting.count} 条回调等着读"
        why = f"最早的等了 {said_length(waited)}，请检查后台任务进程。"
        named.append(Trouble(text, why, "callbacks"))
    delayed = length(found.reactions.since, found.at)
    if delayed > LATE_SECONDS:
        why = f"最早的逾期 {said_length(delayed)}，请检查后台任务进程。"
        named.append(Trouble(f"{found.reactions.count} 个事件等着处理", why, "callbacks"))
    unread = sum(one.count for one in found.parked_callbacks)
    if unread:
        named.append(Trouble(f"{unread} 条回调没读懂", "原文还在，修好后可以重读。", "parked"))
    given_up = sum(count for _, count in found.parked_reactions)
    if given_up:
        why = "试了多次都失败；看过原因后可以重做。"
        named.append(Trouble(f"{given_up} 个事件没处理完", why, "parked"))
    return named


def _of_outbox(found: Standing) -> list[Trouble]:
    named = []
    for pause in found.pauses:
        what = pause.get_kind_display() if pause.kind else "全部"
        named.append(Trouble(f"已暂停发送：{what}", pause.reason, "outbox", is_bad=False))
    for one in found.outbox:
        late = length(one.oldest_due_at, found.at)
        if late > LATE_SECONDS and not one.paused:
            why = f"最早的逾期 {said_length(late)}，请看应用、限频和后台任务进程。"
            named.append(Trouble(f"{one.due} 条{one.name}没有按时发出", why, "outbox"))
        if one.unknown:
            why = "系统已向企业微信查证仍无结论，请核对后标记。"
            named.append(Trouble(f"{one.unknown} 条{one.name}结果不明", why, "outbox"))
    return named


def _of_sweeps(found: Standing) -> list[Trouble]:
    return [
        Trouble(f"对账失败：{one.name}", one.sweep.error or "没有说明", "sweeps")
        for one in found.sweeps
        if one.sweep is not None and one.sweep.state == "failed"
    ]


def is_ill(beat: Pulse) -> bool:
    """Whether the last call failed for a reason that lies with us or WeCom, not with one guest."""
    if beat.failed_at is None or beat.retry in {"", "never"}:
        return False
    return beat.called_at is None or beat.failed_at >= beat.called_at


def is_nearly_full(used: int, limit: int) -> bool:
    """Whether little is left of a window."""
    return bool(limit) and used >= limit * NEARLY_FULL


def length(since: datetime | None, now: datetime) -> float:
    """Seconds since then, nothing when there is no then."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def said_length(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} 毫秒"
    if seconds < 100:
        return f"{round(seconds, 1) if seconds < 10 else round(seconds):g} 秒"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)} 分钟"
    if seconds < 48 * 3600:
        return f"{round(seconds / 3600)} 小时"
    return f"{round(seconds / 86400)} 天"
