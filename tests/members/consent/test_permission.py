"""May this go to her, and if not, why: for each state she can be in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.actions import scope_of
from members.consent.actions import decide, leave_membership
from members.consent.models import Channel, Purpose
from members.consent.queries import may, permitted, reasons_not
from members.consent.rules import PURPOSES
from members.identity.models import Member, MemberState
from stores.org.access import actor_of
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, grant

MARKETING = Purpose.DIRECT_MARKETING


def why(
    cast: Cast, member: Member | None = None, purpose: str = MARKETING, **fields: object
) -> str:
    asked = {"channel": Channel.WECOM, "at": timezone.now(), "entity": cast.entity, **fields}
    return may(member or cast.chen, purpose, **asked).reason  # type: ignore[arg-type]


def test_without_a_decision_nothing_may_go_to_her(cast: Cast) -> None:
    for purpose in Purpose.values:
        expected = "" if purpose == Purpose.ORDER_SERVICE else "no_consent"
        assert why(cast, purpose=purpose) == expected


def test_what_she_agreed_to_may(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    verdict = may(cast.chen, MARKETING, Channel.WECOM, at=timezone.now(), entity=cast.entity)
    assert verdict.allowed
    assert why(cast, purpose=Purpose.PROFILING) == "no_consent"


def test_refused_and_withdrawn_are_told_apart(cast: Cast) -> None:
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    assert why(cast) == "refused"
    grant(cast.chen, MARKETING)
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    assert why(cast) == "withdrawn"
    assert may(cast.chen, MARKETING, at=timezone.now(), entity=cast.entity).text == "已经撤回同意"


def test_the_newest_decision_that_covers_the_channel_holds(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    decide(cast.chen.pk, {MARKETING: False}, channel=Channel.SMS, by=TESTER)
    assert why(cast, channel=Channel.SMS) == "refused"
    assert why(cast, channel=Channel.WECOM) == ""
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    decide(cast.chen.pk, {MARKETING: True}, by=TESTER)
    assert why(cast, channel=Channel.SMS) == ""


def test_another_entity_needs_her_consent_to_share(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    assert why(cast, entity=cast.franchise) == "other_entity"
    grant(cast.chen, Purpose.SHARE_ENTITY)
    assert why(cast, entity=cast.franchise) == ""
    decide(cast.chen.pk, {Purpose.SHARE_ENTITY: False}, by=TESTER)
    assert why(cast, entity=cast.franchise) == "other_entity"
    assert why(cast) == ""


def test_a_consent_of_tomorrow_does_not_count_today(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    assert why(cast, at=timezone.now() - timedelta(minutes=1)) == "no_consent"


def test_a_withdrawal_counts_even_for_a_moment_taken_before_it(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    before = timezone.now()
    decide(cast.chen.pk, {MARKETING: False}, by=TESTER)
    assert why(cast, at=before) == "withdrawn"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (MemberState.PENDING, "not_member"),
        (MemberState.ERASED, "not_member"),
        (MemberState.LEFT, "left"),
    ],
)
def test_who_is_no_member_gets_nothing(cast: Cast, state: str, reason: str) -> None:
    grant(cast.chen, MARKETING)
    Member.objects.filter(pk=cast.chen.pk).update(state=state)
    assert why(cast) == reason
    assert why(cast, purpose=Purpose.ORDER_SERVICE) == reason


def test_nobody_is_no_member(cast: Cast) -> None:
    assert may(None, MARKETING, at=timezone.now(), entity=cast.entity).reason == "not_member"
    assert may(99_999_999, MARKETING, at=timezone.now(), entity=cast.entity).reason == "not_member"


def test_whom_a_guide_does_not_meet_is_nobody_to_her(cast: Cast) -> None:
    grant(cast.chen, MARKETING)
    with scope_of(actor_of(cast.zhou.account)):
        assert why(cast) == "not_member"
    with scope_of(actor_of(cast.lin.account)):
        assert why(cast) == ""


def test_leaving_ends_everything_at_once(cast: Cast) -> None:
    grant(cast.chen, MARKETING, Purpose.PROFILING)
    assert leave_membership(cast.chen.pk, by=TESTER)
    assert not leave_membership(cast.chen.pk, by=TESTER)
    assert why(cast) == "left"
    assert not Member.objects.get(pk=cast.chen.pk).consents.filter(is_granted=True).exists()


def test_many_are_asked_with_two_queries_and_the_sql_agrees(cast: Cast) -> None:
    members = [cast.chen] + [
        a_member(f"会员{number}", owner=cast.lin, store=cast.guomao) for number in range(11)
    ]
    members.append(a_member("远方", owner=cast.ma, store=cast.wangjing))
    for number, member in enumerate(members):
        if number % 2:
            grant(member, MARKETING)
        if number % 3 == 0:
            decide(member.pk, {MARKETING: False}, channel=Channel.WECOM, by=TESTER)
    leave_membership(members[1].pk, by=TESTER)
    now = timezone.now()
    for channel in (Channel.WECOM, Channel.SMS, Channel.ANY):
        reasons: dict[int, str] = {}
        for count in (1, len(members)):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                reasons = reasons_not(
                    members[:count], MARKETING, channel, at=now, entity=cast.entity
                )
            assert len(queries) == 2
        allowed = permitted(Member.objects.all(), MARKETING, channel, at=now, entity=cast.entity)
        assert set(allowed.values_list("pk", flat=True)) == {
            member.pk for member in members if member.pk not in reasons
        }


def test_rules_know_the_same_purposes_as_the_tables() -> None:
    assert set(Purpose.values) == PURPOSES
