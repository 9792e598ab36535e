"""Receipts out of files, one at a time: CSV and XLSX with a row per line, NDJSON with one per
receipt.

Nothing is held but the receipt at hand, so a file may be as long as the disk.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from itertools import groupby
from pathlib import Path
from typing import TextIO

from stores.ledger.columns import Reading, WrongColumns
from stores.ledger.sheets import Unreadable, rows_of

PLAIN = Reading()


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """A receipt as the intake takes it, and the row of the file where it begins."""

    row: int
    raw: object


def receipts_in(path: Path, reading: Reading = PLAIN) -> Iterator[FileReceipt]:
    """The receipts of a file by its ending: `.csv`, `.xlsx`, else lines of JSON.

    Raises WrongColumns.
    """
    ending = path.suffix.lower()
    if ending == ".xlsx":
        yield from _grouped(_rows_of_sheet(path), reading)
        return
    # A spreadsheet writes a byte order mark; nobody means it.
    with path.open(encoding="utf-8-sig", newline="") as opened:
        if ending == ".csv":
            yield from _grouped(_rows_of_csv(opened), reading)
        else:
            yield from _from_lines(opened)


def fingerprint(path: Path, reading: Reading) -> str:
    """Of what the file says and of how it is read."""
    with path.open("rb") as opened:
        content = file_digest(opened, "sha256").hexdigest()
    said = [content, dict(reading.names), dict(reading.constants), reading.in_yuan, reading.zone]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _from_lines(opened: TextIO) -> Iterator[FileReceipt]:
    for row, text in enumerate(opened, start=1):
        if not text.strip():
            continue
        try:
            raw: object = json.loads(text)
        except ValueError:
            raw = None
        yield FileReceipt(row, raw)


def _rows_of_csv(opened: TextIO) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(opened)
    for cells in reader:
        yield reader.line_num, cells


def _rows_of_sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open("rb") as opened:
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
