"""One coupon at many tills, one account spent by many, one member edited by two: exact anyway.

Each has a control that does the same by looking first, and shows the fault.
`FAULT_TRIALS=full` runs 20 callers for 300 rounds.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.actions import rename_member
from members.identity.errors import StaleEdit
from members.identity.models import Member, MergeReason
from members.identity.uniting import merge_members
from members.rewards.errors import CouponUsed, NotEnoughPoints
from members.rewards.models import Coupon, CouponUse, PointsAccount
from members.rewards.points import add_points, spend_points
from members.rewards.queries import accounts_unlike_ledger
from members.rewards.redeeming import Redeemed, redeem_coupon
from tests.cast import Cast, a_member, make_cast
from tests.members.builders import TESTER, a_welcome_gift
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
FULL = os.environ.get("FAULT_TRIALS") == "full"
ROUNDS = 300 if FULL else 3
THREADS = 20 if FULL else 6


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def a_coupon(cast: Cast, number: str) -> Coupon:
    kind = Coupon.objects.first()
    made = kind.kind if kind is not None else a_welcome_gift(cast.entity)
    return Coupon.objects.create(
        kind=made,
        member=cast.chen,
        number=number,
        once=number,
        expires_at=timezone.now() + timedelta(days=1),
    )


def at_till(cast: Cast, number: str, receipt_no: str) -> Redeemed:
    return redeem_coupon(number, source="till", receipt_no=receipt_no, store=cast.guomao, by=TESTER)


def test_one_coupon_at_many_tills_is_taken_once(cast: Cast) -> None:
    for turn in range(ROUNDS):
        coupon = a_coupon(cast, f"C{turn}")
        answers = all_at_once(
            [partial(at_till, cast, coupon.number, f"R{turn}-{i}") for i in range(THREADS)]
        )
        taken = [answer for answer in answers if isinstance(answer, Redeemed)]
        assert len(taken) == 1, turn
        assert all(isinstance(a, Redeemed | CouponUsed) for a in answers), answers
        assert CouponUse.objects.filter(coupon=coupon).count() == 1


def test_one_till_that_asks_many_times_gets_one_answer(cast: Cast) -> None:
    coupon = a_coupon(cast, "C")
    answers = all_at_once([partial(at_till, cast, coupon.number, "R1")] * THREADS)
    uses = {answer.use.pk for answer in answers if isinstance(answer, Redeemed)}
    assert len(uses) == 1
    assert all(isinstance(answer, Redeemed) for answer in answers), answers
    assert sum(answer.is_new for answer in answers if isinstance(answer, Redeemed)) == 1


def test_the_control_looks_first_and_takes_it_twice(cast: Cast) -> None:
    coupon = a_coupon(cast, "C")

    def look_then_take() -> bool:
        free = Coupon.objects.filter(pk=coupon.pk, used_at=None).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        if free:
            Coupon.objects.filter(pk=coupon.pk).update(used_at=timezone.now())
        return free

    assert all_at_once([look_then_take] * 4).count(True) > 1


@action
def move(member: Member, points: int, once: str, *, by: Actor) -> bool:
    if points > 0:
        return add_points(member, points, once=once, why="race") is not None
    return spend_points(member, -points, once=once, why="race") is not None


def test_points_are_spent_once_and_never_below_nothing(cast: Cast) -> None:
    for turn in range(ROUNDS):
        move(cast.chen, 100, f"give{turn}", by=TESTER)
        had = PointsAccount.objects.get().balance
        # Each tries to take 60; every other one is the same till asking again.
        answers = all_at_once(
            [
                partial(move, cast.chen, -60, f"take{turn}-{i // 2}", by=TESTER)
                for i in range(THREADS)
            ]
        )
        taken = answers.count(True)
        assert taken == had // 60, answers
        assert all(answer in (True, False) or isinstance(answer, NotEnoughPoints)
                   for answer in answers), answers  # fmt: skip
        assert PointsAccount.objects.get().balance == had - 60 * taken
    assert accounts_unlike_ledger() == []


def test_the_control_sums_first_and_spends_twice(cast: Cast) -> None:
    move(cast.chen, 100, "give", by=TESTER)
    account = PointsAccount.objects.get()

    def sum_then_spend() -> bool:
        enough = sum(entry.points for entry in account.entries.all()) >= 60
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return enough

    assert all_at_once([sum_then_spend] * 4).count(True) > 1


def test_two_writers_of_one_copy_one_is_told(cast: Cast) -> None:
    """F-21: exactly one is saved, the other is told and loses nothing; other fields stay."""
    for turn in range(ROUNDS):
        seen = Member.objects.get(pk=cast.chen.pk)
        answers = all_at_once(
            [
                partial(
                    rename_member, seen.pk, name=f"{name}{turn}", version=seen.version, by=TESTER
                )
                for name in ("甲", "乙")
            ]
        )
        assert sum(isinstance(answer, StaleEdit) for answer in answers) == 1, answers
        after = Member.objects.get(pk=seen.pk)
        assert after.version == seen.version + 1
        assert (after.phone, after.tier, after.owner_id) == (seen.phone, seen.tier, seen.owner_id)


def test_points_given_while_two_become_one_are_not_lost(cast: Cast) -> None:
    for turn in range(ROUNDS):
        wang = a_member("", owner=cast.zhou, store=cast.guomao)
        before = sum(PointsAccount.objects.values_list("balance", flat=True))
        merge: Any = partial(
            merge_members, cast.chen.pk, wang.pk, reason=MergeReason.CARD, by=TESTER
        )
        gifts = [partial(move, wang, 10, f"gift{turn}-{i}", by=TESTER) for i in range(4)]
        answers = all_at_once([merge, merge, *gifts])
        assert not [answer for answer in answers if isinstance(answer, Exception)], answers
        assert sum(PointsAccount.objects.values_list("balance", flat=True)) == before + 40
        assert not PointsAccount.objects.filter(member=wang, balance__gt=0).exists()
    assert accounts_unlike_ledger() == []
