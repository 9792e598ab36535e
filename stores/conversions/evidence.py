"""What a judgement looks at beside the sale: touches and ownership of the person who bought.

A person may have several numbers in the ledger (two records found to be one); all count as hers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from stores.conversions.rules import BINDING, OwnerFact, Terms, TouchFact
from stores.ledger.models import Ownership, Touch
from stores.ledger.queries import numbers_of, present_numbers


@dataclass(frozen=True)
class Evidence:
    """Facts by person, in no particular order except owners: best first."""

    persons: Mapping[int, int] = field(default_factory=dict)
    touches: Mapping[int, Sequence[TouchFact]] = field(default_factory=dict)
    owners: Mapping[int, Sequence[OwnerFact]] = field(default_factory=dict)

    def person_of(self, number: int | None) -> int | None:
        """The number that means this person today."""
        return None if number is None else self.persons[number]

    def touches_of(self, person: int | None) -> Sequence[TouchFact]:
        return () if person is None else self.touches.get(person, ())

    def owners_of(self, person: int | None) -> Sequence[OwnerFact]:
        return () if person is None else self.owners.get(person, ())


def gather(
    buyers: Mapping[int, int | None], sold_at: Mapping[int, datetime], terms: Sequence[Terms]
) -> Evidence:
    """The evidence for sales, given who bought each and when; few queries for any number."""
    numbers = {number for number in buyers.values() if number is not None}
    if not numbers:
        return Evidence()
    persons = present_numbers(numbers)
    same = numbers_of(set(persons.values()))
    person_of = {number: person for person, them in same.items() for number in them}
    moments = [sold_at[sale] for sale, number in buyers.items() if number is not None]
    reach = max((each.reach() for each in terms), default=timedelta())
    return Evidence(
        persons=persons,
        touches=_touches(person_of, min(moments) - reach, max(moments), _has_locks(terms)),
        owners=_owners(person_of),
    )


def _touches(
    person_of: Mapping[int, int],
    since: datetime,
    until: datetime,
    has_locks: bool,  # noqa: FBT001
) -> dict[int, list[TouchFact]]:
    near = Q(at__gte=since, at__lte=until)
    if has_locks:
        # Whether a lock began depends on the one before it, back to the first.
        near |= Q(kind__in=BINDING, at__lt=since)
    rows = Touch.objects.filter(near, member_no__in=person_of, guide_no__isnull=False)
    found: dict[int, list[TouchFact]] = defaultdict(list)
    for number, kind, guide, at, source, member_no in rows.values_list(
        "id", "kind", "guide_no", "at", "source", "member_no"
    ):
        if member_no is not None and guide is not None:
            found[person_of[member_no]].append(TouchFact(number, kind, guide, at, source))
    return found


def _owners(person_of: Mapping[int, int]) -> dict[int, list[OwnerFact]]:
    """Where two merged numbers had owners at once, the surviving number's owner comes first."""
    rows = sorted(
        Ownership.objects.filter(member_no__in=person_of),
        key=lambda row: (row.member_no != person_of[row.member_no], row.since, row.guide_no),
    )
    found: dict[int, list[OwnerFact]] = defaultdict(list)
    before: dict[int, int] = {}
    for row in rows:
        # A number's own rows come in the order of time.
        handed_from = before.get(row.member_no) if row.reason == "handover" else None
        fact = OwnerFact(row.guide_no, row.since, row.until, handed_from)
        found[person_of[row.member_no]].append(fact)
        before[row.member_no] = row.guide_no
    return found


def _has_locks(terms: Sequence[Terms]) -> bool:
    return any(each.lock_days for each in terms)
