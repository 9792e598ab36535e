"""Domain events: told once, handled once each, in order per subject, retried, parked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
import redis
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from kit import events
from kit.actions import NotInAction, action
from kit.actor import Actor
from kit.events import DomainEvent, Handling, HandlingState, NotYet, emit
from tests.journeys.running import wait_for
from tests.servers import TestServers

SYSTEM = Actor.system("test")
seen: list[tuple[str, int]] = []

BOARD = {
    "thing_happened": ["tests.kit.test_events.first", "tests.kit.test_events.second"],
    "thing_failed": ["tests.kit.test_events.fails"],
    "thing_waits": ["tests.kit.test_events.waits"],
}


def first(event: DomainEvent) -> None:
    seen.append(("first", event.payload["n"]))


def second(event: DomainEvent) -> None:
    seen.append(("second", event.payload["n"]))


def fails(event: DomainEvent) -> None:
    raise ValueError("处理不了")


def waits(event: DomainEvent) -> None:
    raise NotYet(30)


@pytest.fixture(autouse=True)
def _board(settings: LazySettings) -> None:
    settings.SWITCHBOARD = "tests.kit.test_events.BOARD"
    seen.clear()


@action
def tell(
    kind: str, *, by: Actor, subject: str = "", once: str | None = None, **payload: Any
) -> Any:
    return emit(kind, subject=subject, once=once, **payload)


def run_all() -> None:
    for key in Handling.objects.order_by("pk").values_list("pk", flat=True):
        events.handle(key)


def test_each_handler_has_its_own_row_and_runs_once(db: None) -> None:
    tell("thing_happened", by=SYSTEM, n=1)
    run_all()
    run_all()
    assert seen == [("first", 1), ("second", 1)]
    assert set(Handling.objects.values_list("state", flat=True)) == {HandlingState.DONE}


def test_the_same_news_is_told_once(db: None) -> None:
    assert tell("thing_happened", by=SYSTEM, once="x", n=1) is not None
    assert tell("thing_happened", by=SYSTEM, once="x", n=2) is None
    run_all()
    assert seen == [("first", 1), ("second", 1)]


def test_a_later_event_of_a_subject_waits_for_the_earlier_one(db: None) -> None:
    tell("thing_happened", by=SYSTEM, subject="s", n=1)
    tell("thing_happened", by=SYSTEM, subject="s", n=2)
    late = Handling.objects.filter(event__payload__n=2, handler__endswith="first").get()
    assert events.handle(late.pk) is False
    run_all()
    assert [n for name, n in seen if name == "first"] == [1, 2]


def test_a_failing_handler_is_retried_later_and_parked_in_the_end(db: None) -> None:
    tell("thing_failed", by=SYSTEM)
    row = Handling.objects.get()
    for _ in range(events.MAX_ATTEMPTS):
        Handling.objects.update(next_try_at=timezone.now())
        assert events.handle(row.pk)
    row.refresh_from_db()
    assert row.state == HandlingState.PARKED
    assert "处理不了" in row.error


def test_a_parked_event_does_not_hold_up_its_subject(db: None) -> None:
    tell("thing_failed", by=SYSTEM, subject="s")
    Handling.objects.update(state=HandlingState.PARKED)
    tell("thing_happened", by=SYSTEM, subject="s", n=5)
    run_all()
    assert ("first", 5) in seen


def test_what_waits_behind_a_failing_event_hides_nobody_else(db: None) -> None:
    for n in range(4):
        tell("thing_failed", by=SYSTEM, subject="stuck", n=n)
    tell("thing_failed", by=SYSTEM, subject="other", n=4)
    rows = list(Handling.objects.order_by("pk"))
    past = timezone.now() - timedelta(seconds=60)
    Handling.objects.update(next_try_at=past)
    Handling.objects.filter(pk=rows[0].pk).update(next_try_at=timezone.now() + timedelta(hours=1))
    Handling.objects.filter(pk=rows[4].pk).update(next_try_at=past + timedelta(seconds=1))
    assert [key for key, _ in events.due_handlings(limit=3)] == [rows[4].pk]


def test_a_dead_workers_claim_is_taken_over(db: None) -> None:
    tell("thing_happened", by=SYSTEM, n=1)
    Handling.objects.update(
        state=HandlingState.CLAIMED,
        claimed_at=timezone.now() - events.LOOK_AGAIN - timedelta(seconds=1),
    )
    assert len(events.due_handlings()) == 2
    run_all()
    assert len(seen) == 2


@pytest.mark.django_db(transaction=True)
def test_a_living_workers_claim_is_left_alone_and_its_death_is_noticed_at_once() -> None:
    tell("thing_failed", by=SYSTEM)
    row = Handling.objects.get()
    Handling.objects.update(state=HandlingState.CLAIMED, claimed_at=timezone.now())
    # Another worker's connection holds the row, as it does while a handler runs.
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [events._LOCK_CLASS, row.pk])
        assert events.handle(row.pk) is False
    assert wait_for(lambda: events.handle(row.pk), seconds=10)


def test_not_yet_waits_without_blame(db: None) -> None:
    tell("thing_waits", by=SYSTEM)
    run_all()
    row = Handling.objects.get()
    assert row.state == HandlingState.WAITING
    assert row.next_try_at > timezone.now() + timedelta(seconds=20)
    assert (row.error, row.attempts) == ("", 0)


def test_news_outside_an_action_is_refused(db: None) -> None:
    with pytest.raises(NotInAction):
        emit("thing_happened", n=1)


def test_a_backlog_is_not_asked_for_again_while_its_queue_is_long(
    db: None, servers: TestServers, settings: LazySettings
) -> None:
    broker = redis.Redis.from_url(servers.redis_url)
    queue = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}urgent"
    for n in range(3):
        tell("thing_happened", by=SYSTEM, n=n)
    Handling.objects.update(next_try_at=timezone.now() - timedelta(seconds=5))
    broker.delete(queue)
    # Nudges wait for a commit that this test does not make: nobody has asked for the six yet.
    events.call_handlers_again()
    assert broker.llen(queue) == 6
    events.nudge("kit.tasks.handle", range(events._CROWD))
    events.call_handlers_again()
    assert broker.llen(queue) == 6 + events._CROWD
    broker.delete(queue)
    events.call_handlers_again()
    assert broker.llen(queue) == 6
    broker.delete(queue)
