"""Rows out of a CSV or XLSX file, one at a time; nothing is held but the row at hand. And what a
cell has to be that goes the other way.

XLSX is read here, not by a library: those at hand keep every text of the sheet in memory.
"""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from typing import IO, Any, cast
from xml.etree.ElementTree import ParseError, XMLPullParser

_SHEET = "xl/worksheets/sheet1.xml"
_TEXTS = "xl/sharedStrings.xml"
_CHUNK = 1 << 16
_MOST_COLUMNS = 200
# A sheet that unpacks to more than this is a bomb, not a list.
_LARGEST = 4 << 30
_LONGEST_CELL = 10_000
_DAY_OF_EXCEL = re.compile(r"^\d{5}(\.\d+)?$")
_LIVING = tuple("=+-@\t\r\n\0＝＋－＠")


class Unreadable(Exception):
    """The file is none of ours; the message says why, in words for HQ."""


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, whatever stands in it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u3000\u00a0\ufeff").startswith(_LIVING) else text


def rows_of(opened: IO[bytes], kind: str, *, start: int = 0) -> Iterator[tuple[list[str], int]]:
    """The rows of a file, its head among them, each with the place where the next one begins.

    A CSV can be read on from such a place; an XLSX only from its beginning, its places are 0.
    Raises Unreadable.
    """
    if kind == "xlsx":
        for cells in _from_xlsx(opened):
            yield cells, 0
    else:
        yield from _from_csv(opened, start)


def kind_of(name: str, head: bytes) -> str:
    """By what stands in it, not by its name alone. Raises Unreadable."""
    if head[:4] == b"PK\x03\x04":
        return "xlsx"
    if name.lower().endswith((".xls", ".xlsx")) or b"\0" in head:
        raise Unreadable("请另存为 .xlsx 或 .csv 再上传。")
    return "csv"


# ---------------------------------------------------------------- CSV


def _from_csv(opened: IO[bytes], start: int) -> Iterator[tuple[list[str], int]]:
    encoding = encoding_of(opened)
    sign = sign_of(opened.readline())
    csv.field_size_limit(_LONGEST_CELL)
    opened.seek(start)
    try:
        for line, after in _lines(opened, start):
            text = line.decode(encoding if not start else encoding.replace("-sig", ""))
            row = next(csv.reader([text], delimiter=sign), [])
            if any(cell.strip() for cell in row):
                yield [cell.strip(" \ufeff\t") for cell in row[:_MOST_COLUMNS]], after
    except (csv.Error, UnicodeDecodeError) as fault:
        raise Unreadable("文件里有读不出的字符，请另存为 UTF-8 的 CSV 再上传。") from fault


def _lines(opened: IO[bytes], start: int) -> Iterator[tuple[bytes, int]]:
    """Lines as a spreadsheet means them: a break inside quotes does not end one.

    Neither a quote nor a line's end is ever the second byte of a GB 18030 character.
    """
    held, after = b"", start
    for line in opened:
        held, after = held + line, after + len(line)
        if len(held) > _LONGEST_CELL * 20:
            raise Unreadable("有一行太长，或有一个引号没有关上。")
        if held.count(b'"') % 2 == 0:
            yield held.rstrip(b"\r\n"), after
            held = b""
    if held:
        yield held, after


def sign_of(first: bytes) -> str:
    """What stands between the cells of a CSV, by its first line."""
    return max(",\t;", key=lambda one: first.count(one.encode()))


def encoding_of(opened: IO[bytes]) -> str:
    """UTF-8 where it is, else what Chinese spreadsheets write: GB 18030. Leaves it at its head."""
    head = opened.read(_CHUNK)
    opened.seek(0)
    try:
        # A character cut off at the end of the look is no fault.
        head[:-4].decode("utf-8-sig") if len(head) == _CHUNK else head.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        if fault.start < len(head) - 8:
            return "gb18030"
    return "utf-8-sig"


# ---------------------------------------------------------------- XLSX


class _Texts:
    """The sheet's shared texts in a file of their own, sixteen bytes of memory each."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the texts
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        body = text[:_LONGEST_CELL].encode()
        self._file.write(body)
        self._ends.append(self._ends[-1] + len(body))

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            return ""
        self._file.seek(self._ends[number])
        return self._file.read(self._ends[number + 1] - self._ends[number]).decode()


def _from_xlsx(opened: IO[bytes]) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(opened) as book:
            texts = _Texts()
            if _TEXTS in book.namelist():
                for text in _elements(book, _TEXTS, "si"):
                    texts.add("".join(part.text or "" for part in text.iter() if _is(part, "t")))
            for row in _elements(book, _SHEET, "row"):
                cells = _cells(row, texts)
                if any(cells):
                    yield cells
    except (zipfile.BadZipFile, KeyError, ParseError, ValueError, RuntimeError) as fault:
        raise Unreadable("这个 Excel 文件读不出来，请另存一份再上传。") from fault


def _elements(book: zipfile.ZipFile, name: str, wanted: str) -> Iterator[Any]:
    if book.getinfo(name).file_size > _LARGEST:
        raise Unreadable("这个 Excel 文件展开后太大，请分成几份。")
    parser = XMLPullParser(["start", "end"])
    parents: list[Any] = []
    with book.open(name) as part:
        read = 0
        while chunk := part.read(_CHUNK):
            read += len(chunk)
            if read > _LARGEST or b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                raise Unreadable("这个 Excel 文件里有不该有的内容。")
            parser.feed(chunk)
            for event, found in cast(Any, parser.read_events()):
                if event == "start":
                    parents.append(found)
                    continue
                parents.pop()
                if _is(found, wanted):
                    yield found
                    # What was read is let go of, here and where it hung.
                    found.clear()
                    if parents:
                        parents[-1].remove(found)


def _is(element: Any, name: str) -> bool:
    return bool(element.tag.rpartition("}")[2] == name)


def _cells(row: Any, texts: _Texts) -> list[str]:
    found: list[str] = []
    for cell in row:
        if not _is(cell, "c"):
            continue
        place = _column(cell.get("r", "")) if cell.get("r") else len(found)
        if place >= _MOST_COLUMNS:
            continue
        found.extend([""] * (place + 1 - len(found)))
        found[place] = _value(cell, texts).strip()
    return found


def _column(reference: str) -> int:
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


def _value(cell: Any, texts: _Texts) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter() if _is(part, "t"))
    held = next((part.text or "" for part in cell if _is(part, "v")), "")
    if kind == "s":
        return texts[int(held)] if held else ""
    # 13800000001 typed as a number comes as 13800000001, 1.3800000001E10 or with ".0".
    if kind == "n" and held and not held.isdigit() and not _DAY_OF_EXCEL.match(held):
        number = float(held)
        return str(int(number)) if number == int(number) else held
    return held
