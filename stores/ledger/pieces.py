"""A file that somebody uploaded, cut into pieces for a table: any worker of any machine can read
it, and however long it is, one piece of it lies in memory.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

_SIZE = 512 * 1024
_BUFFER = 1 << 18


def pieces_of(opened: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces of one length, the last one shorter."""
    while body := opened.read(_SIZE):
        yield body


def to_text(body: bytes) -> str:
    """A piece as a sealed field takes it."""
    return base64.b64encode(body).decode()


def joined(size: int, text_of: Callable[[int], str]) -> IO[bytes]:
    """The file again as one stream; `text_of` gives the text of a piece by its number."""
    return cast(IO[bytes], io.BufferedReader(_Pieces(size, text_of), _BUFFER))


class _Pieces(io.RawIOBase):
    """Holds the piece at hand."""

    def __init__(self, size: int, text_of: Callable[[int], str]) -> None:
        self._size, self._text_of, self._at = size, text_of, 0
        self._number, self._held = -1, b""
        self._piece = max(1, len(self._body(0))) if size else 1

    def _body(self, number: int) -> bytes:
        if number != self._number:
            self._number, self._held = number, base64.b64decode(self._text_of(number))
        return self._held

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + {0: 0, 1: self._at, 2: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        number, within = divmod(self._at, self._piece)
        part = self._body(number)[within : within + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
