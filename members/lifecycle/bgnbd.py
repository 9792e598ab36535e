"""BG/NBD of Fader, Hardie and Lee (2005): who still buys, and how often she will.

Pure numbers in, numbers out. While alive she buys as a Poisson process whose rate is gamma(r,
alpha) over people; after each purchase she leaves with a probability that is beta(a, b). All that
counts of her is x repeat purchases, the last at t_x, seen until T, in one unit of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, psi

Numbers = NDArray[np.float64]

# Beyond e^±12 a parameter says that the data hold nothing about it.
_WIDEST: Final = 12.0
_STARTS: Final = ((0.0, 0.0, 0.0, 0.0), (-1.4, -1.0, -0.2, 0.9), (0.5, 1.0, -1.5, 1.5))
_NEAR_ONE: Final = 1e-6
_MOST_TERMS: Final = 20_000


class NothingToLearn(ValueError):
    """The purchases do not say enough to fit a model; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Sufficient statistics, grouped: `count` people share an (x, t_x, T)."""

    x: Numbers
    t_x: Numbers
    T: Numbers
    count: Numbers

    @classmethod
    def each(cls, x: Numbers, t_x: Numbers, T: Numbers) -> Histories:  # noqa: N803
        """One line per person."""
        return cls(x, t_x, T, np.ones(np.shape(x)))

    def grouped(self) -> Histories:
        """The same people with equal histories counted together."""
        lines = np.stack([self.x, self.t_x, self.T], axis=1)
        alike, at = np.unique(lines, axis=0, return_inverse=True)
        count = np.bincount(at.ravel(), weights=self.count).astype(float)
        return Histories(alike[:, 0], alike[:, 1], alike[:, 2], count)


@dataclass(frozen=True, slots=True)
class Buying:
    """Fitted parameters of BG/NBD."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0

    @property
    def says_something(self) -> bool:
        """Whether no parameter ran away to the edge of what is tried: such data hold no rhythm."""
        edge = exp(_WIDEST - 1)
        return all(1 / edge < value < edge for value in (self.r, self.a, self.b))

    @classmethod
    def of(cls, stored: Mapping[str, float]) -> Buying:
        """As a yardstick stores it."""
        return cls(stored["r"], stored["alpha"], stored["a"], stored["b"])


def log_likelihoods(seen: Histories, model: Buying) -> Numbers:
    """ln L of each history: equation (6) of the paper, its two ways to end summed in logs."""
    lived, left = _endings(seen, model)
    return _shared(seen.x, model) + np.logaddexp(lived, left)


def fit(histories: Histories) -> Buying:
    """The parameters under which the histories are likeliest. Raises NothingToLearn."""
    if histories.count.sum() < 2 or not (histories.x > 0).any():
        raise NothingToLearn("没有人重复购买，看不出购买节奏。")
    if not (histories.T > 0).any():
        raise NothingToLearn("观察期太短，首次购买之后没有时间。")
    # In units of the average time seen, every parameter is near 1, whatever the unit was.
    scale = float(np.average(histories.T, weights=histories.count))
    scaled = Histories(histories.x, histories.t_x / scale, histories.T / scale, histories.count)
    best = likeliest(_cost, _STARTS, scaled)
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    found = Buying(r, alpha * scale, a, b)
    total = float((log_likelihoods(histories, found) * histories.count).sum())
    return Buying(found.r, found.alpha, found.a, found.b, total)


def likeliest(cost: Callable[..., Any], starts: Sequence[Sequence[float]], *about: Any) -> Any:
    """Where a cost in logs of parameters is least; further starts only if one leads nowhere."""
    best: Any = None
    for start in starts:
        tried = minimize(
            cost,
            start,
            args=about,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_WIDEST, _WIDEST)] * len(start),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
        )
        if best is None or tried.fun < best.fun:
            best = tried
        if best.success and np.abs(best.x).max() < _WIDEST - 1:
            break
    return best


def alive(seen: Histories, model: Buying) -> Numbers:
    """The probability that she still buys. Who bought once only has had no chance to leave."""
    lived, left = _endings(seen, model)
    ratio: Numbers = expit(lived - left)
    return ratio


