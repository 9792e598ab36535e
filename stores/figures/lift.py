"""What a push or a play really added, pure: two groups' sums in, an interval and words out.

Welch's interval for the difference of means: the groups differ in size and in spread. Everybody
counts who was meant, whether reached or not, since that is what chance decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Final

from scipy.special import stdtrit

METHOD: Final = "Welch 95% 区间（两组均值之差，方差不等）"
LEVEL: Final = 0.95
# Below these the normal approximation of a mean of spendings is not to be relied on.
FEWEST: Final = 50
FEWEST_BUYERS: Final = 10
# Of the members kept out so many were reached all the same: the groups are mixed.
MOST_MIXED: Final = 0.05
# Of all the money so much came from one member: the mean is her.
MOST_FROM_ONE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Side:
    """One group: how many members, how many of them bought, what they spent on average."""

    members: int
    buyers: int
    mean: float
    variance: float

    @classmethod
    def of_sums(cls, members: int, buyers: int, total: int, squares: int) -> Side:
        """From whole sums over all members of the group, 0 for who bought nothing; minor units.

        Reckoned in fractions: of large sums of squares little is left, and that little is kept.
        """
        mean = Fraction(total, members) if members else Fraction()
        spread = Fraction()
        if members > 1:
            spread = Fraction(members * squares - total * total, members * (members - 1))
        return cls(members, buyers, float(mean), float(spread))

    @property
    def noise(self) -> float:
        """The square of its mean's standard error."""
        return self.variance / self.members if self.members else 0.0


@dataclass(frozen=True, slots=True)
class Lift:
    """The difference in what a member spent, with its interval; None where nothing can be said."""

    treated: Side
    held: Side
    mixed: int
    difference: float
    low: float | None
    high: float | None
    cautions: tuple[str, ...]

    @property
    def added(self) -> tuple[int, int, int] | None:
        """What it added in all: the best guess and both ends, minor units."""
        if self.low is None or self.high is None:
            return None
        many = self.treated.members
        return round(self.difference * many), round(self.low * many), round(self.high * many)

    @property
    def is_proven(self) -> bool:
        """The interval lies on one side of nothing and no caution stands."""
        return not self.cautions and self.low is not None


def lift_between(one: Side, two: Side, *, mixed: int, largest: int, total: int) -> Lift:
    """The lift of the spendings of who was meant over those of who was kept out.

    `mixed`: how many of those kept out were reached all the same; `largest`: what the member who
    spent most spent, of `total`.
    """
    low, high = _interval(one, two)
    return Lift(
        one,
        two,
        mixed,
        one.mean - two.mean,
        low,
        high,
        tuple(_cautions(one, two, low, high, mixed, largest / total if total > 0 else 0.0)),
    )


def _interval(one: Side, two: Side) -> tuple[float | None, float | None]:
    noise = one.noise + two.noise
    if one.members < 2 or two.members < 2 or noise <= 0:
        return None, None
    freedom = noise**2 / (one.noise**2 / (one.members - 1) + two.noise**2 / (two.members - 1))
    reach = float(stdtrit(freedom, (1 + LEVEL) / 2)) * sqrt(noise)
    difference = one.mean - two.mean
    return difference - reach, difference + reach


def _cautions(
    one: Side, two: Side, low: float | None, high: float | None, mixed: int, from_one: float
) -> list[str]:
    """What may not be concluded, in words for who decides about money."""
    found = [
        words for side, name in ((one, "参加的"), (two, "对照组")) for words in _few(side, name)
    ]
    if low is None or high is None:
        found.append("两组都没有可比的消费，算不出区间。")
    elif low <= 0 <= high:
        found.append("区间包含 0：不能说它带来了销售，也不能说它没有用；人再多一些才看得清。")
    elif high < 0:
        found.append("参加的人反而买得少：不能说它带来了销售。")
    share = 100 * mixed / two.members if two.members else 0
    if share > 100 * MOST_MIXED:
        found.append(f"对照组里有 {mixed} 位（{share:.0f}%）还是被触达了：真正的差别会被低估。")
    if from_one > MOST_FROM_ONE:
        found.append(f"有一位会员占了全部金额的 {100 * from_one:.0f}%：平均数说的几乎只是她。")
    return found


def _few(side: Side, name: str) -> list[str]:
    if side.members < FEWEST:
        return [f"{name}只有 {side.members} 位，少于 {FEWEST} 位：差别可能全是碰巧，不能下结论。"]
    if side.buyers < FEWEST_BUYERS:
        return [f"{name}只有 {side.buyers} 位买了东西，少于 {FEWEST_BUYERS} 位：区间本身也靠不住。"]
    return []
