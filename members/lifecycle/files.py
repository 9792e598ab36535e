"""Reading a purchase log for analysis: a file of customer, date, amount, in whatever order.

Purchases of one customer on one day are one transaction; a negative amount takes back from the
same day first, then from the latest days before it, and a day that is taken back is none. Each
line with a positive amount is an order, whatever its day.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

# Names of the three columns as people write them.
_NAMES: Final = {
    "customer": ("customer", "customer_id", "client", "member", "id", "客户", "会员", "客户编号"),
    "date": ("date", "order_date", "sold_at", "time", "日期", "购买日期", "时间"),
    "amount": ("amount", "revenue", "value", "price", "sales", "金额", "消费金额", "销售额"),
}
_CENTS: Final = 100
# So many faults are shown before the reading is given up; nobody reads more.
MOST_FAULTS: Final = 20
_FORMATS: Final = ("%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_LARGEST: Final = 10**12


class UnreadableLog(Exception):
    """The file cannot be used; each fault is said in Chinese with its line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


@dataclass
class Log:
    """The lines of a file: customer by number, day by ordinal, amount in hundredths."""

    customers: dict[str, int] = field(default_factory=dict)
    who: array[int] = field(default_factory=lambda: array("q"))
    day: array[int] = field(default_factory=lambda: array("q"))
    amount: array[int] = field(default_factory=lambda: array("q"))

    def add(self, customer: str, day: int, amount: int) -> None:
        self.who.append(self.customers.setdefault(customer, len(self.customers)))
        self.day.append(day)
        self.amount.append(amount)


@dataclass(frozen=True, slots=True)
class Histories:
    """What is known of each customer until a day; customers without a purchase are left out."""

    names: Sequence[str]
    transactions: Whole
    first: Whole
    last: Whole
    orders: Whole
    spent: Whole
    repeat: Whole


def read_log(path: Path) -> Log:
    """Every line of the file. Raises UnreadableLog with the first faults found."""
    if not path.is_file():
        raise UnreadableLog([f"找不到文件：{path}"])
    for encoding in _ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as lines:
                return _read(lines)
        except UnicodeDecodeError:
            continue
    raise UnreadableLog(["文件的编码既不是 UTF-8 也不是 GB18030，请另存为 UTF-8 的 CSV。"])


def histories_until(log: Log, until: date | None) -> tuple[date, Histories]:
    """What each customer did until a day, the last of the file if none is named."""
    who, day, amount = (np.frombuffer(column, dtype=np.int64) for column in _columns(log))
    end = int(day.max()) if until is None else until.toordinal()
    kept = day <= end
    if not kept.any():
        raise UnreadableLog(["截止日期之前没有任何购买。"])
    who, day, amount = who[kept], day[kept], amount[kept]
    names = list(log.customers)
    orders = np.bincount(who[amount > 0], minlength=len(names))
    w, d, net = _by_day(who, day, amount)
    starts = np.flatnonzero(np.r_[True, w[1:] != w[:-1]])
    ids = w[starts]
    first, last = d[starts], d[np.r_[starts[1:], len(w)] - 1]
    spent = np.add.reduceat(net, starts)
    return date.fromordinal(end), Histories(
        names=[names[i] for i in ids],
        transactions=np.diff(np.r_[starts, len(w)]),
        first=first,
        last=last,
        orders=np.maximum(orders[ids], 1),
        spent=spent,
        repeat=spent - net[starts],
    )


def _columns(log: Log) -> Sequence[array[int]]:
    if not log.who:
        raise UnreadableLog(["文件里没有任何购买。"])
    return log.who, log.day, log.amount


def _by_day(who: Whole, day: Whole, amount: Whole) -> tuple[Whole, Whole, Whole]:
    """One line per customer and day that stands after refunds, in order."""
    order = np.lexsort((day, who))
    who, day, amount = who[order], day[order], amount[order]
    starts = np.flatnonzero(np.r_[True, (who[1:] != who[:-1]) | (day[1:] != day[:-1])])
    w, d, net = who[starts], day[starts], np.add.reduceat(amount, starts)
    taken_back = np.minimum.reduceat(amount, starts) < 0
    for i in np.flatnonzero(net < 0).tolist():
        _take_from_before(i, w, net)
    # A day without a refund stands even when it cost nothing: a gift is a visit.
    stands = (net > 0) | ((net == 0) & ~taken_back & ~_emptied(w, d, net, amount, starts))
    return w[stands], d[stands], net[stands]


def _take_from_before(i: int, who: Whole, net: Whole) -> None:
    """What a day lacks is taken from the customer's latest days before it."""
    lacking, j = -int(net[i]), i - 1
    net[i] = 0
    while lacking and j >= 0 and who[j] == who[i]:
        if net[j] > 0:
            taken = min(lacking, int(net[j]))
            net[j] -= taken
            lacking -= taken
        j -= 1


def _emptied(w: Whole, d: Whole, net: Whole, amount: Whole, starts: Whole) -> NDArray[np.bool_]:
    """Days that were worth something and are worth nothing any more."""
    was: NDArray[np.bool_] = np.add.reduceat(amount, starts) != 0
    return was & (net == 0)


def _read(lines: Iterator[str]) -> Log:
    rows = _reader(lines)
    places = _places(next(rows, []))
    log, faults = Log(), list[str]()
    days: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        if any(cell.strip() for cell in row):
            try:
                log.add(*_values(row, places, days))
            except ValueError as error:
                faults.append(f"第 {number} 行：{error}")
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise UnreadableLog(faults)
    return log


def _values(
    row: Sequence[str], places: Sequence[int], days: dict[str, int]
) -> tuple[str, int, int]:
    """Customer, day, amount of a row; each spelling of a day is read once."""
    if len(row) <= max(places):
        raise ValueError("列数不够")
    customer, day, amount = (row[place].strip() for place in places)
    if not customer:
        raise ValueError("没有写客户")
    if day not in days:
        days[day] = read_day(day)
    return customer, days[day], read_amount(amount)


def _reader(lines: Iterator[str]) -> Iterator[list[str]]:
    """Rows of a CSV whose separator is told by its first line."""
    first = next(lines, "")
    mark = max(",;\t", key=first.count)
    yield from csv.reader([first], delimiter=mark)
    yield from csv.reader(lines, delimiter=mark)


def _places(header: Sequence[str]) -> list[int]:
    """Where customer, date and amount stand in a row."""
    said = [name.strip().strip("\ufeff").lower() for name in header]
    places = []
    for name, spellings in _NAMES.items():
        found = next((said.index(word) for word in spellings if word in said), None)
        if found is None:
            raise UnreadableLog(
                [f"第一行要写列名，其中缺少 {name}（{'、'.join(spellings)}）；读到的是：{said}"]
            )
        places.append(found)
    return places


def read_day(text: str) -> int:
    """The ordinal of a day in the spellings that registers write. Raises ValueError."""
    plain = text.strip().split("T", 1)[0].split(" ", 1)[0]
    try:
        return date.fromisoformat(plain).toordinal()
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(plain, form).date().toordinal()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    raise ValueError(f"日期“{text}”读不懂，请写成 2026-01-31")


def read_amount(text: str) -> int:
    """Hundredths of the currency unit. Raises ValueError."""
    plain = text.replace(",", "").replace("¥", "").replace("￥", "").replace("元", "").strip()
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"金额“{text}”不是数字") from None
    if not abs(value) < _LARGEST:
        raise ValueError(f"金额“{text}”大得不合理")
    return round(value * _CENTS)
