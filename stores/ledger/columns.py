"""How a file's own columns are read as ours, pure: renamed, filled in, turned into minor units.

Retailers' files call things by other names, number no lines and write prices with a point; this
says once how, so that nobody has to rewrite a million rows by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from stores.ledger.heads import Field

FIELDS: Final[Mapping[str, Field]] = {
    "receipt_no": Field("小票号", ("小票号", "小票", "单号", "订单号", "流水号", "receipt_no")),
    "line": Field("行号", ("行号", "小票行", "line")),
    "sku": Field("货号", ("货号", "商品编码", "商品编号", "款号", "条码", "sku")),
    "quantity": Field("数量", ("数量", "件数", "销售数量", "quantity", "qty")),
    "amount": Field(
        "金额", ("金额", "实收", "实付", "实收金额", "实付金额", "成交金额", "销售额", "amount")
    ),
    "refund_of": Field("退货原单（小票号/行号）", ("退货原单", "原单", "原单号", "refund_of")),
    "store": Field("门店编号", ("门店", "门店编号", "门店代码", "店号", "店铺", "store")),
    "sold_at": Field(
        "销售时间",
        ("销售时间", "交易时间", "成交时间", "下单时间", "支付时间", "日期", "时间", "sold_at"),
    ),
    "card": Field("会员卡号", ("会员卡号", "会员号", "卡号", "card")),
    "phone": Field("会员手机号", ("手机号", "手机", "会员手机", "会员手机号", "电话", "phone")),
    "external_userid": Field("企微客户 ID", ("external_userid",)),
    "served_by": Field("接待导购工号", ("导购", "导购工号", "工号", "营业员", "served_by")),
    "latitude": Field("纬度", ("纬度", "latitude")),
    "longitude": Field("经度", ("经度", "longitude")),
}
COLUMNS: Final = tuple(FIELDS)
NEEDED: Final = frozenset(("receipt_no", "sku", "quantity", "amount", "store", "sold_at"))
_DAYS_OF_EXCEL = re.compile(r"\d{5}(\.\d+)?")
_DUST = Decimal("0.000001")
_CLAIMS = ("card", "phone", "external_userid")
# 2026/3/1 19:30, as spreadsheets write it.
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?")


class WrongColumns(Exception):
    """The file's head lacks what a receipt needs, or has what nobody knows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`names`: our column → the file's. `constants`: our column → one value for every row.

    With names given, other columns of the file are left alone. `in_yuan`: amounts are written with
    a decimal point. `zone`: of times without one. Without a column `line` the rows of a receipt
    are numbered as they stand.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    in_yuan: bool = False
    zone: str = ""

    @classmethod
    def of(cls, names: Mapping[str, str], *, store: str, in_yuan: bool, zone: str) -> Reading:
        """What HQ said of a file; `store` is that of every row, where no column names one."""
        constants = {"store": store} if store and "store" not in names else {}
        return cls(dict(names), constants, in_yuan, zone)

    def as_json(self) -> dict[str, Any]:
        """As a row keeps it; `Reading(**json)` is the same again."""
        return asdict(self)

    def lacks(self) -> list[str]:
        """The titles of what a receipt needs and nothing says."""
        missing = NEEDED - self.names.keys() - self.constants.keys()
        return [one.title for name, one in FIELDS.items() if name in missing]

    def place(self, head: Sequence[str]) -> dict[str, int]:
        """Our column → its position in a row. Raises WrongColumns."""
        positions = {name: place for place, name in enumerate(head)}
        strange = sorted({*self.names, *self.constants} - set(COLUMNS))
        if not self.names:
            strange += sorted(set(positions) - set(COLUMNS) - {""})
        missing = [name for name in self.names.values() if name not in positions]
        found = {
            ours: positions[self.names.get(ours, ours)]
            for ours in COLUMNS
            if self.names.get(ours, ours) in positions and ours not in self.constants
        }
        missing += sorted(NEEDED - found.keys() - self.constants.keys())
        if missing or strange:
            raise WrongColumns(f"missing: {missing}, unknown: {strange}")
        return found

    def fields(self, row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
        """A row by our columns."""
        said = {ours: row[place] if place < len(row) else "" for ours, place in places.items()}
        return {**said, **self.constants}

    def receipt(self, rows: Iterable[Mapping[str, str]]) -> dict[str, Any]:
        """The receipt that these rows tell, in the shape in which the API takes it."""
        together = list(rows)
        first = together[0]
        raw: dict[str, Any] = {
            "receipt_no": first["receipt_no"],
            "store": first["store"],
            "sold_at": self._moment(first["sold_at"]),
            "lines": [self._line(row, number) for number, row in enumerate(together, start=1)],
        }
        claim = {kind: first[kind] for kind in _CLAIMS if first.get(kind)}
        if claim:
            raw["member"] = claim
        if first.get("served_by"):
            raw["served_by"] = first["served_by"]
        if first.get("latitude") or first.get("longitude"):
            raw["position"] = {name: first.get(name) or "" for name in ("latitude", "longitude")}
        return raw

    def _line(self, row: Mapping[str, str], number: int) -> dict[str, Any]:
        line: dict[str, Any] = {
            "line": _whole(row["line"]) if "line" in row else number,
            "sku": row["sku"],
            "quantity": _whole(row["quantity"]),
            "amount": self._amount(row["amount"]),
        }
        if row.get("refund_of"):
            line["refund_of"] = row["refund_of"]
        return line

    def _amount(self, text: str) -> int | str:
        if not self.in_yuan:
            return _whole(text)
        try:
            minor = Decimal(text) * 100
        except InvalidOperation:
            return text
        whole = minor.to_integral_value()
        # What a spreadsheet's arithmetic leaves behind, 1.8e-15 for nothing, is no part of a cent.
        return int(whole) if abs(minor - whole) < _DUST else text

    def _moment(self, text: str) -> str:
        if not self.zone:
            return text
        try:
            at = _of_excel(text) or _slashed(text) or datetime.fromisoformat(text)
        except ValueError:
            return text
        return text if at.tzinfo else at.replace(tzinfo=ZoneInfo(self.zone)).isoformat()


def _of_excel(text: str) -> datetime | None:
    """A spreadsheet keeps a moment as days since the end of 1899; None for anything else."""
    if not _DAYS_OF_EXCEL.fullmatch(text):
        return None
    return datetime(1899, 12, 30) + timedelta(seconds=round(float(text) * 86_400))  # noqa: DTZ001


def _slashed(text: str) -> datetime | None:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


def _whole(text: str) -> int | str:
    """A number where it is one; otherwise the text itself, for the reader to complain about."""
    try:
        return int(text)
    except ValueError:
        return text
