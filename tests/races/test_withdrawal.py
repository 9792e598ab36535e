"""L-08: a withdrawal and the claim of a send in the same moment. Whoever commits first decides.

The claim's veto reads her permission after the row was claimed: no send is claimed after a
withdrawal was committed. The control asks once, when the send is planned, and sends regardless.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.actions import decide
from members.consent.models import Channel, ConsentEvent, Purpose
from members.consent.queries import may
from tests.cast import Cast, make_cast
from tests.members.builders import TESTER, grant
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 500 if os.environ.get("FAULT_TRIALS") == "full" else 4
SENDER = Actor.system("sends")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def withdraw(cast: Cast) -> datetime:
    """She withdraws; when it was over."""
    decide(cast.chen.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
    return timezone.now()


def send(cast: Cast, asks_again: Callable[[Cast], bool]) -> datetime | None:
    """Ask at the moment of sending; when it was decided to send, or None."""
    begun = timezone.now()
    return begun if asks_again(cast) else None


def asks(cast: Cast) -> bool:
    with scope_of(SENDER):
        return may(
            cast.chen.pk,
            Purpose.DIRECT_MARKETING,
            Channel.WECOM,
            at=timezone.now(),
            entity=cast.entity.pk,
        ).allowed


def test_l08_nothing_is_sent_after_a_withdrawal_was_committed(cast: Cast) -> None:
    for _ in range(ROUNDS):
        grant(cast.chen, Purpose.DIRECT_MARKETING)
        both: list[Callable[[], datetime | None]] = [
            partial(withdraw, cast),
            partial(send, cast, asks),
        ]
        over, begun = all_at_once(both)
        assert not isinstance(over, Exception)
        assert not isinstance(begun, Exception)
        assert over is not None
        assert begun is None or begun <= over
        assert send(cast, asks) is None
        assert ConsentEvent.objects.filter(member=cast.chen).latest("pk").decision == "withdraw"


def test_the_control_asks_when_planning_and_sends_after(cast: Cast) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    planned = asks(cast)
    over = withdraw(cast)
    begun = send(cast, lambda _: planned)
    assert begun is not None
    assert begun > over


def test_the_log_is_changed_by_nobody_under_the_roles_of_the_application(cast: Cast) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)

    @action
    def run(sql: str, *, by: Actor) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    for sql in (
        "UPDATE members_consentevent SET decision = 'grant'",
        "DELETE FROM members_consentevent",
    ):
        answers = all_at_once([partial(run, sql, by=TESTER)])
        assert "append-only" in str(answers[0])
    assert ConsentEvent.objects.filter(member=cast.chen).count() == 1
