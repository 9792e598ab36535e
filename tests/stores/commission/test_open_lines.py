"""Settled months are not read again, and yet every month pays what a look at everything would.

Small by default; `FAULT_TRIALS=full` tells 40 stories.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import Sum

from kit.actions import action, scope_of, set_session_scope
from kit.actor import EVERYTHING, Actor
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.errors import StillSettling
from stores.commission.models import (
    CommissionPlan,
    LateCredit,
    SettledLine,
    SettledStore,
    Settlement,
)
from stores.commission.open_lines import OPEN_LINES, lines_params
from stores.commission.queries import payroll_of, running_slip
from stores.commission.rules import Month
from stores.commission.settling import (
    begin_settlement,
    carry_on_settlements,
    settle_month,
    settle_portion,
)
from stores.conversions.models import Credit, CreditRule
from stores.org.access import actor_of
from stores.org.models import Guide, LegalEntity, Store
from tests.cast import Cast
from tests.stores.conversions.builders import TEST

STORIES = 40 if os.environ.get("FAULT_TRIALS") == "full" else 2
JULY = Month(date(2026, 7, 1), ZoneInfo("Asia/Shanghai"))
MONTHS = [JULY.away(number) for number in range(4)]
LATER = datetime(2026, 11, 15, tzinfo=UTC)
Key = tuple[int, int, int]


@pytest.fixture(autouse=True)
def plan(cast: Cast) -> None:
    terms = {"rungs": [{"from": 0, "per_mille": 100}]}
    made = propose_plan(name="一成", terms=terms, effective_from=date(2026, 1, 1), by=TEST)
    approve_plan(made, account=cast.hq, now=LATER, by=actor_of(cast.hq))


@pytest.fixture
def other(cast: Cast) -> LegalEntity:
    """Another company, with the store in Wangjing."""
    made = LegalEntity.objects.create(name="另一家公司")
    Store.objects.filter(pk=cast.wangjing.pk).update(entity=made)
    return made


@action
def credit(line: int, guide: int, store: int, amount: int, at: datetime, *, by: Actor) -> None:
    rule, _ = CreditRule.objects.get_or_create(
        name="谁", defaults={"terms": {}, "effective_from": JULY.begins}
    )
    Credit.objects.create(
        purchase_line=line, source="till", receipt_no=f"R{line}", line=1, sku="Q", quantity=1,
        line_amount=amount, guide_no=guide, store_no=store, amount=amount, kept=amount, sold_at=at,
        rule=rule, reason="server",
    )  # fmt: skip


@action
def change(row: Credit, *, by: Actor, **to: object) -> None:
    Credit.objects.filter(pk=row.pk).update(**to)


@action
def take_away(row: Credit, *, by: Actor) -> None:
    Credit.objects.filter(pk=row.pk).delete()


@action
def hand_store(store: Store, entity: LegalEntity, *, by: Actor) -> None:
    Store.objects.filter(pk=store.pk).update(entity=entity)


Paid = dict[int, list[date]]


def by_everything(entity: LegalEntity, month: Month, paid: Paid) -> Counter[Key]:
    """All credits of the stores since each was first settled, less all that anybody settled.

    `paid` says for which months each store was settled, by whichever company, the first with all
    that company's months before.
    """
    found: Counter[Key] = Counter()
    start = first_of(entity, month)
    for store in Store.objects.filter(entity=entity).values_list("pk", flat=True):
        months = paid.get(store, [])
        since = Month(min(months, default=start), month.zone)
        if since.first > month.first or (months and max(months) >= month.first):
            continue
        for row in Credit.objects.filter(
            store_no=store, sold_at__gte=since.begins, sold_at__lt=month.ends
        ):
            found[row.purchase_line, row.guide_no, row.store_no] += row.amount
        for line in SettledLine.objects.filter(store_no=store):
            found[line.purchase_line, line.guide_no, line.store_no] -= line.amount
    return Counter({key: amount for key, amount in found.items() if amount})


def first_of(entity: LegalEntity, month: Month) -> date:
    theirs = Settlement.objects.filter(entity=entity).values_list("month", flat=True)
    return min([month.first, *theirs])


def settled(settlement: Settlement) -> Counter[Key]:
    rows = SettledLine.objects.filter(settlement=settlement)
    return Counter({(row.purchase_line, row.guide_no, row.store_no): row.amount for row in rows})


def anything(
    dice: random.Random, cast: Cast, other: LegalEntity, number: int, *, passes: bool = True
) -> None:
    """Something happens to a credit of any month, or a store passes to the other company."""
    rows = list(Credit.objects.order_by("pk"))
    row = dice.choice(rows) if rows else None
    guides = [cast.lin.pk, cast.zhou.pk, cast.ma.pk]
    stores = [cast.guomao.pk, cast.wangjing.pk]
    at = JULY.begins + timedelta(days=dice.uniform(-3, 122))
    kind = dice.randrange(10 if passes else 9)
    if row is None or kind < 5:
        credit(
            number, dice.choice(guides), dice.choice(stores), dice.randrange(-900, 900), at, by=TEST
        )
    elif kind == 5:
        change(row, guide_no=dice.choice(guides), by=TEST)
    elif kind == 6:
        change(row, amount=dice.randrange(-900, 900), by=TEST)
    elif kind == 7:
        change(row, sold_at=at, by=TEST)
    elif kind == 8:
        take_away(row, by=TEST)
    else:
        company = dice.choice([other, cast.guomao.entity])
        hand_store(cast.wangjing, company, by=TEST)


@pytest.mark.parametrize("seed", range(STORIES))
def test_a_month_pays_what_a_look_at_everything_would(
    cast: Cast, other: LegalEntity, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - the seed is named when it fails
    numbers, paid = count(1), Paid()
    # Each company in its own order, either ahead of the other by as many months as it happens.
    turns = [cast.guomao.entity] * len(MONTHS) + [other] * len(MONTHS)
    dice.shuffle(turns)
    months = {entity.pk: iter(MONTHS) for entity in turns}
    for entity in turns:
        month = next(months[entity.pk])
        for _ in range(25):
            anything(dice, cast, other, next(numbers))
        wanted = by_everything(entity, month, paid)
        with scope_of(TEST):
            seen = payroll_of(entity, month)
        assert sum(slip.sales + slip.adjustments for slip in seen.slips) == wanted.total()
        assert seen.lines == len(wanted)
        with scope_of(TEST):
            for guide in Guide.objects.filter(store__entity=entity).select_related("store__entity"):
                slip, _ = running_slip(guide, month)
                hers = sum(v for key, v in wanted.items() if key[1] == guide.pk)
                assert slip.sales + slip.adjustments == hers
        made = settle_month(entity, month, now=LATER, by=TEST)
        assert settled(made) == wanted, f"{month.first} of {entity}"
        for store in Store.objects.filter(entity=entity).values_list("pk", flat=True):
            known = paid.get(store, [first_of(entity, month)])
            if store not in paid or known[0] <= month.first > max(known):
                paid[store] = [*known, month.first]
                assert not LateCredit.objects.filter(store_no=store).exists()


def test_a_house_that_settled_before_there_were_notes_goes_on_as_if_there_had_been(
    cast: Cast, other: LegalEntity
) -> None:
    """The migration's own words, where nothing but what was settled says how far a store is."""
    dice = random.Random(5)  # noqa: S311 - the same story in every run
    for number in range(30):
        anything(dice, cast, other, number, passes=False)
    credit(99, cast.ma.pk, cast.wangjing.pk, 50, JULY.begins + timedelta(days=1), by=TEST)
    settle_month(other, JULY, now=LATER, by=TEST)
    hand_store(cast.wangjing, cast.guomao.entity, by=TEST)
    for month in MONTHS[:2]:
        settle_month(cast.guomao.entity, month, now=LATER, by=TEST)
    for number in range(100, 130):
        anything(dice, cast, other, number, passes=False)
    with scope_of(TEST):
        wanted = payroll_of(cast.guomao.entity, MONTHS[2])
    known = list(SettledStore.objects.order_by("pk").values())
    SettledStore.objects.all().delete()
    LateCredit.objects.all().delete()
    migration = import_module("stores.migrations.0026_what_settlements_look_at_again")
    with connection.cursor() as cursor:
        cursor.execute(migration.STORES, {"zone": str(JULY.zone)})
        cursor.execute(migration.ALREADY)
    set_session_scope(EVERYTHING)
    assert list(SettledStore.objects.order_by("pk").values()) == known
    with scope_of(TEST):
        found = payroll_of(cast.guomao.entity, MONTHS[2])
    assert found.slips == wanted.slips
    assert {slip.adjustments != 0 for slip in found.slips} == {True}


