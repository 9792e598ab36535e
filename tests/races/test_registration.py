"""One phone at two stores, one code tried by many, one budget of messages: exact all the same.

Each has a control that does the same without the guard and shows the fault.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from members.consent.actions import decide
from members.consent.models import ConsentEvent, ConsentState, Purpose
from members.consent.queries import states_unlike_log
from members.identity.models import Identity, IdentityKind, Member
from members.registration.actions import request_code
from members.registration.channel_codes import ensure_channel_codes
from members.registration.doors import registrant
from members.registration.errors import TooManyCodes
from members.registration.joining import Proven, try_code
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Registration,
)
from members.rewards.models import Coupon
from tests.cast import Cast, a_guide, a_store, make_cast
from tests.members.builders import TESTER, a_channel_code, a_notice, a_welcome_gift
from tests.members.registration.test_way import WU, visit
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    made = make_cast()
    a_notice(made.entity)
    a_welcome_gift(made.entity)
    return made


def asked(code: ChannelCode, number: str = WU) -> tuple[Registration, str]:
    """A visit that waits for its code, and the code, as the phone would show it."""
    registration = visit(code)
    CodeRequest.objects.all().delete()
    row = request_code(registration.pk, phone=number, ip="10.0.0.9", by=registrant(code))
    return registration, str(row.code)


def test_one_phone_at_two_stores_ends_as_one_member(cast: Cast) -> None:
    """Two stores of one entity, the same second: one member, one gift, one owner."""
    second = a_store("三里屯店", code="S003", region=cast.east, entity=cast.entity)
    guide = a_guide("孙丽", second, employee_no="G009")
    codes = [a_channel_code(cast.lin), a_channel_code(guide)]
    for number in range(ROUNDS):
        phone = f"+86139222200{number:02d}"
        pairs = [asked(code, phone) for code in codes]
        proven = all_at_once(
            [
                partial(try_code, visited.pk, code=typed, by=registrant(code))
                for (visited, typed), code in zip(pairs, codes, strict=True)
            ]
        )
        assert proven == [Proven.YES, Proven.YES]
        members = {Registration.objects.get(pk=visited.pk).member_id for visited, _ in pairs}
        assert len(members) == 1
        assert Coupon.objects.filter(member__in=members).count() == 1
    assert Identity.objects.filter(kind=IdentityKind.PHONE).count() == ROUNDS + 1
    assert Member.objects.count() == ROUNDS + 1
    assert states_unlike_log() == []


def test_the_control_looks_first_and_makes_two(cast: Cast) -> None:
    """Without the constraint both look, both see nobody, both make a member."""
    both_looked = all_at_once([partial(_look_then_make, cast) for _ in range(2)])
    assert all(isinstance(found, bool) for found in both_looked)
    assert Member.objects.filter(card_no__startswith="control").count() == 2


def _look_then_make(cast: Cast) -> bool:
    before = Member.objects.filter(card_no__startswith="control").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")
    Member.objects.create(
        entity=cast.entity,
        state="active",
        home_store=cast.guomao,
        card_no=f"control{timezone.now():%f}",
    )
    return before


def test_five_tries_are_five_however_many_press_at_once(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    for number in range(ROUNDS):
        registration, right = asked(code, f"+86139333300{number:02d}")
        wrong = f"{(int(right) + 1) % 10**6:06d}"
        by = registrant(code)
        answers = all_at_once(
            [partial(try_code, registration.pk, code=wrong, by=by) for _ in range(12)]
        )
        assert answers.count(Proven.WRONG) == 5
        assert answers.count(Proven.TOO_MANY) == 7
        assert try_code(registration.pk, code=right, by=by) == Proven.TOO_MANY
        assert OneTimeCode.objects.get(registration=registration).tries == 5


def test_the_control_counts_in_python_and_loses_tries(cast: Cast) -> None:
    registration, _ = asked(a_channel_code(cast.lin))
    row = OneTimeCode.objects.get(registration=registration)

    def count_in_python() -> None:
        seen = OneTimeCode.objects.get(pk=row.pk).tries
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.1)")
        OneTimeCode.objects.filter(pk=row.pk).update(tries=seen + 1)

    all_at_once([count_in_python] * 5)
    assert OneTimeCode.objects.get(pk=row.pk).tries < 5
    OneTimeCode.objects.filter(pk=row.pk).update(tries=F("tries"))


def test_a_right_code_counts_once_when_pressed_twice(cast: Cast) -> None:
    registration, right = asked(a_channel_code(cast.lin))
    by = registrant(registration.channel_code)
    answers = all_at_once([partial(try_code, registration.pk, code=right, by=by) for _ in range(4)])
    assert answers == [Proven.YES] * 4
    assert Coupon.objects.count() == 1
    assert Member.objects.exclude(pk=cast.chen.pk).count() == 1


def test_one_phone_is_sent_one_code_a_minute_from_twelve_visits(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    visits = [visit(code) for _ in range(12)]
    by = registrant(code)
    answers = all_at_once(
        [
            partial(request_code, found.pk, phone=WU, ip=f"10.0.0.{number}", by=by)
            for number, found in enumerate(visits)
        ]
    )
    assert sum(isinstance(answer, OneTimeCode) for answer in answers) == 1
    assert sum(isinstance(answer, TooManyCodes) for answer in answers) == 11
    assert CodeRequest.objects.count() == 1


def test_decisions_of_one_person_are_written_one_after_another(cast: Cast) -> None:
    for _ in range(ROUNDS):
        all_at_once(
            [
                partial(decide, cast.chen.pk, {Purpose.PROFILING: wanted}, by=TESTER)
                for wanted in (True, False, True, False)
            ]
        )
        assert states_unlike_log() == []
    newest = ConsentEvent.objects.filter(member=cast.chen).latest("pk")
    assert ConsentState.objects.get(member=cast.chen).event == newest


def test_codes_of_a_guide_are_made_once(cast: Cast) -> None:
    all_at_once([partial(ensure_channel_codes, cast.zhou.pk, by=TESTER) for _ in range(4)])
    assert ChannelCode.objects.filter(guide=cast.zhou).count() == 3
