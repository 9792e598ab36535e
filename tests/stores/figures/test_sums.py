"""Sums follow the facts in whatever order they come, and equal a recount made by other means."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from stores.conversions.actions import judge_receipts
from stores.figures.cohorts import cohorts_of
from stores.figures.counting import GUIDES, SOURCES, STORES, TABLES
from stores.figures.keeping import prove_all
from stores.figures.models import (
    CohortMonth,
    FigureDifference,
    FigureMark,
    GuideDay,
    SourceDay,
    StoreDay,
)
from stores.figures.rules import Area
from stores.ledger.actions import PlacedReceipt, record_purchases
from stores.ledger.models import PurchaseLine
from stores.ledger.rules import Line, Position, Receipt
from stores.org.models import OpeningHours, Store
from tests.cast import Cast
from tests.stores.conversions.builders import (
    NOON,
    TEST,
    days,
    own,
    sell,
    touch,
)
from tests.stores.figures.builders import from_code, settle
from tests.stores.figures.recount import kept_sums, sums_by_hand

DAY = NOON.date()


def sell_at(
    receipt_no: str, store: Store, at: datetime, where: tuple[str, str] | None = None
) -> None:
    """One line of ¥100, perhaps with a position."""
    receipt = Receipt(
        receipt_no=receipt_no,
        store=store.code,
        sold_at=at,
        lines=(Line(1, "SK-100", 1, 10_000),),
        position=Position(Decimal(where[0]), Decimal(where[1])) if where else None,
    )
    record_purchases([PlacedReceipt(receipt, store.pk, None, None)], source="till-1", by=TEST)


def equal_by_hand() -> None:
    for table in TABLES:
        assert kept_sums(table) == sums_by_hand(table), table.name


def test_the_funnel_of_a_guide_a_store_and_a_code(cast: Cast) -> None:
    lin = cast.lin
    from_code(lin, 7, NOON, "code-a", "scan")
    from_code(lin, 7, NOON, "code-a", "registration")
    touch("friend", lin, 7, NOON + timedelta(minutes=1))
    from_code(lin, 7, NOON + timedelta(minutes=2), "push-a", "push")
    sell("A1", cast.guomao, member_no=7, at=NOON + timedelta(minutes=5))
    sell("A2", cast.guomao, member_no=7, at=NOON + days(1))
    settle()
    first = StoreDay.objects.get(day=DAY)
    assert (first.scans, first.new_members, first.friends, first.pushes) == (1, 1, 1, 1)
    assert (first.sales, first.first_buyers, first.second_buyers) == (10_000, 1, 0)
    second = GuideDay.objects.get(day=DAY + days(1), guide_no=lin.pk)
    assert (second.first_buyers, second.second_buyers, second.came_back) == (0, 1, 1)
    code = SourceDay.objects.filter(kind="code", source="code-a").order_by("day")
    assert [(row.new_members, row.friends, row.sales) for row in code] == [
        (1, 1, 10_000),
        (0, 0, 10_000),
    ]
    push = SourceDay.objects.filter(kind="push").order_by("day")
    assert [(row.pushes, row.sales) for row in push] == [(1, 10_000), (0, 10_000)]
    equal_by_hand()


def test_a_refund_changes_the_days_of_both(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=NOON, member_no=7)
    settle()
    sell("R1", cast.guomao, lines=[(1, -10_000)], refund_of="A1/1", at=NOON + days(3))
    settle()
    sold, back = StoreDay.objects.order_by("day")
    assert (sold.sales, sold.kept, sold.receipts, sold.first_buyers) == (10_000, 0, 0, 0)
    assert (back.day, back.sales, back.refunds, back.all_refunds) == (
        DAY + days(3), -10_000, -10_000, -10_000,
    )  # fmt: skip
    equal_by_hand()


def test_an_earlier_purchase_takes_the_first_from_a_later_one(cast: Cast) -> None:
    for n, away in (("A1", 0), ("A2", 2), ("A3", 4)):
        sell(n, cast.guomao, served_by=cast.lin, at=NOON + days(away), member_no=7)
    settle()
    sell("A0", cast.wangjing, served_by=cast.ma, at=NOON - days(40), member_no=7)
    settle()
    rows = StoreDay.objects.order_by("day").values_list("first_buyers", "second_buyers")
    assert list(rows) == [(1, 0), (0, 1), (0, 0), (0, 0)]
    equal_by_hand()


def test_a_registration_told_late_brings_her_later_deeds_to_its_code(cast: Cast) -> None:
    touch("friend", cast.lin, 7, NOON)
    sell("A1", cast.guomao, member_no=7, at=NOON + days(1))
    settle()
    assert not SourceDay.objects.exists()
    from_code(cast.lin, 7, NOON - days(1), "code-a", "registration")
    settle()
    rows = SourceDay.objects.order_by("day").values_list("new_members", "friends", "sales")
    assert list(rows) == [(1, 0, 0), (0, 1, 0), (0, 0, 10_000)]
    equal_by_hand()


def test_hours_and_places_entered_later_count(cast: Cast) -> None:
    store = cast.guomao
    OpeningHours.objects.filter(store=store).delete()
    Store.objects.filter(pk=store.pk).update(latitude=None, longitude=None)
    for hour in (1, 6, 15, 17):
        sell_at(f"H{hour}", store, NOON.replace(hour=hour), ("39.95", "116.46"))
    sell_at("near", store, NOON, ("39.9087", "116.4605"))
    sell_at("unknown", store, NOON)
    settle()
    before = StoreDay.objects.get(day=DAY)
    assert (before.timed_sold, before.placed_sold) == (0, 0)
    # Thursdays into the night; what is sold after midnight is still the night before.
    OpeningHours.objects.create(
        store=store, since=date(2026, 1, 1), weekday=3, opens_at=time(14), closes_at=time(2)
    )
    Store.objects.filter(pk=store.pk).update(
        latitude=Decimal("39.9087"), longitude=Decimal("116.4605")
    )
    settle()
    thursday, friday = StoreDay.objects.order_by("day")
    assert (thursday.sold, thursday.timed_sold, thursday.closed_sold) == (50_000, 50_000, 30_000)
    assert (friday.sold, friday.timed_sold, friday.closed_sold) == (10_000, 10_000, 0)
    assert (thursday.placed_sold, thursday.outside_sold) == (40_000, 30_000)
    equal_by_hand()


def test_a_card_shown_later_makes_it_a_members_sale(cast: Cast) -> None:
    sell("A1", cast.guomao, at=NOON)
    settle()
    assert StoreDay.objects.get().member_sales == 0
    sell("A1", cast.guomao, at=NOON, member_no=7)
    settle()
    assert StoreDay.objects.get().member_sales == 10_000
    equal_by_hand()


def a_life(cast: Cast) -> list[Callable[[], object]]:
    """Facts of some members over some days: touches, sales, partial refunds, owners."""
    dice = random.Random(20261015)  # noqa: S311
    facts: list[Callable[[], object]] = []
    for n in range(40):
        guide, her = dice.choice([cast.lin, cast.zhou, cast.ma]), dice.choice([11, 12, 13, 14])
        at = NOON + timedelta(hours=dice.randrange(0, 24 * 12))
        kind = dice.choice(["scan", "registration", "friend", "push", "link_open", "group_join"])
        facts.append(partial(from_code, guide, her, at, f"{kind[:2]}-{her % 2}", kind))
        if n % 2:
            continue
        name, amount = f"A{n}", dice.randrange(100, 90_000)
        who: dict[str, Any] = {"member_no": her, "served_by": guide}
        later = at + timedelta(hours=1)
        facts.append(partial(sell, name, guide.store, lines=[(1, amount)], at=later, **who))
        if n % 3 == 0:
            back: dict[str, Any] = {"lines": [(1, -amount // 3)], "refund_of": f"{name}/1"}
            facts.append(partial(sell, f"R{n}", guide.store, at=at + days(2), **back))
    facts += [partial(own, cast.lin, her, NOON + days(1)) for her in (11, 13)]
    return facts


@pytest.mark.parametrize("seed", [2])
def test_any_order_with_repetitions_ends_in_the_same_sums(cast: Cast, seed: int) -> None:
    facts = a_life(cast)
    random.Random(seed).shuffle(facts)  # noqa: S311
    for n, fact in enumerate(facts):
        fact()
        if n % 9 == 0:
            settle()
            facts[n // 2]()
    settle()
    equal_by_hand()
    assert kept_sums(STORES)
    assert kept_sums(GUIDES)
    assert {key[2] for key in kept_sums(SOURCES)} == {"code", "push"}


def test_the_proof_names_mends_and_is_not_misled_by_what_waits(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=NOON)
    settle()
    now = timezone.now()
    assert (prove_all(now).differences, FigureDifference.objects.count()) == (0, 0)
    StoreDay.objects.update(sales=1, kept=2)
    GuideDay.objects.all().delete()
    # This one waits for the keeper: no fault of anybody's.
    touch("visit", cast.ma, 7, NOON)
    found = prove_all(now + days(1))
    assert found.finished_at is not None
    assert found.days > 20
    named = {row.table: row for row in found.found.all()}
    assert found.differences == len(named) == 2
    assert named["storeday"].stood == {"sales": 1, "kept": 2}
    assert named["storeday"].counted == {"sales": 10_000, "kept": 10_000}
    assert named["guideday"].stood["sales"] == 0
    equal_by_hand()


def test_sums_of_facts_that_ended_stay(cast: Cast) -> None:
    old = datetime(2020, 3, 1, 4, tzinfo=UTC)
    StoreDay.objects.create(store_no=cast.guomao.pk, day=old.date(), sales=5)
    FigureMark.objects.create(store_no=cast.guomao.pk, day=old.date())
    settle()
    assert StoreDay.objects.get().sales == 5


def test_a_till_a_day_ahead_counts_when_it_was_heard(cast: Cast) -> None:
    ahead = timezone.now() + timedelta(hours=30)
    sell("A1", cast.guomao, served_by=cast.lin, at=ahead)
    settle()
    line = PurchaseLine.objects.get()
    assert StoreDay.objects.get().day == timezone.localtime(line.recorded_at).date()
    equal_by_hand()


def test_counting_again_writes_nothing(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin, at=NOON)
    settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text FROM stores_storeday")
        before = cursor.fetchall()
        judge_receipts([("till-1", "A1")], by=TEST)
        FigureMark.objects.create(store_no=cast.guomao.pk, day=DAY)
        settle()
        cursor.execute("SELECT xmin::text, ctid::text FROM stores_storeday")
        assert cursor.fetchall() == before


def test_cohorts_are_counted_with_the_proof(cast: Cast) -> None:
    from_code(cast.lin, 7, NOON - days(40), "code-a", "registration")
    from_code(cast.lin, 8, NOON, "code-b", "registration")
    sell("A1", cast.guomao, member_no=7, at=NOON, lines=[(1, 30_000)], served_by=cast.lin)
    # Bought in another store: still of the cohort of the store that won her.
    sell("A2", cast.wangjing, member_no=8, at=NOON + days(1), served_by=cast.ma)
    settle()
    prove_all(timezone.now())
    rows = CohortMonth.objects.order_by("cohort").values_list("store_no", "cohort", "sales")
    assert list(rows) == [
        (cast.guomao.pk, date(2026, 9, 1), 30_000),
        (cast.guomao.pk, date(2026, 10, 1), 10_000),
    ]
    old, new = cohorts_of(None, date(2026, 10, 31))
    assert (old.area, old.per_month) == (Area(1, 2, 30_000), 15_000)
    assert (new.area, new.per_month) == (Area(1, 1, 10_000), 10_000)
    sell("R1", cast.guomao, lines=[(1, -30_000)], refund_of="A1/1", at=NOON + days(2))
    settle()
    prove_all(timezone.now())
    assert CohortMonth.objects.get(cohort=date(2026, 9, 1)).sales == 0
