"""Receipts out of files, one at a time: CSV and XLSX with a row per line, NDJSON with one per
receipt.

Nothing is held but the receipt at hand, so a file may be as long as the disk.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import IO, TextIO

from stores.ledger.columns import Reading, WrongColumns
from stores.ledger.sheets import Unreadable, encoding_of, rows_of, sign_of

PLAIN = Reading()


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """A receipt as the intake takes it, and the row of the file where it begins."""

    row: int
    raw: object


@dataclass(frozen=True, slots=True)
class PurchaseFile:
    """A file, wherever it lies: `csv`, `xlsx`, or `ndjson` with a receipt a line."""

    kind: str
    open: Callable[[], IO[bytes]]

    @classmethod
    def at(cls, path: Path) -> PurchaseFile:
        """One on this machine's disk, by its ending."""
        ending = path.suffix.lower().removeprefix(".")
        kind = ending if ending in ("csv", "xlsx") else "ndjson"
        return cls(kind, lambda: path.open("rb"))


def receipts_in(file: PurchaseFile, reading: Reading = PLAIN) -> Iterator[FileReceipt]:
    """The receipts of a file in their order. Raises WrongColumns, UnicodeDecodeError."""
    with file.open() as opened:
        if file.kind == "ndjson":
            yield from _from_lines(TextIOWrapper(opened, encoding="utf-8-sig", newline=""))
        else:
            yield from _grouped(_rows(opened, file.kind), reading)


def head_of(file: PurchaseFile) -> list[str]:
    """The heads of a table's columns; empty for an empty file. Raises as `receipts_in` does."""
    with file.open() as opened:
        _, cells = next(_rows(opened, file.kind), (0, []))
        return [cell.strip() for cell in cells]


def fingerprint(content: str, reading: Reading) -> str:
    """Of what the file says and of how it is read."""
    said = [content, dict(reading.names), dict(reading.constants), reading.in_yuan, reading.zone]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def content_of(path: Path) -> str:
    """The digest of what stands in a file."""
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _rows(opened: IO[bytes], kind: str) -> Iterator[tuple[int, list[str]]]:
    return _rows_of_sheet(opened) if kind == "xlsx" else _rows_of_csv(opened)


def _from_lines(opened: TextIO) -> Iterator[FileReceipt]:
    for row, text in enumerate(opened, start=1):
        if not text.strip():
            continue
        try:
            raw: object = json.loads(text)
        except ValueError:
            raw = None
        yield FileReceipt(row, raw)


def _rows_of_csv(opened: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    encoding = encoding_of(opened)
    sign = sign_of(opened.readline())
    opened.seek(0)
    reader = csv.reader(TextIOWrapper(opened, encoding=encoding, newline=""), delimiter=sign)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise WrongColumns(str(error)) from error


def _rows_of_sheet(opened: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    try:
        for row, (cells, _) in enumerate(rows_of(opened, "xlsx"), start=1):
            yield row, cells
    except Unreadable as error:
        raise WrongColumns(str(error)) from error


def _grouped(
    numbered: Iterator[tuple[int, Sequence[str]]], reading: Reading
) -> Iterator[FileReceipt]:
    _, head = next(numbered, (0, ()))
    places = reading.place([name.strip() for name in head])
    rows: Iterable[tuple[int, dict[str, str]]] = (
        (row, reading.fields(cells, places)) for row, cells in numbered if any(cells)
    )
    # Lines of a receipt stand together; a receipt that comes back later is told again, harmlessly.
    for _, found in groupby(rows, key=lambda pair: pair[1]["receipt_no"]):
        together = list(found)
        yield FileReceipt(together[0][0], reading.receipt(row for _, row in together))
