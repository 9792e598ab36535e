"""Settling beside writers whose transactions overlap it: whatever commits when, it is paid once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db.models import Sum

from kit.actions import scope_of
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.models import LateCredit, SettledLine
from stores.commission.queries import payroll_of
from stores.commission.rules import Month
from stores.commission.settling import begin_settlement, settle_month, settle_portion
from stores.conversions.models import Credit, CreditRule
from stores.org.access import actor_of
from tests.cast import Cast, make_cast
from tests.overlaps import SOON, elsewhere, statements_with, uncommitted
from tests.processes import wait_for
from tests.servers import TestServers
from tests.stores.conversions.builders import TEST

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = Month(date(2025, 1, 1), ZoneInfo("Asia/Shanghai"))
LATER = datetime(2026, 11, 15, tzinfo=UTC)


@pytest.fixture
def house(transactional_db: None) -> Cast:
    """Ten per cent of everything."""
    cast = make_cast()
    terms = {"rungs": [{"from": 0, "per_mille": 100}]}
    made = propose_plan(name="一成", terms=terms, effective_from=FIRST.first, by=TEST)
    approve_plan(made, account=cast.hq, now=LATER, by=actor_of(cast.hq))
    CreditRule.objects.create(name="谁", terms={}, effective_from=FIRST.begins)
    return cast


def sold(cast: Cast, line: int, month: Month) -> AbstractContextManager[Callable[[], None]]:
    """A sale of the month is credited and what was credited before is worth more, until the given
    function is called not seen by anybody.
    """

    def write() -> None:
        Credit.objects.filter(purchase_line=line - 1).update(amount=700)
        Credit.objects.create(
            purchase_line=line, source="till", receipt_no=f"R{line}", line=1, sku="Q", quantity=1,
            line_amount=500, guide_no=cast.lin.pk, store_no=cast.guomao.pk, amount=500, kept=500,
            sold_at=month.begins + timedelta(days=3), rule=CreditRule.objects.get(),
            reason="server",
        )  # fmt: skip

    return uncommitted(write)


def somebody_waits(servers: TestServers) -> bool:
    with psycopg.connect(servers.owner_url) as other:
        found = other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return bool(found and found[0])


def paid() -> int:
    found: int | None = SettledLine.objects.aggregate(s=Sum("amount"))["s"]
    return found or 0


def test_wherever_a_writer_commits_its_credits_are_paid_once(house: Cast) -> None:
    entity, place, statements = house.guomao.entity, 0, 1
    while place <= statements:
        month = FIRST.away(place)
        key = begin_settlement(entity, month, now=LATER, by=TEST).pk
        with sold(house, place + 1, month) as commit:
            portion = partial(settle_portion, key, by=TEST)
            statements = statements_with(commit, place, portion)
            commit()
        assert settle_month(entity, month, now=LATER, by=TEST).pk == key
        place += 1
    assert statements > 3
    settle_month(entity, FIRST.away(place), now=LATER, by=TEST)
    assert paid() == Credit.objects.aggregate(s=Sum("amount"))["s"] == 700 * place - 200
    assert not LateCredit.objects.exists()


def test_a_preview_counts_a_store_once_that_is_settled_between_its_looks(house: Cast) -> None:
    entity = house.guomao.entity
    with sold(house, 1, FIRST) as commit:
        commit()
    made = begin_settlement(entity, FIRST, now=LATER, by=TEST)

    def look() -> None:
        with scope_of(TEST):
            assert payroll_of(entity, FIRST).base == 500

    def settle_the_store() -> None:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(elsewhere, lambda: settle_portion(made.pk, by=TEST)).result(SOON)

    statements_with(settle_the_store, "FROM open_lines", look)
    look()
    again = begin_settlement(entity, FIRST, now=LATER, by=TEST)
    assert (again.pk, again.stores_in) == (made.pk, 1)


def test_who_writes_when_a_month_begins_to_be_settled_is_waited_for(
    house: Cast, servers: TestServers
) -> None:
    """What it writes left no note, since nobody had to note it yet."""
    with ThreadPoolExecutor(1) as pool, sold(house, 1, FIRST) as commit:
        settled: Future[Any] = pool.submit(
            elsewhere, lambda: settle_month(house.guomao.entity, FIRST, now=LATER, by=TEST)
        )
        wait_for(lambda: somebody_waits(servers) or settled.done(), "the lock on credits")
        commit()
        assert settled.result(SOON).base == 500
    assert not LateCredit.objects.exists()


def test_who_waits_for_a_month_finds_it_settled_whoever_else_is_at_it(
    house: Cast, servers: TestServers
) -> None:
    made = begin_settlement(house.guomao.entity, FIRST, now=LATER, by=TEST)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(servers.owner_url) as other:
        other.execute("SELECT 1 FROM stores_settlement WHERE id = %s FOR UPDATE", [made.pk])
        settled: Future[Any] = pool.submit(
            elsewhere, lambda: settle_month(house.guomao.entity, FIRST, now=LATER, by=TEST)
        )
        wait_for(lambda: somebody_waits(servers) or settled.done(), "the lock on the month")
        assert not settle_portion(made.pk, by=TEST)
        other.rollback()
        assert settled.result(SOON).commission == 0
