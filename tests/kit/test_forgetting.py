"""What was told is forgotten after its time; the same news is still known, open work stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from kit import events
from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent, Handling, emit, forget_events
from kit.schedule import JobSlot, OnceKey, forget_the_rest
from kit.tasks import forget_what_was_told

BY = Actor.system("test")
LONG_AGO = timedelta(days=181)
BOARD = {"thing_happened": ["tests.kit.test_forgetting.reacts"]}
PASSING = ("callback:",)


def reacts(event: DomainEvent) -> None:
    return None


@pytest.fixture(autouse=True)
def _board(settings: LazySettings) -> None:
    settings.SWITCHBOARD = "tests.kit.test_forgetting.BOARD"
    settings.PASSING_KEYS = "tests.kit.test_forgetting.PASSING"


@action
def tell(kind: str, *, by: Actor, once: str | None = None, **payload: Any) -> DomainEvent | None:
    return emit(kind, once=once, **payload)


def told(once: str | None, *, handled: bool = True, ago: timedelta = LONG_AGO) -> DomainEvent:
    """An event of some time ago."""
    event = tell("thing_happened", once=once, by=BY)
    assert event is not None
    if handled:
        for key in event.handlings.values_list("pk", flat=True):
            events.handle(key)
    DomainEvent.objects.filter(pk=event.pk).update(at=timezone.now() - ago)
    return event


def forget(limit: int = 2000) -> None:
    after = 0
    while after := forget_events(at=timezone.now(), after=after, limit=limit, by=BY):
        pass


def test_what_was_told_is_forgotten_after_180_days_and_not_told_again(db: None) -> None:
    told("friend:1")
    told(None)
    young = told("friend:2", ago=timedelta(days=179))
    forget()
    assert list(DomainEvent.objects.values_list("pk", flat=True)) == [young.pk]
    assert Handling.objects.count() == 1
    assert tell("thing_happened", once="friend:1", by=BY) is None
    assert tell("thing_happened", once="friend:2", by=BY) is None
    assert tell("thing_happened", once="friend:3", by=BY) is not None


def test_open_reactions_keep_their_event_and_parked_ones_do_not(db: None) -> None:
    waiting = told("a", handled=False)
    parked = told("b", handled=False)
    Handling.objects.filter(event=parked).update(state="parked")
    told("c")
    forget()
    assert list(DomainEvent.objects.values_list("pk", flat=True)) == [waiting.pk]
    forget()
    assert Handling.objects.get().event_id == waiting.pk


def test_keys_that_nobody_can_use_again_are_not_kept(db: None) -> None:
    told("callback:1")
    told("friend:1")
    forget()
    assert OnceKey.objects.count() == 1
    assert tell("thing_happened", once="callback:1", by=BY) is not None


def test_much_is_forgotten_bit_by_bit_past_what_stays(db: None) -> None:
    told(None, handled=False)
    for number in range(7):
        told(f"x:{number}")
    forget(limit=2)
    assert DomainEvent.objects.count() == 1
    assert OnceKey.objects.count() == 7


def test_runs_of_jobs_and_keys_have_their_end_too(db: None) -> None:
    now = timezone.now()
    JobSlot.objects.create(job="nightly", slot=now - timedelta(days=91))
    JobSlot.objects.create(job="nightly", slot=now - timedelta(days=89))
    told("friend:1")
    forget_what_was_told()
    assert (JobSlot.objects.count(), OnceKey.objects.count()) == (1, 1)
    forget_the_rest(at=now + timedelta(days=5 * 365 + 1), by=BY)
    assert OnceKey.objects.count() == 0
