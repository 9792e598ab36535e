"""Months are settled once, in order, for good; what changes afterwards is an adjustment."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from kit.actions import action, scope_of
from kit.actor import Actor
from stores.commission.actions import (
    approve_plan,
    difference_of,
    propose_plan,
    set_target,
)
from stores.commission.errors import NoPlan, NotNext, NotOver, OwnPlan, PlanTooLate
from stores.commission.models import (
    Commission,
    CommissionPlan,
    LateCredit,
    SettledLine,
    Settlement,
    Target,
)
from stores.commission.queries import months_to_settle, payroll_of
from stores.commission.rules import Month
from stores.commission.settling import settle_month
from stores.conversions.models import Credit
from stores.ledger.steps import record_merge
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast
from tests.stores.conversions.builders import TEST, days, let_the_house_react, sell, touch

JULY = Month(date(2026, 7, 1), ZoneInfo("Asia/Shanghai"))
AUGUST = JULY.away(1)
LATER = datetime(2026, 11, 15, tzinfo=UTC)
TEN_PER_CENT = {"rungs": [{"from": 0, "per_mille": 100}]}


def day(number: int) -> datetime:
    """A day of July, or further on."""
    return JULY.begins + days(number)


@pytest.fixture
def plan(cast: Cast) -> CommissionPlan:
    made = propose_plan(name="一成", terms=TEN_PER_CENT, effective_from=date(2026, 1, 1), by=TEST)
    approve_plan(made, account=cast.hq, now=day(0), by=actor_of(cast.hq))
    return made


def settle(cast: Cast, month: Month) -> Settlement:
    return settle_month(cast.guomao.entity, month, now=LATER, by=TEST)


def slips(settlement: Settlement) -> dict[int, tuple[int, int, int, int]]:
    """Guide → sales, adjustments, brought, commission."""
    return {
        row.guide_no: (row.sales, row.adjustments, row.brought, row.amount)
        for row in Commission.objects.filter(settlement=settlement)
    }


def test_a_month_pays_what_was_credited_in_it(cast: Cast, plan: CommissionPlan) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3), lines=[(1, 20_000), (2, 5_000)])
    sell("A2", cast.guomao, served_by=cast.zhou, at=day(4))
    sell("R1", cast.guomao, lines=[(1, -4_000)], at=day(9), refund_of="A2/1")
    sell("B1", cast.guomao, served_by=cast.lin, at=day(33))
    let_the_house_react()
    made = settle(cast, JULY)
    assert slips(made) == {cast.lin.pk: (25_000, 0, 0, 2_500), cast.zhou.pk: (6_000, 0, 0, 600)}
    assert (made.lines, made.base, made.commission) == (4, 31_000, 3_100)
    assert difference_of(made) == 0


def test_what_changes_after_it_was_settled_is_an_adjustment_of_the_next(
    cast: Cast, plan: CommissionPlan
) -> None:
    sell("A1", cast.guomao, served_by=cast.zhou, member_no=900, at=day(20))
    sell("A2", cast.guomao, served_by=cast.zhou, at=day(21), lines=[(1, 50_000)])
    let_the_house_react()
    settle(cast, JULY)
    # A visit told late moves the sale to Lin; a refund of the other comes in August.
    touch("visit", cast.lin, 900, day(19))
    sell("R2", cast.guomao, lines=[(1, -50_000)], at=day(35), refund_of="A2/1")
    let_the_house_react()
    second = settle(cast, AUGUST)
    assert slips(second) == {
        cast.lin.pk: (0, 10_000, 0, 1_000),
        cast.zhou.pk: (-50_000, -10_000, 0, 0),
    }
    owed = Commission.objects.get(settlement=second, guide_no=cast.zhou.pk)
    assert owed.carried == -60_000
    sell("C1", cast.guomao, served_by=cast.zhou, at=day(70), lines=[(1, 90_000)])
    let_the_house_react()
    third = settle(cast, AUGUST.away(1))
    assert slips(third) == {cast.zhou.pk: (90_000, 0, -60_000, 3_000)}


def test_a_month_without_news_pays_nothing_twice(cast: Cast, plan: CommissionPlan) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3))
    let_the_house_react()
    settle(cast, JULY)
    assert slips(settle(cast, AUGUST)) == {}


def test_whatever_happens_in_whatever_order_all_that_is_paid_is_what_is_credited(
    cast: Cast, plan: CommissionPlan
) -> None:
    dice = random.Random(11)  # noqa: S311 - the same story in every run
    guides = [cast.lin, cast.zhou]
    months = [JULY.away(number) for number in range(4)]
    receipts: list[tuple[str, int, datetime]] = []
    for number, month in enumerate(months):
        for _ in range(6):
            at = month.begins + days(dice.uniform(0, 26))
            name = f"S{len(receipts)}"
            amount = dice.randrange(1_000, 90_000)
            sell(
                name, cast.guomao, served_by=dice.choice(guides), lines=[(1, amount)], at=at,
                member_no=dice.choice([None, 900, 901]),
            )  # fmt: skip
            receipts.append((name, amount, at))
        sold, amount, at = dice.choice(receipts)
        back = max(at, month.begins) + days(1)
        sell(
            f"R{number}", cast.guomao, lines=[(1, -dice.randrange(1, amount))], at=back,
            refund_of=f"{sold}/1",
        )  # fmt: skip
        touch("visit", dice.choice(guides), dice.choice([900, 901]), month.begins + days(2))
        if number == 2:
            merge(901, 900)
        let_the_house_react()
        settle(cast, month)
    for guide in guides:
        settled = SettledLine.objects.filter(guide_no=guide.pk).aggregate(s=Sum("amount"))["s"]
        credited = Credit.objects.filter(guide_no=guide.pk, sold_at__lt=months[-1].ends).aggregate(
            s=Sum("amount")
        )["s"]
        assert settled == credited
    assert [difference_of(one) for one in Settlement.objects.all()] == [0] * 4


@action
def _merge(gone: int, into: int, *, by: Actor) -> None:
    record_merge(member_no=gone, into_no=into, at=LATER)


def merge(gone: int, into: int) -> None:
    _merge(gone, into, by=TEST)


def test_order_is_kept_and_nothing_is_settled_before_its_end(
    cast: Cast, plan: CommissionPlan
) -> None:
    with pytest.raises(NotOver):
        settle_month(cast.guomao.entity, JULY, now=JULY.ends - days(0.01), by=TEST)
    settle(cast, JULY)
    with pytest.raises(NotNext):
        settle(cast, JULY)
    with pytest.raises(NotNext):
        settle(cast, AUGUST.away(1))
    assert [m.first for m in months_to_settle(cast.guomao.entity, LATER)] == [
        date(2026, 8, 1),
        date(2026, 9, 1),
        date(2026, 10, 1),
    ]


def test_the_database_refuses_to_change_what_was_settled(cast: Cast, plan: CommissionPlan) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3))
    let_the_house_react()
    settle(cast, JULY)
    for table in ("stores_settlement", "stores_settledline", "stores_commission"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):  # noqa: S608
            with (
                pytest.raises(DatabaseError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


def test_without_an_approved_plan_nothing_is_settled(cast: Cast) -> None:
    with pytest.raises(NoPlan):
        settle(cast, JULY)


def test_plans_need_a_second_person_and_do_not_reach_back(cast: Cast, plan: CommissionPlan) -> None:
    settle(cast, JULY)
    late = propose_plan(name="晚了", terms=TEN_PER_CENT, effective_from=day(0).date(), by=TEST)
    with pytest.raises(OwnPlan):
        approve_plan(late, account=cast.hq, now=LATER, by=TEST)
    with pytest.raises(PlanTooLate):
        approve_plan(late, account=cast.hq, now=LATER, by=actor_of(cast.hq))


def test_a_plan_can_be_looked_at_on_past_months_before_it_counts(
    cast: Cast, plan: CommissionPlan
) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3), lines=[(1, 100_000)])
    let_the_house_react()
    set_target(month=JULY.first, store=cast.guomao, guide=cast.lin, amount=50_000, by=TEST)
    terms = {
        "by": "target", "whole": True,
        "rungs": [{"from": 0, "per_mille": 10}, {"from": 100, "per_mille": 50}],
    }  # fmt: skip
    other = propose_plan(name="按达成率", terms=terms, effective_from=date(2027, 1, 1), by=TEST)
    with scope_of(TEST):
        now = payroll_of(cast.guomao.entity, JULY)
        then = payroll_of(cast.guomao.entity, JULY, plan=other)
    assert (now.commission, then.commission) == (10_000, 5_000)
    assert then.slips[0].percent == 200


def test_months_before_the_first_settled_and_settled_ones_are_looked_at_as_they_were(
    cast: Cast, plan: CommissionPlan
) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3), lines=[(1, 30_000)])
    sell("B1", cast.guomao, served_by=cast.lin, at=day(33), lines=[(1, 50_000)])
    let_the_house_react()
    settle(cast, AUGUST)
    with scope_of(TEST):
        before, settled = (payroll_of(cast.guomao.entity, month) for month in (JULY, AUGUST))
    assert (before.base, before.commission) == (30_000, 3_000)
    assert (settled.base, settled.commission) == (50_000, 5_000)


def test_a_guide_meets_her_own_payslips_alone(cast: Cast, plan: CommissionPlan) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=day(3))
    sell("A2", cast.guomao, served_by=cast.zhou, at=day(4))
    let_the_house_react()
    settle(cast, JULY)
    with scope_of(actor_of(cast.lin.account)):
        assert set(Commission.objects.values_list("guide_no", flat=True)) == {cast.lin.pk}
        assert set(SettledLine.objects.values_list("guide_no", flat=True)) == {cast.lin.pk}


def test_a_change_is_noted_whatever_its_writer_sees(cast: Cast, plan: CommissionPlan) -> None:
    """A guide as writer meets her own rows alone, before and after the note of a colleague's."""
    for number, guide in (("A1", cast.lin), ("A2", cast.zhou)):
        sell(number, cast.guomao, served_by=guide, at=day(3))
    let_the_house_react()
    settle(cast, JULY)
    hers = Credit.objects.get(guide_no=cast.lin.pk)
    assert give(hers, cast.ma, by=actor_of(cast.ma.account)) == 0
    assert give(hers, cast.zhou, by=actor_of(cast.manager.account)) == 1
    assert sorted(LateCredit.objects.values_list("guide_no", "purchase_line")) == [
        (cast.lin.pk, hers.purchase_line),
        (cast.zhou.pk, hers.purchase_line),
    ]


@action
def give(credit: Credit, guide: Guide, *, by: Actor) -> int:
    """How many rows met the writer, who afterwards sees no more than before."""
    before = Credit.objects.count()
    changed = Credit.objects.filter(pk=credit.pk).update(guide_no=guide.pk)
    assert Credit.objects.count() == before
    assert LateCredit.objects.count() == 2 * changed
    return changed


def test_a_target_said_again_is_the_new_one(cast: Cast) -> None:
    for amount in (100, 200):
        for guide in (None, cast.lin):
            set_target(
                month=date(2026, 10, 15), store=cast.guomao, guide=guide, amount=amount, by=TEST
            )
    assert list(Target.objects.values_list("month", "amount").distinct()) == [
        (date(2026, 10, 1), 200)
    ]
    assert Target.objects.count() == 2