def test_what_was_settled_and_did_not_change_is_not_read(cast: Cast) -> None:
    """A credit that came without a note would be paid if settled months were read."""
    entity = cast.guomao.entity
    credit(1, cast.lin.pk, cast.guomao.pk, 500, JULY.begins + timedelta(days=3), by=TEST)
    settle_month(entity, JULY, now=LATER, by=TEST)
    credit(2, cast.lin.pk, cast.guomao.pk, 700, JULY.begins + timedelta(days=4), by=TEST)
    with scope_of(TEST):
        noted = payroll_of(entity, JULY.away(1))
    LateCredit.objects.all().delete()
    with scope_of(TEST):
        unnoted, paid = payroll_of(entity, JULY.away(1)), payroll_of(entity, JULY)
    assert [slip.adjustments for slip in noted.slips] == [700]
    assert unnoted.slips == []
    assert (paid.base, paid.lines) == (500, 1)
    assert settled(settle_month(entity, JULY.away(1), now=LATER, by=TEST)) == {}


def test_a_store_that_is_behind_has_no_other_read_from_there_on(cast: Cast) -> None:
    """A new shop is open since the company's first month, until the next is settled."""
    settle_month(cast.guomao.entity, JULY, now=LATER, by=TEST)
    params = lines_params(cast.guomao.entity, JULY.away(1))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {OPEN_LINES}TABLE open_lines", params)
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "(store_no = o.store_no) AND (sold_at >= o.opens) AND (sold_at < " in plan, plan


