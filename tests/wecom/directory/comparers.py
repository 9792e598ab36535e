"""Comparers of the tests' own, put into RECONCILERS: one that writes down, one that stumbles."""

from __future__ import annotations

from wecom.directory.portions import Found, Outcome, Portion, Rest

seen: list[tuple[str, object]] = []
POISON = "staff:linxiao"


def write_down(portion: Portion) -> Outcome:
    """Remember every portion; one sentence is a difference too."""
    seen.append((portion.subject, portion.facts))
    if isinstance(portion.facts, Rest):
        return Outcome(after="" if portion.facts.after else "second page")
    return Outcome(1, repaired=["补上了"], left=[Found(portion.subject, "要人看")])


def stumble(portion: Portion) -> Outcome:
    """Cannot digest one subject."""
    if portion.subject == POISON:
        raise ValueError("a shape nobody expected")
    return write_down(portion)
