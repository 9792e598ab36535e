"""Gamma-Gamma of Fader and Hardie (2013): what a purchase of hers is worth on average.

Her purchases vary around an average of her own, gamma(p, v); v is gamma(q, gamma) over people. All
that counts of her is x repeat purchases and their mean. Independent of how often she buys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, psi

from members.lifecycle.bgnbd import NothingToLearn, likeliest

Numbers = NDArray[np.float64]

_WIDEST: Final = 12.0
# With q near 1 the average over people is carried by nobody whom we have seen.
_FAR: Final = 3.0
_STARTS: Final = ((0.0, 0.5, 0.0), (1.8, 1.3, 0.0), (-0.5, 1.0, 0.5))


@dataclass(frozen=True, slots=True)
class Spending:
    """Fitted parameters of Gamma-Gamma; `gamma` in the currency's unit of the data."""

    p: float
    q: float
    gamma: float
    log_likelihood: float = 0.0

    def is_plausible(self, seen: float) -> bool:
        """Whether the average over people exists and lies near the average that was seen."""
        average = self.average
        return average is not None and seen / _FAR < average < seen * _FAR

    @property
    def average(self) -> float | None:
        """The average purchase over people; None where it does not exist."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else None


def log_likelihoods(x: Numbers, mean: Numbers, model: Spending) -> Numbers:
    """ln L of each person's (x, mean): equation (1a) of the note."""
    p, q, gamma = model.p, model.q, model.gamma
    found: Numbers = (
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * mean)
    )
    return found


def fit(x: Numbers, mean: Numbers) -> Spending:
    """The likeliest parameters for those who bought again. Raises NothingToLearn."""
    usable = (x > 0) & (mean > 0)
    x, mean = x[usable], mean[usable]
    if len(x) < 2 or np.ptp(mean) == 0:
        raise NothingToLearn("重复购买的人太少，或每次金额都一样，看不出消费水平。")
    scale = float(mean.mean())
    best = likeliest(_cost, _STARTS, x, mean / scale)
    p, q, gamma = (float(value) for value in np.exp(best.x))
    found = Spending(p, q, gamma * scale)
    return Spending(p, q, gamma * scale, float(log_likelihoods(x, mean, found).sum()))


def expected_purchase(x: Numbers, mean: Numbers, model: Spending) -> Numbers:
    """What her next purchase is worth: between her own mean and everybody's. Needs q > 1."""
    found: Numbers = (
        model.p * (model.gamma + x * mean) / np.maximum(model.p * x + model.q - 1, 1e-9)
    )
    return found


def _cost(logs: Numbers, x: Numbers, mean: Numbers) -> tuple[float, Numbers]:
    p, q, gamma = np.exp(logs)
    spread = np.log(gamma + x * mean)
    both = psi(p * x + q)
    slopes = np.array(
        [
            (x * (both - psi(p * x) + np.log(mean) + np.log(x) - spread)).mean() * p,
            (both - psi(q) + np.log(gamma) - spread).mean() * q,
            (q / gamma - (p * x + q) / (gamma + x * mean)).mean() * gamma,
        ]
    )
    return -float(log_likelihoods(x, mean, Spending(p, q, gamma)).mean()), -slopes
