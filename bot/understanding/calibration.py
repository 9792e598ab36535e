"""From features of a match to the probability that the article is right, and how it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic curve over the features of a match."""

    weights: tuple[float, ...]
    offset: float

    def probability(self, features: Sequence[float]) -> float:
        total = self.offset + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return float(1.0 / (1.0 + np.exp(-total)))


def fit(samples: Sequence[tuple[Sequence[float], bool]], *, ridge: float = 0.02) -> Calibration:
    """The curve that explains which matches were right; Newton's method with a small ridge.

    Raises ValueError without samples of both kinds: such a curve would be certain of everything.
    """
    right = np.array([float(hit) for _, hit in samples])
    if not 0 < right.sum() < len(samples):
        raise ValueError("calibration needs right and wrong matches")
    rows = np.array([[*features, 1.0] for features, _ in samples])
    weights = np.zeros(rows.shape[1])
    penalty = np.eye(rows.shape[1]) * ridge * len(samples) / 10
    penalty[-1, -1] = 1e-6
    for _ in range(60):
        guess = 1.0 / (1.0 + np.exp(-rows @ weights))
        slope = rows.T @ (guess - right) + penalty @ weights
        curve = (rows * (guess * (1 - guess))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return Calibration(tuple(float(w) for w in weights[:-1]), float(weights[-1]))


def threshold_for(judged: Sequence[tuple[float, bool]], *, precision: float) -> float:
    """The lowest probability from which on at least `precision` of the answers are right."""
    best = 1.0
    right = 0
    for count, (probability, hit) in enumerate(sorted(judged, key=lambda p: -p[0]), start=1):
        right += hit
        if right / count >= precision:
            best = probability
    return best


def calibration_error(judged: Sequence[tuple[float, bool]], *, bins: int = 10) -> float:
    """Expected calibration error: how far stated probability and truth lie apart on average."""
    if not judged:
        return 0.0
    total = 0.0
    for at in range(bins):
        low, high = at / bins, (at + 1) / bins
        inside = [(p, h) for p, h in judged if low <= p < high or (at == bins - 1 and p == 1.0)]
        if inside:
            stated = sum(p for p, _ in inside) / len(inside)
            true = sum(h for _, h in inside) / len(inside)
            total += len(inside) / len(judged) * abs(stated - true)
    return total


# Fitted on tests/bot/data/fit.jsonl by `manage.py bot_eval … --fit`, the threshold for 98 % there;
# measured on questions.jsonl, which the fit has not seen. Order: Matcher._features.
SHIPPED: Final = Calibration(
    weights=(0.3266, 1.0839, 0.7022, 1.9796, 2.095, 0.9988, 1.4879, -0.5109, 1.1829, 1.854),
    offset=-3.4375,
)
THRESHOLD: Final = 0.88
