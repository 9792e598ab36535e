"""What WeCom told of links, moments, agreements and keywords is not kept for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kit.actions import action
from kit.actor import Actor
from wecom.directory.models_of_hearing import KEEP_HITS, KEEP_UNMET, ArchiveConsent, KeywordHit
from wecom.directory.models_of_reach import (
    KEEP_PEOPLE,
    MOMENTS_KEPT,
    AcquisitionLink,
    CorpMoment,
    MomentPublication,
)

_LINKS_KEPT: Final = timedelta(days=180)
# At once, so that one night's removal never holds a table for long; the rest waits a night.
_AT_ONCE: Final = 20_000


@action
def forget_reach(*, at: datetime, by: Actor) -> int:
    """Remove links and moments past their retention, and who saw what stays; how many rows.

    Customers of a link go with it, publications with their moment; the numbers of the others stay.
    """
    old_links = AcquisitionLink.objects.filter(gone_at__lt=at - _LINKS_KEPT)
    removed = old_links.delete()[0]
    removed += CorpMoment.objects.filter(made_at__lt=at - MOMENTS_KEPT).delete()[0]
    seen = MomentPublication.objects.filter(looked_at__lt=at - KEEP_PEOPLE, look_at=None)
    keys = list(seen.exclude(people={}).values_list("pk", flat=True)[:_AT_ONCE])
    return removed + MomentPublication.objects.filter(pk__in=keys).update(people={})


@action
def forget_hearing(*, at: datetime, by: Actor) -> int:
    """Remove keyword hits, and agreements that WeCom has not told for long; how many rows."""
    hits = KeywordHit.objects.filter(at__lt=at - KEEP_HITS).delete()[0]
    return hits + ArchiveConsent.objects.filter(read_at__lt=at - KEEP_UNMET).delete()[0]
