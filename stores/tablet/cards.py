"""Cards of the Today page, and how they are gathered from every floor's suppliers.

A card says who, why, by when, and what tapping does. What is on it is decided above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from kit.actor import Actor
from stores.org.models import Guide

log = structlog.get_logger(__name__)

Urgency = Literal["now", "today", "kind", "news"]
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing for one guide. `key` is stable, so that a screen can tell it from another."""

    key: str
    urgency: Urgency
    title: str
    why: str
    href: str
    act: str
    due_at: datetime | None = None
    face: str = ""
    tone: Literal["a", "b", "c"] = "a"
    count: int | None = None


Supplier = Callable[[Actor, Guide, datetime], list[Card]]


@dataclass(frozen=True, slots=True)
class Hand:
    """All cards of a guide, by urgency; `is_whole` is false when a supplier failed."""

    cards: Sequence[Card] = field(default_factory=tuple)
    is_whole: bool = True

    def of(self, urgency: Urgency) -> list[Card]:
        """The cards of one section, the soonest first, else as the suppliers gave them."""
        found = [card for card in self.cards if card.urgency == urgency]
        return sorted(found, key=lambda card: card.due_at or _NEVER)

    def waiting_under(self, prefix: str) -> int:
        """How many things to do lead to addresses that begin so."""
        return sum(
            card.count or 1
            for card in self.cards
            if card.urgency in ("now", "today") and card.href.startswith(prefix)
        )


def suppliers() -> list[Supplier]:
    """The functions that the switchboard names."""
    paths: Iterable[str] = import_string(settings.TODAY_CARDS)
    return [import_string(path) for path in paths]


def collect(actor: Actor, guide: Guide, at: datetime) -> Hand:
    """Every card of the guide; call it inside `scope_of(actor)`.

    One supplier's fault costs its own cards only: what cannot wait must not hang on the rest.
    """
    cards: list[Card] = []
    is_whole = True
    for supply in suppliers():
        try:
            with transaction.atomic():
                cards += supply(actor, guide, at)
        except Exception:
            is_whole = False
            log.exception("cards_missing", supplier=f"{supply.__module__}.{supply.__name__}")
    return Hand(tuple(cards), is_whole)
