"""From a stored callback to a domain event: once, again where that helps, never stuck."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from kit.actor import Actor
from kit.events import DomainEvent
from kit.fields import new_public_id
from tests.wecom.inbox.post import an_event
from wecom.inbox.actions import forget_old, read_waiting, reopen
from wecom.inbox.events import Unreadable, read
from wecom.inbox.models import InboxMessage
from wecom.inbox.tasks import read_inbox

BY = Actor.system("test")
WM = "wmAbCdEfGhIjKlMnOpQrStUvWxYz0123"
ADDED = an_event(
    "change_external_contact",
    "add_external_contact",
    UserID="LinXiao",
    ExternalUserID=WM,
    WelcomeCode="WC1",
)
JOINED = an_event("change_external_chat", "update", ChatId="wr1", UpdateDetail="add_member")


def a_row(body: str, **fields: Any) -> InboxMessage:
    """A callback as the door leaves it."""
    return InboxMessage.objects.create(
        app="main", body=body, digest=new_public_id().bytes * 2, **fields
    )


def test_a_callback_becomes_one_domain_event(db: None) -> None:
    row = a_row(ADDED)
    assert read_waiting(by=BY) == 1
    assert read_waiting(by=BY) == 0
    event = DomainEvent.objects.get()
    row.refresh_from_db()
    assert (row.state, row.kind) == ("done", event.kind)
    assert event.subject == f"contact:{WM}"
    assert event.payload["app"] == "main"
    assert event.payload["welcome_code"] == "WC1"


def test_a_repeat_is_another_look_without_the_welcome(db: None) -> None:
    row = a_row(ADDED)
    read_waiting(by=BY)
    InboxMessage.objects.filter(pk=row.pk).update(state="again", repeats=1)
    read_waiting(by=BY)
    first, second = DomainEvent.objects.order_by("pk")
    assert (first.kind, first.subject) == (second.kind, second.subject)
    assert "welcome_code" in first.payload
    assert "welcome_code" not in second.payload


def test_a_repeat_before_the_first_reading_is_told_once(db: None) -> None:
    a_row(JOINED, repeats=5)
    read_waiting(by=BY)
    assert DomainEvent.objects.count() == 1


def test_a_repeated_message_of_a_guide_is_not_told_twice(db: None) -> None:
    said = "<xml><MsgType>text</MsgType><FromUserName>lin</FromUserName><MsgId>1</MsgId></xml>"
    row = a_row(said)
    read_waiting(by=BY)
    InboxMessage.objects.filter(pk=row.pk).update(state="again", repeats=1)
    read_waiting(by=BY)
    assert DomainEvent.objects.count() == 1


def test_poison_is_parked_and_stops_nobody(db: None) -> None:
    poison = [a_row("<xml><Nothing/></xml>"), a_row("<xml>"), a_row("<xml><MsgType/></xml>")]
    good = a_row(ADDED)
    read_waiting(by=BY)
    for row in (*poison, good):
        row.refresh_from_db()
    assert [row.state for row in poison] == ["parked"] * 3
    assert all(row.error for row in poison)
    assert good.state == "done"


def test_a_parked_callback_can_be_read_again_by_hand(db: None) -> None:
    row = a_row("<xml><Nothing/></xml>")
    read_waiting(by=BY)
    assert reopen(row, by=BY)
    assert not reopen(row, by=BY)
    InboxMessage.objects.filter(pk=row.pk).update(body=ADDED)
    read_waiting(by=BY)
    assert DomainEvent.objects.count() == 1


def test_old_rows_are_forgotten_whoever_read_them_and_unread_ones_kept(db: None) -> None:
    """A callback names people: what nobody could read is not kept longer than what was read."""
    for state in ("done", "parked", "waiting", "again"):
        a_row(ADDED, state=state, received_at=datetime(2024, 1, 1, tzinfo=UTC))
        a_row(ADDED, state=state)
    assert forget_old(by=BY) == 2
    old = InboxMessage.objects.filter(received_at__year=2024)
    assert sorted(old.values_list("state", flat=True)) == ["again", "waiting"]
    assert InboxMessage.objects.count() == 6


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (f"<Item>{WM}</Item>", [WM]),
        (f"<Item>{WM}</Item><Item>ZhouNing</Item>", [WM, "zhouning"]),
        (f"<![CDATA[{WM},ZhouNing]]>", [WM, "zhouning"]),
        ("", []),
    ],
)
def test_the_list_of_people_in_all_its_spellings(listed: str, expected: list[str]) -> None:
    body = an_event("change_external_chat", "update").replace(
        "</xml>", f"<MemChangeList>{listed}</MemChangeList></xml>"
    )
    assert read(body).payload.get("mem_change_list", []) == expected


def test_missing_and_strange_fields_do_not_stop_reading() -> None:
    news = read(an_event("change_external_chat", "update", MemChangeCnt="many", JoinScene=""))
    assert news.payload["mem_change_cnt"] == 0
    assert news.subject == "group:"
    assert read(an_event("change_external_contact", "born_yesterday")).kind == "wecom.unknown"
    with pytest.raises(Unreadable):
        read("<other/>")


@pytest.mark.django_db(transaction=True)
def test_a_reader_leaves_rows_that_another_holds() -> None:
    a_row(ADDED)
    a_row(JOINED)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM wecom_inboxmessage ORDER BY id LIMIT 1 FOR UPDATE")
            assert read_waiting(by=BY) == 1
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    read_inbox()
    assert DomainEvent.objects.count() == 2
