"""Deciding: log, proof, projection and events in one transaction, once; the log is for good."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from kit.events import DomainEvent
from kit.fields import shown_id
from members.consent.actions import decide, leave_membership
from members.consent.errors import MembershipIsLeft, NotAMember
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Purpose
from members.consent.queries import states_unlike_log
from members.consent.steps import Proof
from members.identity.access import actor_of_member
from members.identity.models import Member
from stores.org.access import actor_of
from tests.cast import Cast
from tests.members.builders import TESTER, a_notice, grant

MARKETING, PROFILING = Purpose.DIRECT_MARKETING, Purpose.PROFILING


def log_of(cast: Cast) -> list[tuple[str, str]]:
    return list(
        ConsentEvent.objects.filter(member=cast.chen)
        .order_by("pk")
        .values_list("purpose", "decision")
    )


def test_several_purposes_are_decided_at_once_with_their_proof(cast: Cast) -> None:
    notice = a_notice(cast.entity)
    written = decide(
        cast.chen.pk,
        {MARKETING: True, PROFILING: False},
        notice_id=notice.pk,
        source="code",
        proof=Proof(ip="10.1.2.3", user_agent="Mozilla MicroMessenger"),
        by=actor_of_member(cast.chen),
    )
    assert log_of(cast) == [(MARKETING, "grant"), (PROFILING, "refuse")]
    assert [event.notice_id for event in written] == [notice.pk] * 2
    assert ConsentProof.objects.get(event=written[0]).ip == "10.1.2.3"
    states = dict(ConsentState.objects.values_list("purpose", "is_granted"))
    assert states == {MARKETING: True, PROFILING: False}


def test_repeating_writes_nothing_again(cast: Cast) -> None:
    for _ in range(3):
        decide(cast.chen.pk, {MARKETING: True, PROFILING: False}, by=TESTER)
    assert len(log_of(cast)) == 2
    for _ in range(3):
        decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    assert log_of(cast)[2:] == [(MARKETING, "withdraw")]


def test_news_go_out_for_grants_and_withdrawals_and_not_for_a_refusal(cast: Cast) -> None:
    decide(cast.chen.pk, {MARKETING: True, PROFILING: False}, by=TESTER)
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    events = DomainEvent.objects.filter(kind__startswith="consent_").order_by("pk")
    assert [event.kind for event in events] == ["consent_granted", "consent_withdrawn"]
    assert {event.subject for event in events} == {f"member:{shown_id(cast.chen.public_id)}"}
    assert events[1].payload == {"member": cast.chen.pk, "purpose": MARKETING, "channel": ""}


def test_the_log_refuses_change_and_deletion(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    for change in (
        "UPDATE members_consentevent SET decision = 'withdraw'",
        "DELETE FROM members_consentevent",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


def test_membership_itself_is_left_not_switched_off(cast: Cast) -> None:
    with pytest.raises(MembershipIsLeft):
        decide(cast.chen.pk, {Purpose.MEMBERSHIP: False, PROFILING: True}, by=TESTER)
    assert log_of(cast) == []


def test_who_has_left_decides_nothing(cast: Cast) -> None:
    leave_membership(cast.chen.pk, by=TESTER)
    with pytest.raises(NotAMember):
        grant(cast.chen, MARKETING)


def test_another_guide_cannot_decide_for_her(cast: Cast) -> None:
    with pytest.raises(Member.DoesNotExist):
        decide(cast.chen.pk, {MARKETING: True}, by=actor_of(cast.zhou.account))


def test_the_projection_equals_the_log_and_a_lie_is_found(cast: Cast) -> None:
    grant(cast.chen, MARKETING, PROFILING)
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    assert states_unlike_log() == []
    ConsentState.objects.filter(purpose=MARKETING).update(is_granted=True)
    assert states_unlike_log() == [(cast.chen.pk, MARKETING, "")]
    ConsentState.objects.filter(purpose=MARKETING).delete()
    assert states_unlike_log() == [(cast.chen.pk, MARKETING, "")]
