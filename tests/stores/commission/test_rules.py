"""Commission, pure: stretches, whole rates, targets, what is carried; plans that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.commission.rules import BadPlan, Month, Plan, Rung, earned, read_plan

STEPS = Plan((Rung(0, 10), Rung(1_000_000, 20), Rung(3_000_000, 30)))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_each_stretch_has_its_own_rate() -> None:
    found = earned(3_500_000, STEPS)
    assert [(p.amount, p.per_mille, p.earned) for p in found.parts] == [
        (1_000_000, 10, 10_000),
        (2_000_000, 20, 40_000),
        (500_000, 30, 15_000),
    ]
    assert found.amount == 65_000


def test_or_the_highest_rate_reached_counts_for_all() -> None:
    assert earned(3_000_000, Plan(STEPS.rungs, whole=True)).amount == 90_000
    assert earned(2_999_999, Plan(STEPS.rungs, whole=True)).amount == 60_000


def test_rates_may_go_by_the_target_that_was_reached() -> None:
    plan = Plan((Rung(0, 10), Rung(100, 20)), by="target")
    assert earned(1_500_000, plan, target=1_000_000).amount == 10_000 + 10_000
    assert earned(1_500_000, plan).amount == 15_000


def test_more_refunds_than_sales_are_carried_and_earn_nothing() -> None:
    found = earned(-40_000, STEPS)
    assert (found.amount, found.carried, found.parts) == (0, -40_000, ())


@given(st.integers(-(10**9), 10**11), st.booleans())
def test_parts_sum_to_the_base_and_to_the_commission(base: int, whole: bool) -> None:
    found = earned(base, Plan(STEPS.rungs, whole=whole))
    assert sum(part.amount for part in found.parts) == max(base, 0)
    assert sum(part.earned for part in found.parts) == found.amount
    assert found.base == base
    assert found.carried == min(base, 0)
    assert earned(base + 1, Plan(STEPS.rungs)).amount >= earned(base, Plan(STEPS.rungs)).amount


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"rungs": []},
        {"rungs": [{"from": 1, "per_mille": 1}]},
        {"rungs": [{"from": 0, "per_mille": 1}, {"from": 0, "per_mille": 2}]},
        {"rungs": [{"from": 0, "per_mille": 1001}]},
        {"rungs": [{"from": 0, "per_mille": 1.5}]},
        {"rungs": [{"from": 0, "per_mille": True}]},
        {"rungs": [{"from": 0}]},
        {"by": "luck", "rungs": [{"from": 0, "per_mille": 1}]},
        {"bonus": 1, "rungs": [{"from": 0, "per_mille": 1}]},
    ],
)
def test_a_plan_that_cannot_be_read_is_refused(raw: object) -> None:
    with pytest.raises(BadPlan):
        read_plan(raw)


def test_a_month_begins_on_the_clock_of_the_house() -> None:
    month = Month.of(datetime(2026, 10, 31, 16, 0, tzinfo=UTC), SHANGHAI)
    assert month.first == date(2026, 11, 1)
    assert month.away(2).first == date(2027, 1, 1)
    assert month.away(-11).first == date(2025, 12, 1)
    assert month.ends == datetime(2026, 12, 1, tzinfo=SHANGHAI)
