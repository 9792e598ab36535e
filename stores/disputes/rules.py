"""Decisions about disputes, pure: until when, who may decide, what a ruling makes of the shares."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

# So long after a sale somebody may still say that it is hers; adjustments reach settled months.
MAY_OPEN: Final = timedelta(days=90)
TO_DECIDE: Final = timedelta(days=7)
PERCENTS: Final = (100, 70, 50, 30)


def may_open(sold_at: datetime, now: datetime) -> bool:
    return now - sold_at <= MAY_OPEN


def may_decide(
    judge: int | None, parties: Collection[int], stores: Collection[int], reach: Collection[int]
) -> bool:
    """Whoever answers for every store concerned and is not concerned herself; HQ is no guide."""
    return judge not in parties and set(stores) <= set(reach)


def ruled_parts(
    now: Mapping[int, int], claimant: int, percent: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Guides and their parts once the claimant has so many per cent.

    The others keep their proportion of the rest. Where nobody else has any, all of it is hers.
    """
    others = {guide: part for guide, part in sorted(now.items()) if guide != claimant and part > 0}
    total = sum(others.values())
    if percent >= 100 or not total:
        return (claimant,), (1,)
    parts = {guide: part * (100 - percent) for guide, part in others.items()}
    parts[claimant] = total * percent
    guides = tuple(sorted(parts))
    return guides, tuple(parts[guide] for guide in guides)
