"""Touches and ownership: once each, in a closed list of kinds, in months that stand ready."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent
from stores.ledger.models import Ownership, Touch, TouchKind
from stores.ledger.months import AHEAD, open_months_from
from stores.ledger.queries import numbers_of, present_numbers
from stores.ledger.steps import record_merge, record_touch, set_owner
from tests.cast import Cast

TEST = Actor.system("test")
NOON = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)


@action
def tell(kind: TouchKind, *, once: str, by: Actor) -> bool:
    return record_touch(kind, once=once, at=NOON, member_no=7, guide_no=1, store_no=1)


@action
def merge(member_no: int, into_no: int, *, by: Actor) -> bool:
    return record_merge(member_no=member_no, into_no=into_no, at=NOON)


def test_a_touch_told_twice_is_one(db: None) -> None:
    assert tell(TouchKind.VISIT, once="note:1", by=TEST)
    assert not tell(TouchKind.VISIT, once="note:1", by=TEST)
    assert tell(TouchKind.VISIT, once="note:2", by=TEST)
    assert Touch.objects.count() == 2
    told = DomainEvent.objects.filter(kind="touch_recorded")
    assert [event.subject for event in told] == ["member-no:7", "member-no:7"]
    assert {event.payload["at"] for event in told} == {NOON.isoformat()}


def test_an_owner_is_followed_without_a_gap(cast: Cast) -> None:
    @action
    def own(guide_no: int, at: datetime, *, by: Actor) -> bool:
        return set_owner(member_no=7, guide_no=guide_no, store_no=1, at=at, reason="test")

    assert own(1, NOON, by=TEST)
    assert not own(1, NOON, by=TEST)
    later = NOON.replace(hour=9)
    assert own(2, later, by=TEST)
    rows = Ownership.objects.filter(member_no=7).order_by("since")
    assert [(row.guide_no, row.since, row.until) for row in rows] == [
        (1, NOON, later),
        (2, later, None),
    ]


def test_numbers_follow_merges_to_the_end(db: None) -> None:
    for one, into in ((1, 2), (2, 3), (4, 3)):
        assert merge(one, into, by=TEST)
    assert present_numbers([1, 2, 3, 4, 5]) == {1: 3, 2: 3, 3: 3, 4: 3, 5: 5}
    assert numbers_of([3, 5]) == {3: {1, 2, 3, 4}, 5: {5}}


def test_the_list_of_kinds_is_the_documented_one() -> None:
    page = Path(settings.BASE_DIR, "docs", "touches.md").read_text()
    documented = re.findall(r"^\| `(\w+)` \| (\S+) \|", page, flags=re.MULTILINE)
    assert documented == [(kind.value, kind.label) for kind in TouchKind]


def test_months_stand_before_their_facts(db: None) -> None:
    assert open_months_from(date(2031, 5, 9)) == 2 * AHEAD
    assert open_months_from(date(2031, 5, 9)) == 0
    Touch.objects.create(kind="visit", at=datetime(2031, 6, 1, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM stores_touch")
        assert cursor.fetchone() == ("stores_touch_203106",)
