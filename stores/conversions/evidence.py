"""What a judgement looks at beside the sale: touches and ownership of the person who bought.

A person may have several numbers in the ledger (two records found to be one); all count as hers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

from stores.conversions.rules import BINDING, OwnerFact, Terms, TouchFact
from stores.ledger.models import Ownership
from stores.ledger.queries import among, numbers_of, present_numbers

# Person by person through the index, whatever the planner thinks of the whole ledger: OFFSET 0
# keeps it from reading all months for some thousand people.
_TOUCHES: Final = """
SELECT who.person, t.id, t.kind, t.guide_no, t.at, t.source
FROM unnest(%(numbers)s::bigint[], %(persons)s::bigint[], %(since)s::timestamptz[],
            %(until)s::timestamptz[]) AS who (number, person, since, until)
CROSS JOIN LATERAL (
  SELECT id, kind, guide_no, at, source FROM stores_touch
  WHERE member_no = who.number AND guide_no IS NOT NULL AND at <= who.until
    AND at <= %(last)s AND {since} OFFSET 0
) t
"""
_NEAR: Final = _TOUCHES.format(since="at >= who.since AND at >= %(first)s")
# Whether a lock began depends on the one before it, back to the first.
_LOCKED: Final = _TOUCHES.format(since="(at >= who.since OR kind = ANY(%(binding)s))")


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


def gather(sold: Iterable[tuple[int | None, datetime]], terms: Sequence[Terms]) -> Evidence:
    """The evidence for sales, given who bought each and when; few queries for any number."""
    moments: dict[int, list[datetime]] = defaultdict(list)
    for number, at in sold:
        if number is not None:
            moments[number].append(at)
    if not moments:
        return Evidence()
    persons = present_numbers(moments)
    same = numbers_of(set(persons.values()))
    bought: dict[int, list[datetime]] = defaultdict(list)
    for number, times in moments.items():
        bought[persons[number]] += times
    reach = max((each.reach() for each in terms), default=timedelta())
    near = [
        _Near(number, person, min(bought[person]) - reach, max(bought[person]))
        for person, numbers in same.items()
        for number in numbers
    ]
    has_locks = any(each.lock_days for each in terms)
    return Evidence(persons, _touches(near, has_locks=has_locks), _owners(same))


class _Near(NamedTuple):
    """A number that means a person, and the time in which touches can matter to what she bought."""

    number: int
    person: int
    since: datetime
    until: datetime


def _touches(near: Sequence[_Near], *, has_locks: bool) -> dict[int, list[TouchFact]]:
    numbers, persons, since, until = (list(column) for column in zip(*near, strict=True))
    found: dict[int, list[TouchFact]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _LOCKED if has_locks else _NEAR,
            {
                "numbers": numbers,
                "persons": persons,
                "since": since,
                "until": until,
                "first": min(since),
                "last": max(until),
                "binding": list(BINDING),
            },
        )
        for person, *fact in cursor.fetchall():
            found[person].append(TouchFact(*fact))
    return found


def _owners(same: Mapping[int, Collection[int]]) -> dict[int, list[OwnerFact]]:
    """Where two merged numbers had owners at once, the surviving number's owner comes first."""
    person_of = {number: person for person, numbers in same.items() for number in numbers}
    rows = Ownership.objects.filter(among("member_no", person_of)).values_list(
        "member_no", "since", "guide_no", "until", "reason"
    )
    found: dict[int, list[OwnerFact]] = defaultdict(list)
    before: dict[int, int] = {}
    for number, since, guide, until, reason in sorted(
        rows, key=lambda row: (row[0] != person_of[row[0]], row[1], row[2])
    ):
        # A number's own rows come in the order of time.
        handed_from = before.get(number) if reason == "handover" else None
        found[person_of[number]].append(OwnerFact(guide, since, until, handed_from))
        before[number] = guide
    return found
