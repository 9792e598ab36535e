"""The first comparers of archive agreements and keyword hits."""

from __future__ import annotations

from typing import Final

from kit.actor import Actor
from wecom.directory import hearing
from wecom.directory.portions import Agreements, KeywordHits, Outcome, Portion

US: Final = Actor.system("notes what may be heard")


def mirror_agreements(portion: Portion) -> Outcome:
    """Who agreed to the archive; what changed without a callback is a difference."""
    if not isinstance(portion.facts, Agreements):
        return Outcome()
    found = hearing.take_agreements(portion.facts, asked_at=portion.asked_at, by=US)
    return Outcome(len(portion.facts.rows), repaired=found)


def keep_hits(portion: Portion) -> Outcome:
    """Keyword hits, each once."""
    if not isinstance(portion.facts, KeywordHits):
        return Outcome()
    return Outcome(hearing.take_hits(portion.facts, by=US))
