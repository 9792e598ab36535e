"""Terms and thresholds of the law, decided from plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Within fifteen calendar days: inside the thirty of GB/T 35273 and its fifteen working days.
ANSWER_WITHIN: Final = timedelta(days=15)
# From here on a request is coloured as pressing.
PRESSING: Final = timedelta(days=3)
# Who asks for deletion on her own page may think otherwise for so long.
THINK_AGAIN: Final = timedelta(days=1)
LOOKS_A_DAY: Final = 50
# So much of one account in a day is told to head office, long before a limit ends it.
LOOKS_ALARM: Final = 30
LISTS_ALARM: Final = 3
PEOPLE_ALARM: Final = 20_000
# PIPL 52 with the audit measures' article 12; 网数条例 28.
OFFICER_FROM: Final = 1_000_000
IMPORTANT_FROM: Final = 10_000_000
# 国家网络安全事件报告管理办法: 较大 and above within four hours; a defect within a day.
REPORT_WITHIN: Final = timedelta(hours=4)
DEFECT_WITHIN: Final = timedelta(hours=24)
LARGE_PEOPLE: Final = 1_000_000
LARGE_LOSS_MINOR: Final = 500_000_000
SENSITIVE_PEOPLE: Final = 100_000
# 促进和规范数据跨境流动规定: fewer than so many a year are exempt; alarms begin before.
ABROAD_FROM: Final = 100_000

REASONS: Final[dict[str, str]] = {
    "call_back": "客人要求回电",
    "delivery": "送货或到货通知",
    "refund": "退换货核对",
    "check_identity": "核实身份",
    "complaint": "处理投诉",
    "request": "办理个人信息请求",
}


class Clock(StrEnum):
    """The colour of a deadline."""

    CALM = "calm"
    PRESSING = "pressing"
    OVERDUE = "overdue"


def due_of(opened_at: datetime) -> datetime:
    """By when a request has its answer."""
    return opened_at + ANSWER_WITHIN


def clock_of(due_at: datetime, now: datetime) -> Clock:
    """How a deadline looks now; the moment itself is still in time."""
    if now > due_at:
        return Clock.OVERDUE
    return Clock.PRESSING if due_at - now <= PRESSING else Clock.CALM


@dataclass(frozen=True, slots=True)
class Severity:
    """What an incident's figures mean: its grade, and by when the authority must know."""

    grade: str
    report_due_at: datetime | None
    audit_may_be_ordered: bool


def severity_of(
    *, people: int, sensitive_people: int, loss_minor: int, is_defect: bool, known_at: datetime
) -> Severity:
    """Grade and clock of an incident; the four hours run from the moment it was known."""
    large = people >= LARGE_PEOPLE or loss_minor >= LARGE_LOSS_MINOR
    due = known_at + REPORT_WITHIN if large else None
    if is_defect:
        due = min(due or known_at + DEFECT_WITHIN, known_at + DEFECT_WITHIN)
    return Severity(
        grade="large" if large else "ordinary",
        report_due_at=due,
        audit_may_be_ordered=people > LARGE_PEOPLE or sensitive_people > SENSITIVE_PEOPLE,
    )


def alarm_at(threshold: int) -> int:
    """Nine tenths of a threshold: early enough to appoint, file and plan."""
    return threshold * 9 // 10


def passed(people: int) -> list[tuple[int, bool]]:
    """The thresholds of head count that are near or passed: (threshold, whether passed)."""
    return [
        (limit, people >= limit)
        for limit in (OFFICER_FROM, IMPORTANT_FROM)
        if people >= alarm_at(limit)
    ]


@dataclass(frozen=True, slots=True)
class Portability:
    """What a person says of a transfer before it is done (网数条例 25)."""

    is_consented_or_contractual: bool
    is_feasible: bool
    harms_nobody: bool
    # Asked for more often than is reasonable: the cost may be charged.
    fee_minor: int = 0


def unmet_conditions(terms: Portability, *, has_recipient: bool, is_checked: bool) -> list[str]:
    """What keeps her data from being handed to another processor; empty when nothing does."""
    said = {
        "身份已核实": is_checked,
        "是本人同意提供或基于合同收集的信息": terms.is_consented_or_contractual,
        "技术上可行，且指明了接收方": terms.is_feasible and has_recipient,
        "不损害他人合法权益": terms.harms_nobody,
    }
    return [words for words, holds in said.items() if not holds]


def place_of(country: str) -> str:
    """A recipient's country for readers: ours in words, others by the code that contracts use."""
    return "中国" if country == "CN" else country
