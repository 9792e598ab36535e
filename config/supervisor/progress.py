"""How the demo speaks while it opens: numbered steps with their times, and words in between."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}


@dataclass
class Progress:
    """Prints to one stream, coloured only when a person looks at a terminal."""

    total: int
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    done: int = 0

    def paint(self, text: str, colour: str) -> str:
        """Colour a text for a terminal; leave it plain for a file."""
        if not self.stream.isatty() or os.environ.get("NO_COLOR"):
            return text
        return f"\033[{COLOURS[colour]}m{text}\033[0m"

    def line(self, text: str = "") -> None:
        """Print a line now, not when a buffer is full: somebody may be waiting for it."""
        print(text, file=self.stream, flush=True)

    def say(self, word: str) -> None:
        """Print a word that belongs to the step under way."""
        self.line(f"        {word}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and, when it is through, the time it took; a failed one is marked and
        raised.
        """
        self.done += 1
        number = f"[{self.done}/{self.total}]"
        self.line(f"{self.paint(number, 'cyan')} {title} …")
        began = time.monotonic()
        try:
            yield
        except Exception:
            self.line(self.paint(f"      ✗ {title}", "red"))
            raise
        self.line(self.paint(f"      ✓ {time.monotonic() - began:.1f} s", "green"))

    def box(self, lines: list[str]) -> None:
        """Set lines apart from everything else that is printed."""
        rule = "─" * 72
        self.line()
        self.line(self.paint(rule, "green"))
        for text in lines:
            self.line(f"  {text}")
        self.line(self.paint(rule, "green"))
