"""A list of people as one file that opens with a password: a spreadsheet, AES-256 around it.

Rows go straight into the archive: libraries for spreadsheets hold every cell in memory or leave
the clear rows in a temporary file. Nothing of it touches the disk here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, TextIOWrapper
from typing import Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from msoffcrypto.format.ooxml import OOXMLFile

from stores.ledger.sheets import safe_cell

KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# No letter or figure that is read as another one over the telephone.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
# XML 1.0 knows no such characters, however they are written.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEETS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_OFFICE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_OFFICE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SHEETS}" xmlns:r="{_LINKS}"><sheets>'
    '<sheet name="名单" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}
# msoffcrypto 6.1 puts a package of less than 4096 bytes where its seal does not fit it: blanks
# after the root of one part, which every reader passes over, keep each file above that.
_LEAST: Final = 8192
_PADDED: Final = "xl/workbook.xml"


def new_password() -> str:
    """Sixteen letters and figures in four groups: 79 bits, and it can be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))


def parcel(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, mark: str, password: str
) -> bytes:
    """The file that opens with this password alone; `mark` is printed on each of its pages."""
    plain, closed = BytesIO(), BytesIO()
    with ZipFile(plain, "w", ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            least = _LEAST if name == _PADDED else 0
            book.writestr(name, (_HEAD + text).ljust(least), ZIP_STORED)
        with TextIOWrapper(book.open("xl/worksheets/sheet1.xml", "w"), "utf-8") as sheet:
            sheet.writelines(_sheet(head, rows, mark))
    plain.seek(0)
    OOXMLFile(plain).encrypt(password, closed)
    return closed.getvalue()


def _sheet(head: Sequence[str], rows: Iterable[Sequence[object]], mark: str) -> Iterator[str]:
    """The parts of the one sheet; its head stays in sight."""
    yield (
        f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f'</sheetView></sheetViews><cols><col min="1" max="{len(head)}" width="18"'
        ' customWidth="1"/></cols><sheetData>'
    )
    yield _row(1, head)
    for number, cells in enumerate(rows, start=2):
        yield _row(number, cells)
    # Within a page's foot "&" begins a command.
    printed = escape(mark.replace("&", "&&"))
    yield f"</sheetData><headerFooter><oddFooter>&amp;L{printed}</oddFooter></headerFooter>"
    yield "</worksheet>"


def _row(number: int, cells: Sequence[object]) -> str:
    """Every cell is told to be a text, and none begins as a formula would."""
    texts = "".join(
        '<c t="inlineStr"><is><t xml:space="preserve">'
        f"{escape(_UNSPEAKABLE.sub('', safe_cell(cell)))}</t></is></c>"
        for cell in cells
    )
    return f'<row r="{number}">{texts}</row>'
