"""What every source of facts is made of: how it is asked, what a pull gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from wecom.directory.models import Sweep
from wecom.directory.portions import Facts, Found, Portion
from wecom.gateway import Gateway

At = Mapping[str, Any]
# Calls in one portion: some ten seconds at WeCom's usual pace, well below a task's limit.
CALLS: Final = 20


@dataclass(slots=True)
class Pulled:
    """What a call or some gave. `at` is where the list goes on; None when it has ended."""

    portions: list[Portion] = field(default_factory=list)
    at: dict[str, Any] | None = None
    done: int = 0
    total: int = 0
    wants: list[str] = field(default_factory=list)
    left: list[Found] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind's way out of WeCom."""

    page: Callable[[Gateway, Sweep, At], Pulled]
    details: Callable[[Gateway, Sweep, Sequence[str]], Pulled]


def portion_of(sweep: Sweep, subject: str, facts: Facts, asked_at: datetime) -> Portion:
    """Facts as a portion of this sweep."""
    return Portion(
        kind=sweep.kind,
        subject=subject,
        facts=facts,
        asked_at=asked_at,
        since=sweep.started_at,
        is_full=sweep.is_full,
        is_thorough=sweep.is_thorough,
    )


def closed(sweep: Sweep, why: Found) -> Pulled:
    """A feature that the corp did not open: said once a night, and nothing to pull."""
    return Pulled(left=[why] if sweep.is_full else [])
