"""Receipts out of files, one at a time: CSV with a row per line, or NDJSON with one per receipt.

Nothing is held but the receipt at hand, so a file may be as long as the disk.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

COLUMNS = (
    "receipt_no", "line", "sku", "quantity", "amount", "refund_of", "store", "sold_at",
    "card", "phone", "external_userid", "served_by", "latitude", "longitude",
)  # fmt: skip
NEEDED = frozenset(("receipt_no", "line", "sku", "quantity", "amount", "store", "sold_at"))
_CLAIMS = ("card", "phone", "external_userid")
_WHOLE = ("line", "quantity", "amount")


class WrongColumns(Exception):
    """The file's head lacks what a receipt needs, or has what nobody knows."""


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """A receipt as the intake takes it, and the row of the file where it begins."""

    row: int
    raw: object


def receipts_in(path: Path) -> Iterator[FileReceipt]:
    """The receipts of a file by its ending: `.csv`, else lines of JSON. Raises WrongColumns."""
    # A spreadsheet writes a byte order mark; nobody means it.
    with path.open(encoding="utf-8-sig", newline="") as opened:
        yield from _from_csv(opened) if path.suffix.lower() == ".csv" else _from_lines(opened)


def _from_lines(opened: TextIO) -> Iterator[FileReceipt]:
    for row, text in enumerate(opened, start=1):
        if not text.strip():
            continue
        try:
            raw: object = json.loads(text)
        except ValueError:
            raw = None
        yield FileReceipt(row, raw)


def _from_csv(opened: TextIO) -> Iterator[FileReceipt]:
    reader = csv.DictReader(opened)
    head = set(reader.fieldnames or ())
    if not head >= NEEDED or not head <= set(COLUMNS):
        missing, unknown = sorted(NEEDED - head), sorted(head - set(COLUMNS))
        raise WrongColumns(f"missing: {missing}, unknown: {unknown}")
    numbered: Iterable[tuple[int, dict[str, str]]] = ((reader.line_num, row) for row in reader)
    # Lines of a receipt stand together; a receipt that comes back later is told again, harmlessly.
    for _, rows in groupby(numbered, key=lambda pair: pair[1]["receipt_no"]):
        together = list(rows)
        yield FileReceipt(together[0][0], _receipt([row for _, row in together]))


def _receipt(rows: list[dict[str, str]]) -> dict[str, Any]:
    first = rows[0]
    raw: dict[str, Any] = {
        "receipt_no": first["receipt_no"],
        "store": first["store"],
        "sold_at": first["sold_at"],
        "lines": [_line(row) for row in rows],
    }
    claim = {kind: first[kind] for kind in _CLAIMS if first.get(kind)}
    if claim:
        raw["member"] = claim
    if first.get("served_by"):
        raw["served_by"] = first["served_by"]
    if first.get("latitude") or first.get("longitude"):
        raw["position"] = {name: first.get(name) or "" for name in ("latitude", "longitude")}
    return raw


def _line(row: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {name: _whole(row[name]) for name in _WHOLE}
    line["sku"] = row["sku"]
    if row.get("refund_of"):
        line["refund_of"] = row["refund_of"]
    return line


def _whole(text: str) -> int | str:
    """A number where it is one; otherwise the text itself, for the reader to complain about."""
    try:
        return int(text)
    except ValueError:
        return text
