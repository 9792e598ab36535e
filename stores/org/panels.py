"""What floors may put on HQ's start page: small pictures and short lists that lead somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A series on one scale with zero at the base. `now` and `before` are sums said in words.

    `labels` name the first and the last value; `href` is the list behind the picture.
    """

    key: str
    title: str
    now: str
    before: str
    values: Sequence[float]
    labels: tuple[str, str]
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a list: what, why, how much, and where it leads."""

    text: str
    why: str = ""
    figure: str = ""
    href: str = ""
    tone: Literal["", "good", "warn", "bad"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A short list with a way to the whole one, and what it says when it is empty."""

    key: str
    title: str
    lines: Sequence[Line]
    href: str
    when_empty: str
