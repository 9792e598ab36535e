"""Deadlines in opening hours, taking, answering, handing on, and the sweep when nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bot.escalations.actions import (
    hand_to_manager,
    mark_answered,
    reroute_overdue,
    take_escalation,
)
from bot.escalations.errors import NoManager, TakenByAnother
from bot.escalations.models import Escalation, EscalationState
from bot.escalations.rules import can_be_taken, deadline_after, shall_reroute
from kit.actor import Actor
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.bot.builders import TESTER, a_group, say, the_knowledge
from tests.cast import Cast
from wecom.outbox.models import OutboxRow

NINE, TEN, FIVE_TO_TEN_PM = (
    datetime(2026, 11, 21, 1, 0, tzinfo=UTC),
    datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
    datetime(2026, 11, 21, 13, 55, tzinfo=UTC),
)
SPANS = [
    (TEN, TEN + timedelta(hours=12)),
    (TEN + timedelta(days=1), TEN + timedelta(days=1, hours=12)),
]


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (TEN, TEN + timedelta(minutes=10)),
        (NINE, TEN + timedelta(minutes=10)),
        # Five minutes are left today, five more tomorrow.
        (FIVE_TO_TEN_PM, TEN + timedelta(days=1, minutes=5)),
        (FIVE_TO_TEN_PM + timedelta(hours=1), TEN + timedelta(days=1, minutes=10)),
        # Beyond what is known the clock runs on.
        (TEN + timedelta(days=9), TEN + timedelta(days=9, minutes=10)),
    ],
)
def test_the_clock_stands_still_while_the_shop_is_shut(at: datetime, due: datetime) -> None:
    assert deadline_after(at, 10, SPANS) == due


def test_who_may_take_and_what_is_rerouted() -> None:
    assert can_be_taken("open", 1, 2)
    assert can_be_taken("taken", 1, 1)
    assert not can_be_taken("taken", 1, 2)
    assert not can_be_taken("answered", 1, 1)
    assert shall_reroute("open", TEN, TEN)
    assert not shall_reroute("open", TEN, NINE)
    assert not shall_reroute("rerouted", NINE, TEN)


def test_nobody_takes_it_in_time_and_the_manager_is_asked(cast: Cast) -> None:
    escalation = _escalation(cast)
    assert reroute_overdue(at=escalation.deadline - timedelta(seconds=1), by=TESTER) == 0
    late = escalation.deadline + timedelta(seconds=1)
    assert reroute_overdue(at=late, by=TESTER) == 1
    assert reroute_overdue(at=late, by=TESTER) == 0
    escalation.refresh_from_db()
    assert (escalation.state, escalation.holder) == (EscalationState.REROUTED, cast.manager)
    assert escalation.guide == cast.lin
    assert escalation.deadline > late
    told = OutboxRow.objects.filter(kind="app_message").order_by("pk").last()
    assert told is not None
    assert told.payload["userids"] == [cast.manager.wecom_userid]


def test_a_taken_one_stays_where_it_is(cast: Cast) -> None:
    escalation = _escalation(cast)
    assert take_escalation(escalation.pk, guide=cast.lin, by=_actor(cast.lin))
    assert not take_escalation(escalation.pk, guide=cast.lin, by=_actor(cast.lin))
    assert reroute_overdue(at=escalation.deadline + timedelta(hours=1), by=TESTER) == 0


def test_two_people_do_not_answer_one_question(cast: Cast) -> None:
    escalation = _escalation(cast)
    take_escalation(escalation.pk, guide=cast.manager, by=_actor(cast.manager))
    with pytest.raises(TakenByAnother):
        take_escalation(escalation.pk, guide=cast.lin, by=_actor(cast.lin))
    with pytest.raises(TakenByAnother):
        mark_answered(escalation.pk, guide=cast.lin, by=_actor(cast.lin))
    assert mark_answered(escalation.pk, guide=cast.manager, by=_actor(cast.manager))
    assert not mark_answered(escalation.pk, guide=cast.manager, by=_actor(cast.manager))


def test_the_guide_hands_it_to_her_manager_and_still_sees_it(cast: Cast) -> None:
    escalation = _escalation(cast)
    assert hand_to_manager(escalation.pk, by=_actor(cast.lin))
    assert not hand_to_manager(escalation.pk, by=_actor(cast.lin))
    escalation.refresh_from_db()
    assert (escalation.guide, escalation.holder) == (cast.lin, cast.manager)


def test_a_store_without_manager_keeps_it_late(cast: Cast) -> None:
    escalation = _escalation(cast)
    Guide.objects.filter(pk=cast.manager.pk).update(left_on=timezone.localdate())
    assert reroute_overdue(at=escalation.deadline + timedelta(minutes=1), by=TESTER) == 0
    with pytest.raises(NoManager):
        hand_to_manager(escalation.pk, by=_actor(cast.lin))


def test_a_colleague_cannot_touch_it(cast: Cast) -> None:
    escalation = _escalation(cast)
    with pytest.raises(Escalation.DoesNotExist):
        take_escalation(escalation.pk, guide=cast.zhou, by=_actor(cast.zhou))


def _escalation(cast: Cast) -> Escalation:
    the_knowledge(cast)
    say("拉链坏了，我的钱怎么办？", group=a_group(cast.lin))
    return Escalation.objects.select_related("guide", "holder").get()


def _actor(guide: Guide) -> Actor:
    return actor_of(guide.account)
