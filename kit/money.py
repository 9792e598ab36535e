"""Money in minor units with its currency, and how it is shown. Not: prices or discounts."""

from __future__ import annotations

from collections.abc import Sequence

CURRENCY = "CNY"
_SIGNS = {"CNY": "¥"}


def shown(minor: int, currency: str = CURRENCY) -> str:
    """`123450` as `¥1,234.50`; whole amounts lose their cents, refunds keep their minus."""
    sign = "-" if minor < 0 else ""
    whole, cents = divmod(abs(minor), 100)
    tail = f".{cents:02d}" if cents else ""
    return f"{sign}{_SIGNS.get(currency, currency + ' ')}{whole:,}{tail}"


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Parts of an amount in proportion to weights; they sum exactly to it.

    The largest remainders get the odd cents, earlier parts first; a refund splits as its sale.
    Raises ValueError without a positive weight.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be positive")
    size = abs(minor)
    parts = [size * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    return parts if minor >= 0 else [-part for part in parts]
