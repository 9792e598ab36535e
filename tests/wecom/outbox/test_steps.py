"""Putting a wish into the outbox: once, in the caller's transaction, taken back only in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kit.actions import NotInAction, action
from kit.actor import Actor
from tests.wecom.outbox.wishes import a_wish
from wecom.gateway import gateway_of
from wecom.gateway.errors import NobodyReachable
from wecom.outbox import actions
from wecom.outbox.models import OutboxRow, OutboxState
from wecom.outbox.steps import cancel, put

BY = Actor.system("test")


@action
def wish(once: str, kind: str = "app_message", *, fail: bool = False, by: Actor) -> OutboxRow:
    payload = {"userids": ["linxiao"], "text": "您好", "welcome_code": "WC"}
    row = put(kind, payload, once=once, subject="guide:1")
    if fail:
        raise RuntimeError("the decision is taken back")
    assert row is not None
    return row


@action
def take_back(once: str, *, by: Actor) -> bool:
    return cancel(once)


def test_the_same_wish_twice_is_one_row(db: None) -> None:
    first, second = wish("a", by=BY), wish("a", by=BY)
    assert first == second
    assert OutboxRow.objects.count() == 1


def test_a_decision_taken_back_takes_its_wish_along(db: None) -> None:
    with pytest.raises(RuntimeError):
        wish("a", fail=True, by=BY)
    assert OutboxRow.objects.count() == 0


def test_a_wish_outside_an_action_is_refused(db: None) -> None:
    with pytest.raises(NotInAction):
        put("app_message", {}, once="a")


def test_a_kind_that_nobody_carries_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="pigeon"):
        wish("a", kind="pigeon", by=BY)


def test_a_wish_without_what_it_needs_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="sender"):
        a_wish("mass_send", {"text": "您好", "recipients": ["wm1"]})


def test_a_mass_send_to_nobody_is_refused_since_wecom_would_send_to_all(db: None) -> None:
    with pytest.raises(ValueError, match="every customer"):
        a_wish("mass_send", {"text": "您好", "sender": "linxiao", "recipients": []})
    with pytest.raises(NobodyReachable):
        gateway_of().create_mass_send(
            chat_type="single", sender="linxiao", recipients=[], text="您好"
        )


def test_a_wish_is_taken_back_before_it_is_claimed_and_not_after(db: None) -> None:
    row = wish("a", by=BY)
    wish("b", by=BY)
    assert actions.claim(row.pk, by=BY) is not None
    assert not take_back("a", by=BY)
    assert take_back("b", by=BY)
    assert not take_back("never", by=BY)
    assert list(OutboxRow.objects.order_by("pk").values_list("state", flat=True)) == [
        "sending",
        "cancelled",
    ]


def test_a_welcome_has_twenty_seconds_and_goes_first(db: None) -> None:
    row = wish("a", kind="welcome", by=BY)
    assert row.priority == 1
    assert row.expires_at is not None
    assert timedelta(seconds=19) < row.expires_at - timezone.now() <= timedelta(seconds=20)


def test_only_one_of_two_claims_wins(db: None) -> None:
    row = wish("a", by=BY)
    assert actions.claim(row.pk, by=BY) is not None
    assert actions.claim(row.pk, by=BY) is None


def test_a_claim_that_was_lost_marks_nothing(db: None) -> None:
    wish("a", by=BY)
    mine = actions.claim(OutboxRow.objects.get().pk, by=BY)
    assert mine is not None
    actions.put_back(mine, pause=-1, error="", by=BY)
    theirs = actions.claim(mine.pk, by=BY)
    assert theirs is not None
    assert not actions.end(mine, OutboxState.SENT, by=BY)
    assert actions.end(theirs, OutboxState.SENT, by=BY)
    assert not actions.end(theirs, OutboxState.FAILED, by=BY)


def test_what_is_due_later_is_not_claimed_now(db: None) -> None:
    row = wish("a", by=BY)
    OutboxRow.objects.update(next_try_at=timezone.now() + timedelta(minutes=1))
    assert actions.claim(row.pk, by=BY) is None


def test_the_sweep_asks_for_a_row_once_in_a_while(db: None) -> None:
    wish("a", by=BY)
    assert actions.nudge_due(by=BY) == 0
    OutboxRow.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))
    assert actions.nudge_due(by=BY) == 1
    assert actions.nudge_due(by=BY) == 0
