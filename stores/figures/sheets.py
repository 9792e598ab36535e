"""Tables as files that spreadsheets open: CSV with a mark of its encoding, and XLSX.

XLSX is written here: a workbook of one sheet is a handful of lines of XML, and a text in it is told
to be text, so that nothing is ever taken for a formula. In CSV such a text gets an apostrophe.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Cell = str | int | float | None
_LIVING: Final = tuple("=+-@\t\r\n\0＝＋－＠")
# XML 1.0 knows no such characters, however they are written.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TYPES: Final = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    "</Types>"
)
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


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
    rows = "".join(
        f'<row r="{n}">{"".join(_cell(cell) for cell in row)}</row>'
        for n, row in enumerate((sheet.head, *sheet.rows), start=1)
    )
    title = escape(_UNSPEAKABLE.sub("", re.sub(r"[\[\]:*?/\\]", " ", sheet.name))[:31] or "表")
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1"'
        f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{title}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as book:
        for path, xml in parts.items():
            book.writestr(ZipInfo(path), f"{_HEAD}{xml}", ZIP_DEFLATED)
    return held.getvalue()


def _dead(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if cell.lstrip(" \u3000\u00a0\ufeff").startswith(_LIVING) else cell


def _cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, str):
        text = escape(_UNSPEAKABLE.sub("", cell))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c><v>{cell}</v></c>"
