"""The first comparers of each kind: WeCom's answers against the mirrors of this room."""

from __future__ import annotations

from collections import Counter
from typing import Final

from kit.actor import Actor
from wecom.directory import catalogue, mirror
from wecom.directory.models import Staff, StaffState
from wecom.directory.portions import (
    DepartmentList,
    Found,
    Outcome,
    Portion,
    Rest,
    Serving,
    StaffOf,
    TagsSeen,
    UnassignedContacts,
    WayIds,
    WaySeen,
)
from wecom.directory.rules import is_plausible_loss, is_turn_of

US: Final = Actor.system("mirrors WeCom")
_AT_ONCE: Final = 100


def mirror_staff(portion: Portion) -> Outcome:
    """Departments and members; who was met nowhere is looked at alone before he counts as gone."""
    facts, asked_at = portion.facts, portion.asked_at
    if isinstance(facts, DepartmentList):
        found = mirror.take_departments(facts.rows, asked_at=asked_at, by=US)
        return Outcome(len(facts.rows), repaired=found)
    if isinstance(facts, StaffOf):
        # Some lists go on naming who left, with a state that says so.
        here = [card for card in facts.rows if card.state != StaffState.LEFT.value]
        left = [card.userid for card in facts.rows if card.state == StaffState.LEFT.value]
        found = mirror.take_staff(here, asked_at=asked_at, by=US)
        found += mirror.lose_staff([*facts.absent, *left], asked_at=asked_at, by=US)
        return Outcome(len(facts.rows) + len(facts.absent), repaired=found)
    if isinstance(facts, Serving):
        mirror.take_serving(facts.userids, by=US)
    if isinstance(facts, Rest) and portion.is_full:
        return _unmet_staff(portion, facts.after)
    return Outcome()


def _unmet_staff(portion: Portion, after: str) -> Outcome:
    unmet = Staff.objects.present().filter(read_at__lt=portion.since).order_by("userid")
    count, known = unmet.count(), Staff.objects.present().count()
    if not is_plausible_loss(count, known):
        text = f"{count} 位成员（共 {known} 位）同时看不到，未视为离开"
        return Outcome(left=[Found("staff:*", "请确认应用可见范围", text)])
    keys = list(unmet.filter(userid__gt=after).values_list("userid", flat=True)[:_AT_ONCE])
    return Outcome(wants=keys, after=keys[-1] if len(keys) == _AT_ONCE else "")


def mirror_tags(portion: Portion) -> Outcome:
    """Corp tags and their groups."""
    if not isinstance(portion.facts, TagsSeen):
        return Outcome()
    facts, asked_at = portion.facts, portion.asked_at
    found = catalogue.take_tags(facts, asked_at=asked_at, by=US)
    doubt = catalogue.doubt_of(facts, asked_at=asked_at)
    left = [Found("tag:*", "请确认应用的标签权限", doubt)] if doubt else []
    return Outcome(sum(len(group.tags) for group in facts.groups), repaired=found, left=left)


def mirror_ways(portion: Portion) -> Outcome:
    """Contact-me codes: which exist, and the details of those never read or whose turn it is."""
    facts, asked_at = portion.facts, portion.asked_at
    if isinstance(facts, WayIds):
        fresh = catalogue.take_way_ids(facts.config_ids, asked_at=asked_at, by=US)
        every, day = portion.is_thorough, asked_at.date()
        turn = [key for key in facts.config_ids if every or is_turn_of(key, day)]
        return Outcome(len(facts.config_ids), wants=[*fresh, *turn])
    if isinstance(facts, WaySeen):
        catalogue.take_way(facts, asked_at=asked_at, by=US)
    if isinstance(facts, Rest):
        gone = catalogue.lose_ways(portion.since, by=US)
        more = "more" if len(gone) == catalogue.LOST_AT_ONCE else ""
        return Outcome(len(gone), after=more)
    return Outcome()


def report_unassigned(portion: Portion) -> Outcome:
    """Customers whose guide left and whom nobody took over: a person has to decide."""
    if not isinstance(portion.facts, UnassignedContacts):
        return Outcome()
    by_guide = Counter(row.handover_userid for row in portion.facts.rows)
    left = [
        Found(f"staff:{userid}", "离职待分配的客户", f"{count} 位")
        for userid, count in sorted(by_guide.items())
    ]
    return Outcome(len(portion.facts.rows), left=left)
