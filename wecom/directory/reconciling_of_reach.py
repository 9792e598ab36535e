"""The first comparers of acquisition links and moments: WeCom's answers against the mirrors."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from wecom.directory import links, moments, queries_of_reach
from wecom.directory.portions import (
    LinkCustomers,
    LinkIds,
    LinkSeen,
    MomentReach,
    MomentsSeen,
    MomentTasks,
    Outcome,
    Portion,
    QuotaSeen,
    Rest,
)
from wecom.directory.queries_of_reach import AT_ONCE
from wecom.directory.rules import is_turn_of

US: Final = Actor.system("mirrors links and moments")


def mirror_links(portion: Portion) -> Outcome:
    """Links, who came by them, and what is left; details where never read or whose turn it is."""
    facts, asked_at = portion.facts, portion.asked_at
    if isinstance(facts, QuotaSeen):
        links.take_quota(facts.quota, asked_at=asked_at, by=US)
        return Outcome()
    if isinstance(facts, LinkIds):
        fresh = links.take_link_ids(facts.link_ids, asked_at=asked_at, by=US)
        gone = links.lose_links(facts.link_ids, asked_at=asked_at, by=US)
        every, day = portion.is_thorough, asked_at.date()
        turn = [key for key in facts.link_ids if every or is_turn_of(key, day)]
        wants = [f"card {key}" for key in dict.fromkeys([*fresh, *turn])]
        return Outcome(len(facts.link_ids), repaired=gone, wants=wants)
    if isinstance(facts, LinkSeen):
        return Outcome(1, repaired=links.take_link(facts, asked_at=asked_at, by=US))
    if isinstance(facts, LinkCustomers):
        links.take_customers(facts, asked_at=asked_at, by=US)
        return Outcome(len(facts.rows))
    return Outcome()


def mirror_moments(portion: Portion) -> Outcome:
    """Moments, who published them, and who saw them: what is due to be looked at is wanted."""
    facts, asked_at = portion.facts, portion.asked_at
    if isinstance(facts, MomentsSeen):
        found = moments.take_moments(facts, asked_at=asked_at, by=US)
        return Outcome(len(facts.rows), repaired=found)
    if isinstance(facts, MomentTasks):
        return Outcome(1 + moments.take_tasks(facts, asked_at=asked_at, by=US))
    if isinstance(facts, MomentReach):
        moments.take_reach(facts, asked_at=asked_at, by=US)
        return Outcome(1)
    if isinstance(facts, Rest):
        return _due(facts.after)
    return Outcome()


def _due(after: str) -> Outcome:
    """First the moments whose publishers are asked for, then what those published."""
    what, _, place = (after or "moment ").partition(" ")
    now = timezone.now()
    with scope_of(US):
        if what == "moment":
            keys = queries_of_reach.moments_due(now, after=place)
            more = f"moment {keys[-1]}" if len(keys) == AT_ONCE else "publication 0"
            return Outcome(wants=keys, after=more)
        rows = queries_of_reach.publications_due(now, after=int(place))
    wants = [f"{moment} {userid}" for _, moment, userid in rows]
    return Outcome(wants=wants, after=f"publication {rows[-1][0]}" if len(rows) == AT_ONCE else "")
