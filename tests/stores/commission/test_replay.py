"""The same facts in any order, told again and again, end in the same credits, figures and pay.

Small by default; `FAULT_TRIALS=full` tells them in 100 orders.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from kit.actions import scope_of
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.models import Commission, CommissionPlan, SettledLine
from stores.commission.rules import Month
from stores.commission.settling import settle_month
from stores.conversions.access import subject_for
from stores.conversions.models import Credit, CreditRule
from stores.conversions.periods import Week
from stores.figures.keeping import keep_all
from stores.figures.weeks import figures_of
from stores.ledger.models import PurchaseLine, Touch
from stores.org.access import actor_of
from tests.cast import Cast
from tests.stores.conversions.builders import (
    TEST,
    days,
    let_the_house_react,
    own,
    sell,
    touch,
)

ORDERS = 100 if os.environ.get("FAULT_TRIALS") == "full" else 2
ZONE = ZoneInfo("Asia/Shanghai")
JULY = Month(date(2026, 7, 1), ZONE)
AUGUST = JULY.away(1)
LATER = datetime(2026, 11, 15, tzinfo=UTC)
Tellings = Sequence[Callable[[], object]]


def day(number: int) -> datetime:
    """A day of July, before it, or further on."""
    return JULY.begins + days(number)


@pytest.fixture
def plan(cast: Cast) -> CommissionPlan:
    terms = {"rungs": [{"from": 0, "per_mille": 30}, {"from": 60_000, "per_mille": 70}]}
    made = propose_plan(name="阶梯", terms=terms, effective_from=date(2026, 1, 1), by=TEST)
    approve_plan(made, account=cast.hq, now=JULY.begins, by=actor_of(cast.hq))
    CreditRule.objects.create(
        name="均分", effective_from=JULY.begins + days(15), approved_at=JULY.begins,
        terms={
            "ladder": [{"kind": "time_decay", "window_days": 30}, {"kind": "server"}],
            "server_share": 30,
        },
    )  # fmt: skip
    return made


def before_july_is_settled(cast: Cast) -> Tellings:
    """What tills and guides tell in July, refunds before and after their sales among it."""
    lin, zhou, ma, shop = cast.lin, cast.zhou, cast.ma, cast.guomao
    return [
        lambda: touch("registration", lin, 900, day(-20)),
        lambda: touch("friend", lin, 900, day(1)),
        lambda: touch("push", zhou, 900, day(2)),
        lambda: touch("visit", zhou, 900, day(12)),
        lambda: touch("push", ma, 901, day(3)),
        lambda: touch("link_open", zhou, 901, day(4)),
        lambda: sell("A1", shop, lines=[(1, 40_001), (2, 3)], member_no=900, at=day(5)),
        lambda: sell("A2", shop, lines=[(1, 77_777)], member_no=900, served_by=ma, at=day(20)),
        lambda: sell("A3", shop, lines=[(1, 12_345)], member_no=901, served_by=lin, at=day(21)),
        lambda: sell("A4", shop, lines=[(1, 999)], served_by=zhou, at=day(22)),
        lambda: sell("R1", shop, lines=[(1, -10_000)], refund_of="A1/1", at=day(8)),
        lambda: sell("R2", shop, lines=[(1, -7_777)], refund_of="A2/1", at=day(25)),
        # At one moment, of one cent and more: whichever is taken first leaves the odd cent.
        lambda: sell("R7", shop, lines=[(1, -1)], refund_of="A3/1", at=day(26)),
        lambda: sell("R8", shop, lines=[(1, -3)], refund_of="A3/1", at=day(26)),
        lambda: sell("R9", shop, lines=[(1, -12_338)], refund_of="A3/1", at=day(26)),
        # Its sale comes to be known in August alone.
        lambda: sell("R3", shop, lines=[(1, -500)], refund_of="A5/1", at=day(29)),
    ]  # fmt: skip


def known_later(cast: Cast) -> Tellings:
    """What July's settlement did not know, and what August brings."""
    lin, zhou, shop = cast.lin, cast.zhou, cast.guomao
    return [
        lambda: sell("A5", shop, lines=[(1, 5_000)], served_by=lin, at=day(28)),
        lambda: touch("call", zhou, 900, day(4)),
        lambda: touch("visit", lin, 901, day(20)),
        lambda: sell("A4", shop, lines=[(1, 999)], served_by=zhou, member_no=901, at=day(22)),
        lambda: sell("R4", shop, lines=[(1, -30_001)], refund_of="A1/1", at=day(33)),
        lambda: sell("R5", shop, lines=[(1, -60_000)], refund_of="A2/1", at=day(34)),
        lambda: sell("B1", shop, lines=[(1, 88_888)], member_no=901, served_by=zhou, at=day(40)),
        lambda: sell("R6", shop, lines=[(1, -88_888)], refund_of="B1/1", at=day(41)),
        lambda: own(lin, 901, day(2)),
    ]  # fmt: skip


