"""What the floors above say of a hand-over: how many pass on, who cannot, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

from kit.actor import Actor
from stores.org.models import HandOver

Tone = Literal["", "main", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Count:
    """So many of them are in this state; `why` says it in a sentence."""

    word: str
    number: int
    tone: Tone = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Customers, or groups, of one hand-over.

    `under_way` found no end yet; `undecided` were refused and wait for a person's word. `portions`
    says how many each successor gets; `notes` are sentences: what WeCom's quotas mean for it.
    `tablet` and `hq` lead to the list behind it.
    """

    key: str
    title: str
    unit: str
    total: int
    counts: Sequence[Count] = field(default_factory=tuple)
    portions: Sequence[tuple[str, int]] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    under_way: int = 0
    undecided: int = 0
    tablet: str = ""
    hq: str = ""

    @property
    def most(self) -> int:
        """The longest of the portions, for bars on one scale."""
        return max((number for _, number in self.portions), default=0)


def parts_of(actor: Actor, handover: HandOver) -> list[Part]:
    """Every floor's part, a preview before the decision and progress after it."""
    paths: Iterable[str] = import_string(settings.HANDOVER_PARTS)
    found: list[Part] = []
    for path in paths:
        supply: Callable[[Actor, HandOver], Part] = import_string(path)
        found.append(supply(actor, handover))
    return found


def is_done(handover: HandOver, parts: Sequence[Part]) -> bool:
    """Every floor has written down what it does, nothing is under way, nobody waits for a word."""
    planned = set(handover.planned_parts)
    return all(part.key in planned and not part.under_way and not part.undecided for part in parts)
