"""F-47 and F-48 in the same moment: five tries are five, a budget is a budget, a picture is one.

Each has a control that counts without the guard and shows the fault.
"""

from __future__ import annotations

import os
from functools import partial

import pytest
from captcha.models import CaptchaStore
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from kit.actions import action
from kit.actor import Actor
from members.registration.actions import request_code
from members.registration.comparing import Proven
from members.registration.doors import registrant
from members.registration.errors import BudgetSpent
from members.registration.limiting import hour_of
from members.registration.models import CodeRequest, OneTimeCode
from members.registration.models_of_phones import CodeBudget
from members.registration.pictures import draw_picture, read_picture
from members.registration.proving import request_own_code, try_own_code
from tests.cast import Cast, make_cast
from tests.members.builders import TESTER, a_channel_code, a_notice
from tests.members.registration.test_way import visit
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
FULL = os.environ.get("FAULT_TRIALS") == "full"
ROUNDS = 300 if FULL else 2


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    made = make_cast()
    a_notice(made.entity)
    return made


def test_f48_a_budget_is_never_exceeded_by_one(cast: Cast, settings: Settings) -> None:
    """Twelve phones from twelve addresses at once, seven messages left."""
    code = a_channel_code(cast.lin)
    by = registrant(code)
    for turn in range(ROUNDS):
        CodeRequest.objects.all().delete()
        CodeBudget.objects.all().delete()
        settings.SMS_HOURLY_BUDGET = 7
        visits = [visit(code) for _ in range(12)]
        answers = all_at_once(
            [
                partial(
                    request_code,
                    found.pk,
                    phone=f"+86139{turn:04d}{number:04d}",
                    ip=f"10.0.{number}.1",
                    by=by,
                )
                for number, found in enumerate(visits)
            ]
        )
        assert sum(isinstance(answer, OneTimeCode) for answer in answers) == 7
        assert sum(isinstance(answer, BudgetSpent) for answer in answers) == 5
        assert CodeRequest.objects.count() == CodeBudget.objects.get().sent == 7


def test_the_control_counts_by_looking_and_spends_more(cast: Cast) -> None:
    hour = hour_of(timezone.now())
    CodeBudget.objects.create(hour=hour, sent=6)

    @action
    def look_then_spend(*, by: Actor) -> bool:
        seen = CodeBudget.objects.get(hour=hour).sent
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return seen < 7

    answers = all_at_once([partial(look_then_spend, by=TESTER) for _ in range(5)])
    assert answers.count(True) > 1


def test_f47_a_members_own_code_dies_after_five_tries_however_many_press(cast: Cast) -> None:
    for _ in range(ROUNDS):
        CodeRequest.objects.all().delete()
        row = request_own_code(cast.chen.pk, ip="10.0.0.9", is_human=True, by=TESTER)
        right = str(row.code)
        wrong = f"{(int(right) + 1) % 10**6:06d}"
        answers = all_at_once(
            [partial(try_own_code, cast.chen.pk, code=wrong, by=TESTER) for _ in range(12)]
        )
        assert answers.count(Proven.WRONG) == 5
        assert answers.count(Proven.TOO_MANY) == 7
        assert try_own_code(cast.chen.pk, code=right, by=TESTER) == Proven.TOO_MANY


def test_one_picture_answers_for_one_request(cast: Cast) -> None:
    for _ in range(ROUNDS):
        key = draw_picture(by=TESTER)
        right = CaptchaStore.objects.get(hashkey=key).response
        answers = all_at_once([partial(read_picture, key, right, by=TESTER) for _ in range(8)])
        assert answers.count(True) == 1
        assert not read_picture(key, right, by=TESTER)
