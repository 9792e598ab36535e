"""HQ's screens of this floor: they open, search, cost the same at twenty rows, and repair."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kit.actor import Actor
from kit.events import DomainEvent, Handling
from tests.cast import Cast
from tests.wecom.inbox.post import an_event
from tests.wecom.inbox.test_reading import a_row
from tests.wecom.outbox.wishes import a_wish
from wecom.inbox.actions import read_waiting
from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxRow

APPS = ("wecom", "kit")
SCREENS = ("wecom_inboxmessage", "wecom_outboxrow", "kit_domainevent", "kit_handling")


def rows(count: int) -> None:
    """So many of everything."""
    for number in range(count):
        body = an_event("change_external_chat", "update", ChatId=f"wr{number}")
        a_row(body)
        a_wish("app_message", {"userids": ["lin"], "text": "您好"})
    read_waiting(by=Actor.system("test"))
    Handling.objects.all().delete()
    for event in DomainEvent.objects.all():
        Handling.objects.create(event=event, handler="somewhere.react", state="parked")


@pytest.fixture
def hq(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hq, "django.contrib.auth.backends.ModelBackend")
    return client


def press(client: Client, screen: str, button: str, keys: list[int]) -> Any:
    """Choose rows and press a button of the list."""
    chosen = {"action": button, "_selected_action": keys}
    return client.post(reverse(f"admin:{screen}_changelist"), chosen, follow=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_lists_cost_the_same_at_twenty_rows(hq: Client, screen: str) -> None:
    address = reverse(f"admin:{screen}_changelist")
    rows(1)
    assert hq.get(address).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as few:
        hq.get(address, {"q": "wr"})
    rows(19)
    with CaptureQueriesContext(connection) as many:
        found = hq.get(address, {"q": "wr"})
    assert found.status_code == 200
    assert len(many) <= len(few) + 1


@pytest.mark.parametrize("screen", [*SCREENS, "wecom_difference"])
def test_who_sees_one_region_does_not_read_whom_wecom_names(cast: Cast, screen: str) -> None:
    """These rows name customers of every store, and no row says of which."""
    account = type(cast.hq).objects.create_user("east", "x", name="东区", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(content_type__app_label__in=APPS))
    client = Client()
    client.force_login(account, "django.contrib.auth.backends.ModelBackend")
    address = reverse(f"admin:{screen}_changelist")
    assert client.get(address).status_code == 200
    account.regions.set([cast.east])
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("screen", SCREENS)
def test_a_row_opens_and_cannot_be_changed(hq: Client, screen: str) -> None:
    rows(1)
    app, _, model = screen.partition("_")
    kinds = {"inboxmessage": InboxMessage, "outboxrow": OutboxRow}
    kind: Any = kinds.get(model) or (DomainEvent if model == "domainevent" else Handling)
    key = kind.objects.order_by("pk").last().pk
    address = reverse(f"admin:{app}_{model}_change", args=[key])
    page = hq.get(address)
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert hq.post(address, {}).status_code == 403
    assert hq.get(reverse(f"admin:{screen}_add")).status_code == 403


def test_a_parked_callback_is_read_again(hq: Client) -> None:
    parked, done = a_row("<xml><Nothing/></xml>", state="parked"), a_row("<xml/>", state="done")
    answer = press(hq, "wecom_inboxmessage", "read_again", [parked.pk, done.pk])
    assert "已处理 1 条" in answer.content.decode()
    states = dict(InboxMessage.objects.values_list("pk", "state"))
    assert states == {parked.pk: "waiting", done.pk: "done"}


def test_a_parked_reaction_is_tried_again(hq: Client) -> None:
    rows(1)
    handling = Handling.objects.get(state="parked")
    press(hq, "kit_handling", "handle_again", [handling.pk])
    handling.refresh_from_db()
    assert (handling.state, handling.attempts) == ("waiting", 0)


@pytest.mark.parametrize(
    ("button", "state"),
    [("send_again", "planned"), ("settle_as_sent", "sent"), ("settle_as_failed", "failed")],
)
def test_hq_decides_about_an_unknown_end(hq: Client, button: str, state: str) -> None:
    unknown = a_wish("app_message", {"userids": ["lin"], "text": "您好"})
    waiting = a_wish("app_message", {"userids": ["lin"], "text": "您好"})
    OutboxRow.objects.filter(pk=unknown.pk).update(state="unknown")
    press(hq, "wecom_outboxrow", button, [unknown.pk, waiting.pk])
    states = dict(OutboxRow.objects.values_list("pk", "state"))
    assert states == {unknown.pk: state, waiting.pk: "planned"}
    last = DomainEvent.objects.order_by("pk").last()
    assert last is not None
    assert last.payload["once"] == unknown.once
    assert last.actor.startswith("account:")


def test_a_guide_does_not_get_in(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.lin.account, "django.contrib.auth.backends.ModelBackend")
    for screen in SCREENS:
        assert client.get(reverse(f"admin:{screen}_changelist")).status_code == 302
