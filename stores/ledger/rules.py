"""How a till's receipt is read, pure: from plain JSON values to checked facts, or to its faults.

The API and the file import read through the same door, so a file cannot say what a till may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

CLAIM_KINDS = ("card", "phone", "external_userid", "marketplace")
MAX_LINES = 500
# A till's clock may be a day off and is believed; beyond that somebody mistyped a date.
CLOCK_AHEAD = timedelta(days=2)
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_RECEIPT_NO = re.compile(r"[^\s/]{1,80}")
_SKU = re.compile(r"\S(?:.{0,58}\S)?")
_CLAIM = re.compile(r"(?s:.{1,64})")
_REFUND_OF = re.compile(r"[^\s/]{1,80}/[1-9]\d{0,4}")
_LARGEST_AMOUNT = 10**12
# What neither the database keeps nor an answer can repeat: nothing, and halves of characters.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_KNOWN_FIELDS = frozenset(
    ("receipt_no", "lines", "store", "sold_at", "member", "served_by", "position", "currency")
)
_KNOWN_LINE_FIELDS = frozenset(("line", "sku", "quantity", "amount", "refund_of"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where, in words for the person who looks after the till."""

    where: str
    code: str
    text: str


class Unreadable(Exception):
    """The receipt has faults; none of it may be recorded."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.where}: {fault.text}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a sale, or with `refund_of` ("receipt_no/line") the taking back of one."""

    line: int
    sku: str
    quantity: int
    amount: int
    refund_of: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where it was sold or delivered; for the catchment, never for a person's whereabouts."""

    latitude: Decimal
    longitude: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a till says it sold. Codes and claims are still the till's words, not our numbers."""

    receipt_no: str
    store: str
    sold_at: datetime
    lines: tuple[Line, ...]
    claim: Mapping[str, str] = field(default_factory=dict)
    served_by: str = ""
    position: Position | None = None


def read_receipt(raw: object, *, now: datetime) -> Receipt:
    """The receipt that the values describe. Raises Unreadable with every fault found."""
    if not isinstance(raw, dict):
        raise Unreadable([Fault("", "not_an_object", "每张小票应为一个 JSON 对象。")])
    reader = _Reader(raw)
    receipt = Receipt(
        receipt_no=reader.matching(
            "receipt_no", _RECEIPT_NO, "小票号须为 1 至 80 个字符，不含空格和斜杠。"
        ),
        store=reader.text("store", 20, needed=True),
        sold_at=reader.moment("sold_at", now),
        lines=reader.lines(),
        claim=reader.claim(),
        served_by=reader.text("served_by", 20),
        position=reader.position(),
    )
    if raw.get("currency", "CNY") != "CNY":
        reader.blame("currency", "currency", "目前只接受人民币（CNY），金额以分为单位。")
    for name in sorted(set(raw) - _KNOWN_FIELDS, key=str):
        reader.blame(str(name), "unknown_field", "不认识的字段，请对照接口文档。")
    if reader.faults:
        raise Unreadable(reader.faults)
    return receipt


def digest_of(receipt: Receipt, line: Line) -> bytes:
    """What makes two tellings of a line the same fact.

    Not the member: she may show her card after the sale, and that is no contradiction.
    """
    place = receipt.position
    content = [
        receipt.store,
        receipt.sold_at.astimezone(UTC).isoformat(),
        receipt.served_by,
        [str(place.latitude), str(place.longitude)] if place else None,
        line.sku,
        line.quantity,
        line.amount,
        line.refund_of,
    ]
    return sha256(json.dumps(content, ensure_ascii=False).encode()).digest()


