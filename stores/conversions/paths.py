"""What-if for analysts, pure: which touchpoint of which path is credited, by the same weights.

Paths carry no times, so each step back counts as one half-life, or `time_decay` goes by rank.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stores.conversions.rules import path_weights

RULES = {
    "first": "first_touch",
    "last": "last_touch",
    "linear": "linear",
    "position": "position",
    "time_decay": "time_decay",
}
SEPARATOR = ">"


@dataclass(frozen=True, slots=True)
class Journey:
    """So many people met these touchpoints in this order; so many bought, for so much."""

    path: tuple[str, ...]
    conversions: float
    value: float = 0.0
    nulls: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What each touchpoint is credited with."""

    conversions: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    value: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    nulls: float = 0.0

    def shares(self) -> dict[str, float]:
        """Of all conversions, how much each touchpoint has; they sum to 1."""
        total = sum(self.conversions.values())
        return {name: part / total if total else 0.0 for name, part in self.conversions.items()}


def read_path(text: str) -> tuple[str, ...]:
    """`a > b > c` as its touchpoints; empty ones are left out."""
    return tuple(name.strip() for name in text.split(SEPARATOR) if name.strip())


def once_each(path: Sequence[str]) -> tuple[str, ...]:
    """Each touchpoint where it was first met."""
    return tuple(dict.fromkeys(path))


def evaluate(
    journeys: Iterable[Journey], rule: str, *, each_once: bool = False, by_rank: bool = False
) -> Outcome:
    """Credit every journey's conversions and value by one rule. Raises KeyError on another rule."""
    kind = RULES[rule]
    outcome = Outcome()
    for journey in journeys:
        outcome.nulls += journey.nulls
        path = once_each(journey.path) if each_once else journey.path
        if not path or not (journey.conversions or journey.value):
            continue
        weights = _weights(kind, len(path), by_rank=by_rank)
        total = sum(weights)
        for name, weight in zip(path, weights, strict=True):
            outcome.conversions[name] += journey.conversions * weight / total
            outcome.value[name] += journey.value * weight / total
    return outcome


def _weights(kind: str, steps: int, *, by_rank: bool) -> list[int]:
    if kind == "time_decay" and by_rank:
        return list(range(1, steps + 1))
    ages = [float(steps - 1 - step) for step in range(steps)]
    return path_weights(kind, ages, half_life=1.0)