def test_what_changes_while_it_is_settled_is_paid_once(cast: Cast) -> None:
    """The first store is done, the second is not; both receive a change."""
    entity, at = cast.guomao.entity, JULY.begins + timedelta(days=3)
    stores = sorted(Store.objects.filter(entity=entity).values_list("pk", flat=True))
    for line, store in enumerate(stores):
        credit(line, cast.lin.pk, store, 500, at, by=TEST)
    made = begin_settlement(entity, JULY, now=LATER, by=TEST)
    assert settle_portion(made.pk, by=TEST)
    for row in Credit.objects.all():
        change(row, amount=600, by=TEST)
    with pytest.raises(StillSettling):
        begin_settlement(entity, JULY.away(1), now=LATER, by=TEST)
    with scope_of(TEST):
        seen, all_of_it = payroll_of(entity, JULY.away(1)), payroll_of(entity, JULY)
    assert (all_of_it.base, all_of_it.lines) == (500 + 600 * (len(stores) - 1), len(stores))
    assert begin_settlement(entity, JULY, now=LATER, by=TEST) == made
    assert carry_on_settlements() == len(stores) - 1
    assert carry_on_settlements() == 0
    first = settled(made)
    assert sorted(first.values()) == [500] + [600] * (len(stores) - 1)
    assert seen.base + 500 == 600 * len(stores)
    second = settle_month(entity, JULY.away(1), now=LATER, by=TEST)
    assert settled(second) == {(0, cast.lin.pk, stores[0]): 100}
    total = SettledLine.objects.aggregate(s=Sum("amount"))["s"]
    assert total == 600 * len(stores)