class _Reader:
    """Reads one object's fields and collects faults instead of stopping at the first."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.faults: list[Fault] = []

    def blame(self, where: str, code: str, text: str) -> None:
        self.faults.append(Fault(writable(where), code, text))

    def text(self, name: str, longest: int, *, needed: bool = False) -> str:
        value = self.raw.get(name)
        if value is None and not needed:
            return ""
        said = value if isinstance(value, str) and not _UNWRITABLE.search(value) else None
        if said is None or len(said) > longest or (needed and not said.strip()):
            self.blame(name, "text", f"须为不超过 {longest} 个字符的文字。")
            return ""
        return said.strip()

    def matching(self, name: str, pattern: re.Pattern[str], complaint: str) -> str:
        value = self.raw.get(name)
        if not _fits(value, pattern):
            self.blame(name, "text", complaint)
            return ""
        return str(value)

    def moment(self, name: str, now: datetime) -> datetime:
        value = self.raw.get(name)
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.blame(name, "moment", "须为带时区的时间，例如 2026-11-20T19:30:00+08:00。")
            return now
        if not _OLDEST <= at <= now + CLOCK_AHEAD:
            self.blame(
                name, "moment_out_of_range", "时间早于 2000 年或晚于后天，请检查收银机的时钟。"
            )
            return now
        return at.astimezone(UTC)

    def claim(self) -> Mapping[str, str]:
        value = self.raw.get("member")
        if value is None:
            return {}
        fits = isinstance(value, dict) and len(value) == 1
        kind, said = next(iter(value.items())) if fits else ("", "")
        if kind not in CLAIM_KINDS or not _fits(said, _CLAIM):
            self.blame("member", "member", f"会员请只给出 {'、'.join(CLAIM_KINDS)} 中的一项。")
            return {}
        return {kind: said}

    def position(self) -> Position | None:
        value = self.raw.get("position")
        if value is None:
            return None
        try:
            place = Position(_degrees(value["latitude"], 90), _degrees(value["longitude"], 180))
        except (KeyError, TypeError, ValueError, InvalidOperation):
            self.blame("position", "position", "位置须含 latitude 与 longitude 两个度数。")
            return None
        return place

    def lines(self) -> tuple[Line, ...]:
        value = self.raw.get("lines")
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_LINES:
            self.blame("lines", "lines", f"每张小票须有 1 至 {MAX_LINES} 行。")
            return ()
        found = [self._line(f"lines[{i}]", item) for i, item in enumerate(value)]
        lines = tuple(line for line in found if line is not None)
        if len({line.line for line in lines}) < len(lines):
            self.blame("lines", "line_twice", "同一张小票里行号重复。")
        return lines

    def _line(self, where: str, raw: object) -> Line | None:
        if not isinstance(raw, dict):
            self.blame(where, "not_an_object", "每一行应为一个 JSON 对象。")
            return None
        before = len(self.faults)
        number = self._whole(where, raw, "line", lowest=1, highest=99_999)
        quantity = self._whole(where, raw, "quantity", lowest=-(10**6), highest=10**6)
        amount = self._whole(where, raw, "amount", lowest=-_LARGEST_AMOUNT, highest=_LARGEST_AMOUNT)
        sku = raw.get("sku")
        if not _fits(sku, _SKU):
            self.blame(f"{where}.sku", "text", "货号须为 1 至 60 个字符。")
        refund_of = self._refund_of(where, raw.get("refund_of"), amount)
        for name in sorted(set(raw) - _KNOWN_LINE_FIELDS, key=str):
            self.blame(f"{where}.{name}", "unknown_field", "不认识的字段，请对照接口文档。")
        if len(self.faults) > before:
            return None
        return Line(number, str(sku), quantity, amount, refund_of)

    def _whole(
        self, where: str, raw: Mapping[str, Any], name: str, *, lowest: int, highest: int
    ) -> int:
        value = raw.get(name)
        # True is an int to Python, and 12.0 is a rounding fault waiting to happen.
        if type(value) is not int or not lowest <= value <= highest:
            unit = "（金额以分为单位）" if name == "amount" else ""
            self.blame(
                f"{where}.{name}", "whole_number", f"须为 {lowest} 至 {highest} 的整数{unit}。"
            )
            return 0
        return value

    def _refund_of(self, where: str, value: object, amount: int) -> str:
        if value is None or value == "":
            return ""
        if not _fits(value, _REFUND_OF):
            self.blame(f"{where}.refund_of", "refund_of", "退货请写原小票号/行号，例如 A1001/2。")
            return ""
        if amount > 0:
            self.blame(f"{where}.amount", "refund_above_zero", "退货行的金额应为负数。")
        return str(value)


def writable(text: str) -> str:
    """The text without what no answer can repeat."""
    return _UNWRITABLE.sub("�", text)


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    is_text = isinstance(value, str) and not _UNWRITABLE.search(value)
    return is_text and pattern.fullmatch(str(value)) is not None


def _degrees(value: object, limit: int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    degrees = Decimal(str(value)).quantize(Decimal("0.000001"))
    if not abs(degrees) <= limit:
        raise ValueError
    return degrees