def tell(story: Tellings, dice: random.Random) -> None:
    """Each at least once, many twice, in any order, with the house reacting now and then."""
    told = [*story, *dice.sample(list(story), len(story) // 2)]
    dice.shuffle(told)
    for each in told:
        each()
        if dice.random() < 0.3:
            let_the_house_react()
    let_the_house_react()


@contextmanager
def taken_back() -> Iterator[None]:
    """Roll back what happens inside; to our durable actions it looks like the test's own."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def outcome(cast: Cast) -> dict[str, Any]:
    """Everything anybody is shown or paid, free of the numbers that rows happen to get."""
    touches = {row.pk: (row.kind, row.guide_no, row.at) for row in Touch.objects.all()}
    credits = sorted(
        (
            row.receipt_no, row.line, row.guide_no, row.store_no, row.amount, row.kept,
            row.member_no or 0, row.reason, row.rule.name, row.sold_at,
            tuple(touches[number] for number in row.touches),
        )
        for row in Credit.objects.select_related("rule")
    )  # fmt: skip
    lines = sorted(
        SettledLine.objects.values_list(
            "settlement__month", "receipt_no", "line", "guide_no", "amount", "is_adjustment"
        )
    )
    slips = sorted(
        Commission.objects.values_list(
            "settlement__month", "guide_no", "sales", "adjustments", "brought", "amount", "carried"
        )
    )
    keep_all(LATER)
    figures = []
    for guide in (cast.lin, cast.zhou, cast.ma, cast.manager):
        with scope_of(actor_of(guide.account)):
            for week in (1, 3, 5):
                found = figures_of(subject_for(guide, None), Week(JULY.first, ZONE).back(-week))
                figures.append(asdict(found))
    return {"credits": credits, "lines": lines, "slips": slips, "figures": figures}


def test_any_order_ends_in_the_same_credits_figures_and_adjustments(
    cast: Cast, plan: CommissionPlan
) -> None:
    first: dict[str, Any] = {}
    for seed in range(ORDERS):
        dice = random.Random(seed)  # noqa: S311 - the seed is named when it fails
        with taken_back():
            tell(before_july_is_settled(cast), dice)
            settle_month(cast.guomao.entity, JULY, now=LATER, by=TEST)
            tell(known_later(cast), dice)
            settle_month(cast.guomao.entity, AUGUST, now=LATER, by=TEST)
            found = outcome(cast)
        first = first or found
        for part, told in found.items():
            assert told == first[part], f"seed {seed}: {part}"
    assert {row[-1] for row in first["lines"]} == {True, False}
    assert sum(row[4] for row in first["lines"]) == sum(row[4] for row in first["credits"])


def test_a_till_a_day_ahead_is_credited_when_we_heard_of_it(cast: Cast) -> None:
    """What she says of its hour is kept; touches of that day to come earn nothing."""
    tomorrow = timezone.now() + days(1)
    sell("A1", cast.guomao, member_no=900, served_by=cast.ma, at=tomorrow)
    touch("call", cast.zhou, 900, timezone.now() - days(2))
    touch("visit", cast.lin, 900, tomorrow - days(0.5))
    sell("R1", cast.guomao, lines=[(1, -4_000)], refund_of="A1/1", at=tomorrow + days(0.1))
    let_the_house_react()
    assert PurchaseLine.objects.get(receipt_no="A1").sold_at == tomorrow
    found = Credit.objects.order_by("receipt_no")
    assert [(row.guide_no, row.amount) for row in found] == [
        (cast.zhou.pk, 10_000),
        (cast.zhou.pk, -4_000),
    ]
    assert all(row.sold_at <= timezone.now() for row in found)
