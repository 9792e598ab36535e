"""Whether what a guide said was the bot's answer, and how good articles are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

# After two hours the talk in a group has moved on.
WAITS: Final = timedelta(hours=2)
_ALIKE: Final = 0.6
# Fewer judged drafts say nothing about an article.
ENOUGH: Final = 20
TARGET: Final = 0.9


class Likeness(StrEnum):
    """How what was said compares with what was written."""

    AS_IS = "as_is"
    EDITED = "edited"
    OTHER = "other"


def likeness(written: str, said: str) -> Likeness:
    """Signs and blanks do not count; six tenths in common are the same answer, edited."""
    one, other = _bare(written), _bare(said)
    if not one or not other:
        return Likeness.OTHER
    if one == other:
        return Likeness.AS_IS
    if SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE:
        return Likeness.EDITED
    return Likeness.OTHER


@dataclass(frozen=True, slots=True)
class Score:
    """What guides did with an article's drafts."""

    as_is: int
    edited: int
    dismissed: int

    @property
    def judged(self) -> int:
        return self.as_is + self.edited + self.dismissed

    @property
    def precision(self) -> float | None:
        """The share that a guide let stand; an edited one counts half."""
        return (self.as_is + self.edited / 2) / self.judged if self.judged else None

    @property
    def is_weak(self) -> bool:
        """Judged often enough, and below target: the article mutes itself."""
        precision = self.precision
        return precision is not None and self.judged >= ENOUGH and precision < TARGET


def _bare(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())
