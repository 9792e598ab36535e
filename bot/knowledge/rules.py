"""Which day a question means, and which facts an answer needs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

FACTS: Final = {
    "store_name": "门店",
    "store_address": "地址",
    "store_phone": "电话",
    "store_hours": "营业时间",
    "store_hours_today": "今天的营业时间",
    "asked_day": "问的那一天",
}
# Hours nobody has looked at for so long are not told as facts.
HOURS_KEEP_FRESH: Final = timedelta(days=400)

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_WEEK: Final = "一二三四五六日"
_WEEKDAY: Final = re.compile(r"(下|这|本)?(?:周|星期|礼拜)([一二三四五六日天1-7])")
_DATE: Final = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_DAY: Final = re.compile(r"(?<![\d月])(\d{1,2})\s*号(?!线|口|店|楼)")
_NEAR: Final = (("大后天", 3), ("后天", 2), ("明天", 1), ("明日", 1), ("明晚", 1), ("明早", 1))
_NOW: Final = ("今天", "今日", "今晚", "现在", "这会儿", "待会", "等下", "一会")
_FIXED: Final = {
    "元旦": (1, 1),
    "五一": (5, 1),
    "劳动节": (5, 1),
    "国庆": (10, 1),
    "圣诞": (12, 25),
}
# Days that no rule of ours can tell: several, past, or by the moon.
_UNTOLD: Final = (
    "昨天", "前天", "上周", "周末", "双休", "工作日", "节假日", "假期", "放假", "春节", "过年",
    "除夕", "初一", "初二", "初三", "初四", "初五", "初六", "初七", "中秋", "端午", "清明",
)  # fmt: skip


class DayUnclear(Exception):
    """她问的那一天说不准，请你来回答。"""


@dataclass(frozen=True, slots=True)
class AskedDay:
    """The day a question means, and how it is named in the answer."""

    day: date
    name: str


def placeholders_in(text: str) -> list[str]:
    """The names in braces, each once, in order."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def unknown_placeholders(text: str) -> list[str]:
    """Names in braces that no fact fills."""
    return [name for name in placeholders_in(text) if name not in FACTS]


def put_in(text: str, values: dict[str, str]) -> str:
    """The text with its facts. Raises KeyError on a name without value."""
    return _PLACE.sub(lambda found: values[found.group(1)], text)


def day_asked(text: str, today: date) -> AskedDay:
    """Which day a question is about; without a word of time, today.

    Raises DayUnclear for days in the past, several days, and holidays that move.
    """
    named = _weekday(text, today) or _written(text, today) or _relative(text, today)
    if named is not None:
        return named
    for word, (month, day) in _FIXED.items():
        if word in text:
            return _coming(today, month, day)
    if any(word in text for word in _UNTOLD):
        raise DayUnclear
    return AskedDay(today, "今天")


def hours_are_fresh(updated_at: datetime | None, at: datetime) -> bool:
    return updated_at is not None and at - updated_at <= HOURS_KEEP_FRESH


def _weekday(text: str, today: date) -> AskedDay | None:
    found = _WEEKDAY.search(text)
    if found is None:
        return None
    sign = found.group(2)
    wanted = int(sign) - 1 if sign.isdigit() else _WEEK.index("日" if sign == "天" else sign)
    if found.group(1) == "下":
        day = today - timedelta(days=today.weekday()) + timedelta(days=7 + wanted)
    else:
        day = today + timedelta(days=(wanted - today.weekday()) % 7)
    return AskedDay(day, _spoken(day, today))


def _written(text: str, today: date) -> AskedDay | None:
    found = _DATE.search(text)
    if found is not None:
        return _coming(today, int(found.group(1)), int(found.group(2)))
    found = _DAY.search(text)
    if found is None:
        return None
    number = int(found.group(1))
    month = today.month if number >= today.day else today.month % 12 + 1
    return _coming(today, month, number)


def _relative(text: str, today: date) -> AskedDay | None:
    for word, days in _NEAR:
        if word in text:
            day = today + timedelta(days=days)
            return AskedDay(day, _spoken(day, today))
    if any(word in text for word in _NOW):
        return AskedDay(today, "今天")
    return None


def _coming(today: date, month: int, day: int) -> AskedDay:
    """The next such day of the calendar. Raises DayUnclear for one that does not exist."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError as error:
            raise DayUnclear from error
        if found >= today:
            return AskedDay(found, _spoken(found, today))
    raise DayUnclear


def _spoken(day: date, today: date) -> str:
    """今天、明天、周日（11 月 22 日）: named so that nobody takes it for another day."""
    written = f"{day.month} 月 {day.day} 日"
    if day == today:
        return "今天"
    if day == today + timedelta(days=1):
        return f"明天（{written}）"
    return f"周{_WEEK[day.weekday()]}（{written}）"
