"""Pure money of channels: how much of a cost belongs to some days."""

from __future__ import annotations

from datetime import date, timedelta


def share_of(amount: int, begins: date, ends: date, since: date, until: date) -> int:
    """The part of an amount, spread evenly over its days, that falls within others.

    Neighbouring spans add up to the whole: each share is the difference of two rounded sums.
    """
    days = (ends - begins).days + 1
    first, last = max(begins, since), min(ends, until)
    if last < first:
        return 0
    return _until(amount, days, begins, last) - _until(
        amount, days, begins, first - timedelta(days=1)
    )


def _until(amount: int, days: int, begins: date, day: date) -> int:
    """What was spent up to the end of a day."""
    return amount * max(0, min(days, (day - begins).days + 1)) // days
