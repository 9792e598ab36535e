"""Tables as files that spreadsheets open: CSV with a mark of its encoding, and XLSX.

In XLSX a text is told to be text; in CSV one that a spreadsheet would take for a formula gets an
apostrophe.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Final

from xlsxwriter import Workbook

from stores.ledger.sheets import safe_cell

Cell = str | int | float | None
# XML 1.0 knows no such characters, however they are written.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AS_TEXT: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
# The same figures make the same file.
_MADE_AT: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: the name of its file, the heads of its columns, its rows."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def as_csv(sheet: Sheet) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    held = StringIO()
    writer = csv.writer(held)
    for row in (sheet.head, *sheet.rows):
        writer.writerow([_dead(cell) for cell in row])
    return held.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """A workbook of one sheet; texts as texts, numbers as numbers. Twice the same bytes."""
    held = BytesIO()
    with Workbook(held, _AS_TEXT) as book:
        book.set_properties({"created": _MADE_AT})
        page = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.name)[:31] or "表")
        page.freeze_panes(1, 0)
        for line, row in enumerate((sheet.head, *sheet.rows)):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(line, place, _UNSPEAKABLE.sub("", cell))
                elif cell is not None:
                    page.write_number(line, place, cell)
    return held.getvalue()


def _dead(cell: Cell) -> Cell:
    return cell if isinstance(cell, (int, float)) else safe_cell(cell)
