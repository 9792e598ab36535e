"""What floors above add to the figures: numbers whose facts are theirs, and names of sources.

Confirm rates come from push tasks, response times from questions handed to a person, lapsed
members from the stages. Their paths stand in the switchboard.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One number in words: what it is, how it stands, from how many facts of which kind."""

    title: str
    value: str
    why: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """What a code or a push is called; pushes of one material share its key."""

    title: str
    material: str = ""
    material_title: str = ""


class Supplier(Protocol):
    """Numbers of stores in a time, within the scope around the call; None means every store."""

    def __call__(
        self, stores: Collection[int] | None, since: datetime, until: datetime
    ) -> list[Part]: ...


class Namer(Protocol):
    """The names of those sources that exist, by their public ids."""

    def __call__(self, sources: Collection[str]) -> Mapping[str, Named]: ...


def parts_of(stores: Collection[int] | None, since: datetime, until: datetime) -> list[Part]:
    """What the floors say; one that fails is left out and logged, the page still opens."""
    found: list[Part] = []
    paths: Sequence[str] = import_string(settings.FIGURE_PARTS)
    for path in paths:
        try:
            with transaction.atomic():
                found += cast(Supplier, import_string(path))(stores, since, until)
        except Exception:
            log.exception("figures_missing", supplier=path)
    return found


def names_of(kind: str, sources: Collection[str]) -> dict[str, Named]:
    """What sources of a kind are called; one that nobody knows keeps its id as its name."""
    board: Mapping[str, Any] = import_string(settings.FIGURE_NAMES)
    known = cast(Namer, import_string(board[kind]))(sources) if sources and kind in board else {}
    return {source: known.get(source, Named(source)) for source in sources}
