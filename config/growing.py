"""Numbers of a grown brand: who belongs to whom, who buys when and for how much. Arrays, no rows.

Skewed as life is: a few guides own many members (Zipf), purchases come from BG/NBD with its few
regulars, amounts from Gamma-Gamma. Seeded by the chunk, so that growing again grows the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

DAYS: Final = 730
# BG/NBD by days and Gamma-Gamma in minor units; the share who ever buys at all.
_R, _A, _B = 0.45, 0.8, 2.5
_P, _Q, _GAMMA = 6.25, 3.74, 18_000.0
_BUYERS: Final = 0.55
_ZIPF: Final = 0.35
_TIERS: Final = ("basic", "silver", "gold", "diamond")
_RANKS: Final = (0.72, 0.18, 0.08, 0.02)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Members of one chunk: position of the owner, tier, days since joining, who is a friend."""

    owner: Numbers
    tier: list[str]
    joined: Numbers
    is_friend: Numbers


def crowd(first: int, size: int, guides: int) -> Crowd:
    """The members `first` … of a brand with so many guides."""
    chance = np.random.default_rng([1, first])
    # Position by a power of the uniform: the cumulated share of a Zipf-like law, without a table.
    owner = (guides * chance.random(size) ** (1 / (1 - _ZIPF))).astype(np.int64)
    return Crowd(
        owner=np.minimum(owner, guides - 1),
        tier=[_TIERS[rank] for rank in chance.choice(len(_TIERS), size, p=_RANKS)],
        joined=chance.integers(0, DAYS, size),
        is_friend=chance.random(size) < 0.6,
    )


@dataclass(frozen=True, slots=True)
class Sales:
    """Purchases of one chunk, in no order: whose, how many seconds ago, minor units."""

    member: Numbers
    seconds_ago: Numbers
    amount: Numbers


def sales(first: int, joined: Numbers, wanted: int) -> Sales:
    """Exactly `wanted` purchases of members who joined so many days ago."""
    chance = np.random.default_rng([2, first])
    size = len(joined)
    if not wanted or not size:
        empty = np.zeros(0, dtype=np.int64)
        return Sales(empty, empty, empty)
    member, ago = _histories(chance, joined, wanted / size)
    if len(member) > wanted:
        kept = chance.choice(len(member), wanted, replace=False)
        member, ago = member[kept], ago[kept]
    elif len(member) < wanted:
        # A second receipt of the same day: another till, another floor.
        more = (
            chance.integers(0, len(member), wanted - len(member))
            if len(member)
            else np.zeros(0, dtype=np.int64)
        )
        member, ago = np.r_[member, member[more]], np.r_[ago, ago[more]]
        lacking = wanted - len(member)
        member = np.r_[member, chance.integers(0, size, lacking)]
        ago = np.r_[ago, chance.random(lacking) * 30]
    worth = chance.gamma(_P, 1 / chance.gamma(_Q, 1 / _GAMMA, size)[member])
    return Sales(
        member=member,
        seconds_ago=(ago * 86_400).astype(np.int64),
        amount=np.maximum(worth, 100).astype(np.int64),
    )


def _histories(
    chance: np.random.Generator, joined: Numbers, mean: float
) -> tuple[Numbers, Numbers]:
    """(member, days ago) of every purchase that BG/NBD makes, about `mean` a member."""
    size = len(joined)
    buys = chance.random(size) < min(_BUYERS, mean)
    begun = joined * chance.random(size)
    alpha = max(_R * DAYS / 6 / max(mean / _BUYERS - 1, 0.05), 1.0)
    rate = chance.gamma(_R, 1 / alpha, size)
    leaves = chance.beta(_A, _B, size)
    here, at = np.flatnonzero(buys), begun.copy()
    members, agos = [here], [at[here]]
    # Each round is everybody's next purchase; who has left or come to today drops out.
    while here.size and len(members) < 400:
        at[here] -= chance.exponential(1, here.size) / np.maximum(rate[here], 1e-9)
        here = here[(at[here] > 0) & (chance.random(here.size) > leaves[here])]
        members.append(here)
        agos.append(at[here])
    return np.concatenate(members), np.concatenate(agos)
