"""How credited sales become commission, pure: money in minor units, rates in per mille.

The same base under the same plan always gives the same parts, so that a payslip of years ago can
be explained from what stands in its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, tzinfo
from itertools import pairwise
from typing import Any, Final

BY_AMOUNT, BY_TARGET = "amount", "target"
_MOST_RUNGS: Final = 12
_MOST_PER_MILLE: Final = 1000


class BadPlan(ValueError):
    """A plan that cannot be read; the message is for HQ."""


@dataclass(frozen=True, slots=True)
class Rung:
    """From so much on (minor units, or per cent of the target) this rate counts."""

    at_least: int
    per_mille: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`whole`: the highest rung reached counts for everything; else each for its own stretch."""

    rungs: tuple[Rung, ...]
    by: str = BY_AMOUNT
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """So much of the base at one rate."""

    amount: int
    per_mille: int
    earned: int

    @property
    def percent(self) -> str:
        """The rate as one says it: 1.5 for 15 per mille."""
        return f"{self.per_mille / 10:g}"


@dataclass(frozen=True, slots=True)
class Earned:
    """Commission of a month. A base below zero earns nothing and is carried into the next month."""

    base: int
    amount: int
    carried: int
    parts: tuple[Part, ...]

    def as_json(self) -> list[dict[str, int]]:
        return [asdict(part) for part in self.parts]


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month on the clock of a zone."""

    first: date
    zone: tzinfo

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Month:
        return cls(at.astimezone(zone).date().replace(day=1), zone)

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment that no longer belongs to it."""
        return self.away(1).begins

    def away(self, months: int) -> Month:
        """So many months later; earlier with a negative number."""
        at = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(at // 12, at % 12 + 1, 1), self.zone)


FIRST_PLAN: Final[dict[str, Any]] = {
    "by": BY_AMOUNT,
    "whole": False,
    "rungs": [{"from": 0, "per_mille": 10}, {"from": 5_000_000, "per_mille": 15}],
}


def read_plan(raw: object) -> Plan:
    """The plan in its JSON. Raises BadPlan."""
    if not isinstance(raw, dict) or set(raw) - {"by", "whole", "rungs"}:
        raise BadPlan("方案应为一个 JSON 对象，只含 by、whole、rungs。")
    by, whole, rungs = raw.get("by", BY_AMOUNT), raw.get("whole", False), raw.get("rungs")
    if by not in (BY_AMOUNT, BY_TARGET):
        raise BadPlan("by 应为 amount（按金额）或 target（按达成率）。")
    if not isinstance(whole, bool):
        raise BadPlan("whole 应为 true 或 false。")
    if not isinstance(rungs, list) or not 0 < len(rungs) <= _MOST_RUNGS:
        raise BadPlan(f"rungs 应列出 1 至 {_MOST_RUNGS} 档。")
    read = tuple(_rung(one) for one in rungs)
    if read[0].at_least != 0 or any(a.at_least >= b.at_least for a, b in pairwise(read)):
        raise BadPlan("第一档的 from 应为 0，之后逐档升高。")
    return Plan(read, by, whole)


def earned(base: int, plan: Plan, *, target: int | None = None) -> Earned:
    """The commission on a base. By target without a target, only the first rung counts."""
    if base <= 0:
        return Earned(base, 0, base, ())
    bounds = _bounds(plan, target)
    if plan.whole:
        rate = [r.per_mille for r, bound in zip(plan.rungs, bounds, strict=True) if bound <= base]
        parts = [Part(base, rate[-1], _share(base, rate[-1]))]
    else:
        parts = _stretches(base, plan.rungs, bounds)
    return Earned(base, sum(part.earned for part in parts), 0, tuple(parts))


def _bounds(plan: Plan, target: int | None) -> list[int]:
    """Where each rung begins, in minor units; beyond every base where it cannot be reached."""
    if plan.by == BY_AMOUNT:
        return [rung.at_least for rung in plan.rungs]
    if not target:
        return [0] + [2**62] * (len(plan.rungs) - 1)
    return [-(-target * rung.at_least // 100) for rung in plan.rungs]


def _stretches(base: int, rungs: Sequence[Rung], bounds: Sequence[int]) -> list[Part]:
    parts = []
    for rung, begins, ends in zip(rungs, bounds, [*bounds[1:], 2**62], strict=True):
        amount = min(base, ends) - begins
        if amount > 0:
            parts.append(Part(amount, rung.per_mille, _share(amount, rung.per_mille)))
    return parts


def _share(amount: int, per_mille: int) -> int:
    """Rounded half up to whole minor units."""
    return (amount * per_mille * 2 + 1000) // 2000


def _rung(raw: object) -> Rung:
    if not isinstance(raw, dict) or set(raw) != {"from", "per_mille"}:
        raise BadPlan("每一档只写 from（从多少起）和 per_mille（千分之几）。")
    at_least, rate = raw["from"], raw["per_mille"]
    if type(at_least) is not int or not 0 <= at_least <= 10**14:
        raise BadPlan("from 应为不小于 0 的整数：按金额时以分为单位，按达成率时为百分数。")
    if type(rate) is not int or not 0 <= rate <= _MOST_PER_MILLE:
        raise BadPlan(f"per_mille 应为 0 至 {_MOST_PER_MILLE} 的整数。")
    return Rung(at_least, rate)
