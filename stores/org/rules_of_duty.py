"""Pure decisions about duty: what an early or a late shift is, and whose turn the next scan is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# The usual shifts of a shop, in the order in which a tap goes through them.
KINDS = ("off", "early", "late", "full")
KIND_WORDS = {"off": "休", "early": "早班", "late": "晚班", "full": "全天"}
_USUAL = (time(10), time(22))
# The early and the late shift meet for this long, half before and half after the middle.
_OVERLAP = timedelta(hours=1)


def duty_times(
    day: date, kind: str, opens_at: time | None, closes_at: time | None
) -> tuple[datetime, datetime] | None:
    """From when to when a shift of this kind lasts by the store's own clock; None for a day off.

    A store whose hours nobody entered is taken for one open from 10 to 22. KeyError for a kind that
    is none.
    """
    opens, closes = (opens_at or _USUAL[0]), (closes_at or _USUAL[1])
    begins, ends = datetime.combine(day, opens), datetime.combine(day, closes)
    if ends <= begins:
        ends += timedelta(days=1)
    middle = begins + (ends - begins) / 2
    return {
        "off": None,
        "full": (begins, ends),
        "early": (begins, middle + _OVERLAP / 2),
        "late": (middle - _OVERLAP / 2, ends),
    }[kind]


def next_kind(kind: str) -> str:
    """What one more tap plans; a shift with times of its own becomes a day off first."""
    return KINDS[(KINDS.index(kind) + 1) % len(KINDS)] if kind in KINDS else "off"


def monday_of(day: date) -> date:
    """The Monday on which the day's week begins."""
    return day - timedelta(days=day.weekday())


def whose_turn(
    on_duty: Sequence[int], had: Mapping[int, int], last: Mapping[int, datetime]
) -> int | None:
    """Of those on duty the one who had the fewest today; among equals who waits longest."""
    never = datetime.min.replace(tzinfo=UTC)

    def rank(guide: int) -> tuple[int, datetime, int]:
        return had.get(guide, 0), last.get(guide, never), guide

    return min(on_duty, key=rank, default=None)


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One row of a file: who, on which day, from when to when."""

    row: int
    employee_no: str
    day: date
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class RowFault:
    row: int
    text: str


COLUMNS = ("工号", "日期", "上班", "下班")


def read_duty_rows(
    rows: Sequence[Mapping[str, str | None]],
) -> tuple[list[DutyRow], list[RowFault]]:
    """The rows of a planning file, and what is wrong with which; the head is row 1."""
    good: list[DutyRow] = []
    faults: list[RowFault] = []
    for number, row in enumerate(rows, start=2):
        said = {name: (row.get(name) or "").strip() for name in COLUMNS}
        if not any(said.values()):
            continue
        try:
            day = date.fromisoformat(said["日期"].replace("/", "-"))
            begins, ends = (_time_of(said[name]) for name in ("上班", "下班"))
        except ValueError:
            faults.append(RowFault(number, "日期写成 2026-11-23，时间写成 10:00。"))
            continue
        if not said["工号"] or begins == ends:
            faults.append(RowFault(number, "工号不能空，上班和下班不能是同一时刻。"))
            continue
        good.append(DutyRow(number, said["工号"], day, begins, ends))
    return good, faults


def _time_of(text: str) -> time:
    hour, _, minute = text.replace("：", ":").partition(":")
    return time(int(hour), int(minute or 0))
