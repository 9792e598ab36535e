"""Two versions of a notice side by side, in lines a person can read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the newer text, or one of the older that is gone."""

    change: Change
    text: str


def compared(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    """Paragraph by paragraph: what stayed, what is gone, what came; in reading order."""
    lines: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            lines += [Line(Change.SAME, text) for text in after[c:d]]
            continue
        lines += [Line(Change.GONE, text) for text in before[a:b]]
        lines += [Line(Change.ADDED, text) for text in after[c:d]]
    return lines


def paragraphs(*texts: str) -> list[str]:
    """Texts as paragraphs, empty ones left out."""
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
