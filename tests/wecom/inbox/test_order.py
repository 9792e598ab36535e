"""News of one customer or group are handled one after another, of different ones side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from django.db import connection
from pytest_django import Settings

from kit import events
from kit.actor import Actor
from kit.events import DomainEvent, Handling
from tests.wecom.inbox.post import an_event
from tests.wecom.inbox.test_reading import a_row
from wecom.inbox import queries
from wecom.inbox.actions import handle_kind_again, read_waiting, reopen_kind
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor.system("test")
KIND = "wecom.change_external_chat.update"
REACTIONS = {KIND: ["tests.wecom.inbox.test_order.react"]}
handled: list[str] = []
begun, go_on = threading.Event(), threading.Event()
WAIT_SECONDS: Final = 30


def react(event: DomainEvent) -> None:
    """The first change of the first group takes its time."""
    if event.payload["cur_mem_ver"] == "1":
        begun.set()
        assert go_on.wait(WAIT_SECONDS)
    handled.append(f"{event.payload['chat_id']} {event.payload['cur_mem_ver']}")


@pytest.fixture
def keys(settings: Settings) -> Iterator[list[int]]:
    settings.SWITCHBOARD = "tests.wecom.inbox.test_order.REACTIONS"
    for chat, version in (("wr1", "1"), ("wr1", "2"), ("wr2", "3")):
        a_row(an_event("change_external_chat", "update", ChatId=chat, CurMemVer=version))
    read_waiting(by=BY)
    handled.clear()
    begun.clear()
    go_on.clear()
    yield list(Handling.objects.order_by("pk").values_list("pk", flat=True))
    go_on.set()


def handle(key: int) -> bool:
    """As another worker does it: with a connection of its own."""
    try:
        return events.handle(key)
    finally:
        connection.close()


def test_two_workers_keep_the_order_of_a_group_and_share_the_others(keys: list[int]) -> None:
    first, second, other = keys
    with ThreadPoolExecutor(1) as worker:
        slow = worker.submit(handle, first)
        assert begun.wait(WAIT_SECONDS)
        # The same news again, and the group's next, are refused while the first is handled.
        assert not handle(first)
        assert not handle(second)
        assert handle(other)
        go_on.set()
        assert slow.result(WAIT_SECONDS)
    assert handle(second)
    assert handled == ["wr2 3", "wr1 1", "wr1 2"]


def test_unknown_events_are_kept_and_counted_by_name() -> None:
    rows = [a_row(an_event("brand_new", "thing", at=n)) for n in range(3)]
    rows += [a_row(an_event("other_new", at=n)) for n in range(1)]
    known = a_row(an_event("enter_agent"))
    while read_waiting(by=BY):
        pass
    counted = [(one.kind, one.count) for one in queries.unknown_events()]
    assert counted == [("brand_new.thing", 3), ("other_new", 1)]
    assert DomainEvent.objects.filter(kind="wecom.unknown").count() == len(rows)
    assert InboxMessage.objects.get(pk=known.pk).kind == "wecom.enter_agent"


def test_all_parked_of_a_kind_are_tried_again() -> None:
    poison = [a_row(f"<xml><Nothing>{n}</Nothing></xml>") for n in range(3)]
    read_waiting(by=BY)
    assert [(one.kind, one.count) for one in queries.parked_callbacks()] == [("", 3)]
    InboxMessage.objects.filter(pk=poison[0].pk).update(kind="wecom.other")
    assert reopen_kind("", by=BY) == 2
    assert reopen_kind("", by=BY) == 0
    assert [(one.kind, one.count) for one in queries.parked_callbacks()] == [("wecom.other", 1)]


def test_all_parked_reactions_of_a_handler_are_tried_again(keys: list[int]) -> None:
    Handling.objects.update(state="parked", attempts=8)
    handler = REACTIONS[KIND][0]
    assert handle_kind_again(handler=handler, kind="another", by=BY) == 0
    assert handle_kind_again(handler="another.handler", by=BY) == 0
    assert handle_kind_again(handler=handler, kind=KIND, by=BY) == len(keys)
    assert set(Handling.objects.values_list("state", "attempts")) == {("waiting", 0)}