def expected(seen: Histories, ahead: float, model: Buying) -> Numbers:
    """Purchases she will make within `ahead`: equation (10), as `outlook` × probability alive."""
    return outlook(seen.x, seen.T, ahead, model) * alive(seen, model)


def outlook(x: Numbers, T: Numbers, ahead: float, model: Buying) -> Numbers:  # noqa: N803
    """Purchases within `ahead` if she is alive at T; depends on x and T alone.

    Euler's transformation of 2F1 takes x out of the powers, so that many purchases overflow
    nothing: (1-z)^(r+x) 2F1(r+x, b+x; c; z) = (1-z)^(a-1) 2F1(a+b-1-r, a-1; c; z).
    """
    a = model.a if abs(model.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
    c = a + model.b + x - 1
    c = np.where(np.abs(c) > _NEAR_ONE, c, _NEAR_ONE)
    z = ahead / (model.alpha + T + ahead)
    inner = (1 - z) ** (a - 1) * _hypergeometric(a + model.b - 1 - model.r, a - 1, c, z)
    found: Numbers = c / (a - 1) * (1 - inner)
    return found


def expected_of_new(ahead: float, model: Buying) -> float:
    """Repeat purchases of somebody new within `ahead`: equation (9)."""
    zero = np.zeros(1)
    return float(outlook(zero, zero, ahead, model)[0])


def _hypergeometric(a: float, b: float, c: Numbers, z: Numbers) -> Numbers:
    """2F1(a, b; c; z) by its series, for 0 <= z < 1. scipy's `hyp2f1` (1.17) answers infinity where
    z > 0.9 and c - a - b is a large whole number: 2F1(1.5, -0.5; 100; 0.905) is 0.993.
    """
    total = np.ones(np.broadcast(c, z).shape)
    term = total.copy()
    for n in range(_MOST_TERMS):
        term = term * ((a + n) * (b + n) * z / ((c + n) * (n + 1)))
        total = total + term
        if (np.abs(term) <= 1e-15 * np.abs(total)).all():
            break
    return total


def _shared(x: Numbers, model: Buying) -> Numbers:
    r, a, b = model.r, model.a, model.b
    found: Numbers = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(model.alpha)
        + gammaln(a + b)
        + gammaln(b + x)
        - gammaln(b)
        - gammaln(a + b + x)
    )
    return found


def _endings(seen: Histories, model: Buying) -> tuple[Numbers, Numbers]:
    """Logs of the two ways: she lived on and was silent, or left with her last purchase."""
    power = model.r + seen.x
    lived = -power * np.log(model.alpha + seen.T)
    repeated = seen.x > 0
    safe = np.where(repeated, model.b + seen.x - 1, 1.0)
    left = np.where(
        repeated, np.log(model.a) - np.log(safe) - power * np.log(model.alpha + seen.t_x), -np.inf
    )
    return lived, left


def _cost(logs: Numbers, seen: Histories) -> tuple[float, Numbers]:
    """Minus the average ln L, and its gradient by the logs of r, alpha, a, b."""
    r, alpha, a, b = np.exp(logs)
    model = Buying(r, alpha, a, b)
    lived, left = _endings(seen, model)
    both = np.logaddexp(lived, left)
    w_left = np.exp(left - both)
    w_lived = 1 - w_left
    x, weight = seen.x, seen.count / seen.count.sum()
    total = psi(a + b) - psi(a + b + x)
    gone = np.where(x > 0, w_left / np.where(x > 0, b + x - 1, 1.0), 0.0)
    by_r = (
        psi(r + x)
        - psi(r)
        + np.log(alpha)
        - w_lived * np.log(alpha + seen.T)
        - w_left * np.log(alpha + seen.t_x)
    )
    by_alpha = r / alpha - (r + x) * (w_lived / (alpha + seen.T) + w_left / (alpha + seen.t_x))
    slopes = np.array(
        [
            (weight * by_r).sum() * r,
            (weight * by_alpha).sum() * alpha,
            (weight * (total + w_left / a)).sum() * a,
            (weight * (total + psi(b + x) - psi(b) - gone)).sum() * b,
        ]
    )
    value = float((weight * (_shared(x, model) + both)).sum())
    return -value, -slopes
