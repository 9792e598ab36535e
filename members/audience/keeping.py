"""Facets on disk for processes that start, the nightly comparison with the tables, and old feed
rows' end. The stock is worth no more than the time it saves: whatever is odd is read anew.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import structlog
from django.utils import timezone
from pyroaring import BitMap

from kit.actions import action, scope_of
from kit.actor import Actor
from members.audience.columns import one_snapshot
from members.audience.facets import Facets, TooMuchChanged
from members.audience.models import AudienceChange, AudienceCheck, AudienceFacet

log = structlog.get_logger(__name__)

US = Actor.system("facets")
# Feed rows live two days; a stock must be younger, with room for a slow night.
_FEED_LIVES = timedelta(days=2)
_STOCK_LIVES = timedelta(hours=46)
_BATCH = 20_000
_AT_A_TIME = 64


def from_stock() -> Facets:
    """Facets out of the stock, brought up to now; out of the tables when the stock will not do."""
    stock = _read_stock()
    if stock is not None:
        try:
            stock.catch_up()
        except TooMuchChanged:
            log.info("stock_outdated")
        else:
            return stock
    return Facets.read_all()


def _read_stock() -> Facets | None:
    with scope_of(US):
        head = AudienceFacet.objects.filter(name="").first()
        if head is None or head.at < timezone.now() - _STOCK_LIVES:
            return None
        found = Facets(watermark=head.watermark, as_of=head.at)
        rows = AudienceFacet.objects.exclude(name="").order_by("name")
        for name, body in rows.values_list("name", "body").iterator(chunk_size=_AT_A_TIME):
            found.put_back(name, BitMap.deserialize(bytes(body)))
    return found


@action
def keep(facets: Facets, *, by: Actor) -> int:
    """Put all bitmaps into the stock instead of what was there; how many."""
    everything = facets.everything()
    AudienceFacet.objects.all().delete()
    now = facets.as_of
    AudienceFacet.objects.create(name="", body=b"", watermark=facets.watermark, at=now)
    names = sorted(everything)
    for first in range(0, len(names), _AT_A_TIME):
        AudienceFacet.objects.bulk_create(
            [
                AudienceFacet(name=name, body=everything[name].serialize(), at=now)
                for name in names[first : first + _AT_A_TIME]
            ]
        )
    return len(names)


@action
def _report(found: dict[str, Any], *, by: Actor) -> AudienceCheck:
    return AudienceCheck.objects.create(**found)


@action
def _forget_portion(*, by: Actor) -> int:
    old = AudienceChange.objects.filter(at__lt=timezone.now() - _FEED_LIVES)
    gone, _ = AudienceChange.objects.filter(pk__in=old.values("pk")[:_BATCH]).delete()
    return gone


def forget_old_changes() -> int:
    """Delete feed rows that no reader needs any more; how many."""
    total = 0
    while gone := _forget_portion(by=US):
        total += gone
    return total


def check(held: Facets | None = None) -> AudienceCheck:
    """Compare facets that followed the feed with the tables, at one snapshot; keep what is right.

    `held` are the facets in doubt, else those of the stock. The report names each facet that
    differs, and how many members it had too many or too few.
    """
    begun = time.monotonic()
    if held is None:
        held = from_stock()
    right = Facets.read_all()
    with one_snapshot() as snapshot:
        held.move_to(snapshot)
        right.move_to(snapshot)
    differences = compare(held, right)
    for line in differences:
        log.error("facet_differed", **line)
    keep(right, by=US)
    return _report(
        {
            "members": len(right.bits.get("active", ())),
            "facets": len(right.everything()),
            "megabytes": round(right.megabytes(), 1),
            "seconds": round(time.monotonic() - begun, 2),
            "differences": differences,
        },
        by=US,
    )


def compare(held: Facets, right: Facets) -> list[dict[str, Any]]:
    """Every facet in which the two do not agree."""
    ours, theirs = held.everything(), right.everything()
    found = []
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name, BitMap()), theirs.get(name, BitMap())
        if one != other:
            found.append({"facet": name, "too_many": len(one - other), "missing": len(other - one)})
    return found
