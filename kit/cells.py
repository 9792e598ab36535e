"""Cells of files that spreadsheets open."""

from __future__ import annotations

from typing import Final

_LIVING: Final = tuple("=+-@\t\r\n\0＝＋－＠")


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, whatever stands in it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u3000\u00a0\ufeff").startswith(_LIVING) else text
