"""Pure decisions about points and tiers: what a purchase earns, what is used first, who rises.

Nothing here knows who she is: amount, tier and dates alone decide, so that two members of one tier
are always offered the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Lowest first; names as identity keeps them.
TIERS: Sequence[str] = ("basic", "silver", "gold", "diamond")
_HUNDRED_YUAN = 10_000
_SOURCES: Mapping[str, str] = {
    "adjustment": "总部调整", "coupon": "优惠券", "import": "会员导入", "opening": "期初积分",
    "outside": "外部系统", "merge": "会员合并",
}  # fmt: skip


def points_of(amount_minor: int, rate: int) -> int:
    """Points for an amount at so many points for 100 yuan; parts of a point are not given."""
    return max(0, amount_minor) * rate // _HUNDRED_YUAN


def rate_of(rates: Mapping[str, int], tier: str) -> int:
    """The tier's rate; a tier that the rule does not name earns as the lowest."""
    return int(rates.get(tier, rates.get(TIERS[0], 0)))


def remaining_worth(earned: int, amount_minor: int, refunded_minor: int) -> int:
    """What is left of a line's points after so much of its amount came back; exactly 0 for all."""
    if amount_minor <= 0:
        return 0
    left = max(0, amount_minor - refunded_minor)
    return earned * left // amount_minor


@dataclass(frozen=True, slots=True)
class Change:
    """What one entry moves."""

    points: int = 0
    pending: int = 0
    owed: int = 0


def credited(points: int, *, owed: int) -> Change:
    """Points that become usable; what is owed is paid first."""
    paid = min(points, owed)
    return Change(points=points - paid, owed=-paid)


def released(points: int, *, owed: int) -> Change:
    """Waiting points that become usable."""
    paid = min(points, owed)
    return Change(points=points - paid, pending=-points, owed=-paid)


def taken_back(points: int, *, pending: int, balance: int) -> Change:
    """A return takes points back: those still waiting, then usable ones, the rest is owed."""
    from_pending = min(points, pending)
    from_balance = min(points - from_pending, balance)
    return Change(
        points=-from_balance, pending=-from_pending, owed=points - from_pending - from_balance
    )


@dataclass(frozen=True, slots=True)
class Lot:
    """Usable points that expire together; without a date they do not."""

    points: int
    expires_on: date | None = None


def lots_left(lots: Iterable[Lot], *, used: int) -> list[Lot]:
    """What is left of each lot after `used` points went, those that expire soonest first."""
    left = []
    for lot in sorted(lots, key=_expiry):
        gone = min(lot.points, used)
        used -= gone
        if lot.points > gone:
            left.append(Lot(lot.points - gone, lot.expires_on))
    return left


def taken_from_lots(lots: Iterable[Lot], *, points: int) -> list[Lot]:
    """As many points out of the lots, those that last longest first, with their dates."""
    taken = []
    for lot in sorted(lots, key=_expiry, reverse=True):
        part = min(lot.points, points)
        if part:
            taken.append(Lot(part, lot.expires_on))
            points -= part
    return taken


def expired_by(lots: Iterable[Lot], today: date) -> int:
    """How many points of these have expired: a lot may still be used on its last day."""
    return sum(lot.points for lot in lots if lot.expires_on is not None and lot.expires_on < today)


def _expiry(lot: Lot) -> tuple[bool, date]:
    return (lot.expires_on is None, lot.expires_on or date.min)


def tier_of(spent_minor: int, thresholds: Mapping[str, int]) -> str:
    """The highest tier whose threshold is reached."""
    reached = [tier for tier in TIERS[1:] if tier in thresholds and spent_minor >= thresholds[tier]]
    return reached[-1] if reached else TIERS[0]


def next_tier(spent_minor: int, thresholds: Mapping[str, int], tier: str) -> tuple[str, int] | None:
    """The next higher tier and how much is missing; None at the top."""
    for name in TIERS[TIERS.index(tier) + 1 :]:
        if name in thresholds:
            return name, max(0, thresholds[name] - spent_minor)
    return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a tier today; `warn` says that she is told of the fall that comes."""

    tier: str
    falls_on: date | None = None
    falls_to: str = ""
    warn: bool = False


def judge_tier(
    *,
    now: str,
    earned: str,
    today: date,
    falls_on: date | None,
    warning_days: int,
) -> Verdict:
    """She rises at once. Before she falls she is told, and has `warning_days` to stay."""
    rank = TIERS.index
    if rank(earned) >= rank(now):
        return Verdict(earned)
    if falls_on is None:
        return Verdict(now, today + timedelta(days=warning_days), earned, warn=True)
    if today >= falls_on:
        return Verdict(earned)
    return Verdict(now, falls_on, earned)


def faults_of_rates(rates: object) -> str:
    """What is wrong with a rule's rates, in Chinese; empty when nothing is."""
    if not isinstance(rates, dict) or TIERS[0] not in rates:
        return "要写明普卡（basic）每 100 元得多少积分。"
    for tier, rate in rates.items():
        if tier not in TIERS:
            return f"没有“{tier}”这个等级。"
        if not isinstance(rate, int) or isinstance(rate, bool) or not 0 <= rate <= 100_000:
            return "每 100 元的积分是 0 到 100000 的整数。"
    return ""


def faults_of_thresholds(thresholds: object) -> str:
    """What is wrong with a rule's thresholds, in Chinese; empty when nothing is."""
    if not isinstance(thresholds, dict) or not thresholds:
        return "至少写一个等级的门槛，单位为分。"
    before = 0
    for tier in TIERS[1:]:
        if tier not in thresholds:
            continue
        value = thresholds[tier]
        if not isinstance(value, int) or isinstance(value, bool) or value <= before:
            return "门槛是正整数（分），等级越高门槛越高。"
        before = value
    unknown = set(thresholds) - set(TIERS[1:])
    return f"没有“{sorted(unknown)[0]}”这个等级，普卡没有门槛。" if unknown else ""


def source_in_words(source: str) -> str:
    """Where an entry came from, for readers; a purchase by the number of its receipt."""
    kind, _, key = source.partition(":")
    if kind == "line":
        return f"小票 {key.partition('/')[2].rpartition('/')[0]}"
    return _SOURCES.get(kind, source) or "—"