def test_a_month_that_cannot_be_settled_holds_up_no_other_company(
    cast: Cast, other: LegalEntity
) -> None:
    bad, good = (begin_settlement(e, JULY, now=LATER, by=TEST) for e in (cast.guomao.entity, other))
    plan = CommissionPlan.objects.create(name="读不出", terms={}, effective_from=JULY.first)
    Settlement.objects.filter(pk=bad.pk).update(plan=plan)
    with pytest.raises(ExceptionGroup):
        carry_on_settlements()
    assert list(Settlement.objects.filter(commission=None)) == [bad]
    assert Settlement.objects.get(pk=good.pk).commission == 0


def test_what_one_company_settled_is_not_paid_again_by_the_next(
    cast: Cast, other: LegalEntity
) -> None:
    """What comes back later is the new company's adjustment; the old one takes nothing back."""
    at = JULY.begins + timedelta(days=3)
    credit(1, cast.ma.pk, cast.wangjing.pk, 500, at, by=TEST)
    settle_month(other, JULY, now=LATER, by=TEST)
    credit(2, cast.ma.pk, cast.wangjing.pk, 70, at + timedelta(days=31), by=TEST)
    change(Credit.objects.get(purchase_line=1), amount=400, by=TEST)
    hand_store(cast.wangjing, cast.guomao.entity, by=TEST)
    assert settled(settle_month(other, JULY.away(1), now=LATER, by=TEST)) == {}
    first = settle_month(cast.guomao.entity, JULY, now=LATER, by=TEST)
    assert settled(first) == {}
    second = settle_month(cast.guomao.entity, JULY.away(1), now=LATER, by=TEST)
    ma, store = cast.ma.pk, cast.wangjing.pk
    assert settled(second) == {(1, ma, store): -100, (2, ma, store): 70}


def test_a_store_that_passes_while_it_is_settled_is_paid_by_whoever_comes_first(
    cast: Cast, other: LegalEntity
) -> None:
    at = JULY.begins + timedelta(days=3)
    credit(1, cast.ma.pk, cast.wangjing.pk, 500, at, by=TEST)
    made = begin_settlement(other, JULY, now=LATER, by=TEST)
    hand_store(cast.wangjing, cast.guomao.entity, by=TEST)
    assert settled(settle_month(cast.guomao.entity, JULY, now=LATER, by=TEST)).total() == 500
    assert carry_on_settlements() == 0
    assert settled(made) == {}
    hand_store(cast.wangjing, other, by=TEST)
    assert settled(settle_month(other, JULY.away(1), now=LATER, by=TEST)) == {}


@pytest.mark.parametrize("before", ["nothing", "changed", "judged anew"])
def test_what_ends_after_five_years_takes_nothing_back(cast: Cast, before: str) -> None:
    """Not even where a note of it waits for the next settlement."""
    entity = cast.guomao.entity
    past = Month(date(2020, 7, 1), JULY.zone)
    plan = propose_plan(
        name="旧", terms={"rungs": [{"from": 0, "per_mille": 100}]},
        effective_from=past.first, by=TEST,
    )  # fmt: skip
    approve_plan(plan, account=cast.hq, now=LATER, by=actor_of(cast.hq))
    at = past.begins + timedelta(days=3)
    credit(1, cast.lin.pk, cast.guomao.pk, 500, at, by=TEST)
    assert settled(settle_month(entity, past, now=LATER, by=TEST)).total() == 500
    if before == "changed":
        change(Credit.objects.get(), guide_no=cast.zhou.pk, by=TEST)
    elif before == "judged anew":
        take_away(Credit.objects.get(), by=TEST)
        credit(1, cast.lin.pk, cast.guomao.pk, 500, at, by=TEST)
    take_away(Credit.objects.get(), by=TEST)
    assert LateCredit.objects.exists() == (before != "nothing")
    assert settled(settle_month(entity, past.away(1), now=LATER, by=TEST)) == {}
