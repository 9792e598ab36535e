"""A guide reads what she earned and from what; nobody reads another's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from stores.commission.actions import approve_plan, propose_plan, set_target
from stores.commission.open_lines import OPEN_LINES_OF_ONE, lines_params
from stores.commission.queries import _SUMS, house_zone
from stores.commission.rules import Month
from stores.commission.settling import settle_month
from stores.org.access import actor_of
from tests.cast import Cast
from tests.stores.conversions.builders import TEST, let_the_house_react, sell

PAGE = "/tablet/figures/commission/"


@pytest.fixture
def month(cast: Cast) -> Month:
    """Last month, with a plan of ten per cent that counts in it."""
    found = Month.of(timezone.now(), house_zone()).away(-1)
    plan = propose_plan(
        name="一成", terms={"rungs": [{"from": 0, "per_mille": 100}]}, effective_from=found.first,
        by=TEST,
    )  # fmt: skip
    approve_plan(plan, account=cast.hq, now=timezone.now(), by=actor_of(cast.hq))
    return found


def test_the_running_month_so_far_and_how_it_is_reckoned(
    client: Client, cast: Cast, month: Month
) -> None:
    now = timezone.now()
    sell("A1", cast.guomao, served_by=cast.lin, at=now - timedelta(seconds=5))
    sell("A2", cast.guomao, served_by=cast.zhou, at=now - timedelta(seconds=5))
    let_the_house_react()
    this = month.away(1).first
    set_target(month=this, store=cast.guomao, guide=cast.lin, amount=20_000, by=TEST)
    client.force_login(cast.lin.account)
    page = client.get(PAGE).content.decode()
    assert "预计提成 <b>¥10</b>" in page
    assert "50%" in page
    assert "还没有结算过的月份" in page


def test_a_settled_month_down_to_its_receipts_and_nobody_elses(
    client: Client, cast: Cast, month: Month
) -> None:
    at = month.begins + timedelta(days=3)
    sell("A1", cast.guomao, served_by=cast.lin, at=at)
    sell("A2", cast.guomao, served_by=cast.zhou, at=at)
    let_the_house_react()
    settle_month(cast.guomao.entity, month, now=timezone.now(), by=TEST)
    address = f"{PAGE}{month.first.year}/{month.first.month}/"
    client.force_login(cast.lin.account)
    assert f"{month.first.year}/{month.first.month}/" in client.get(PAGE).content.decode()
    page = client.get(address).content.decode()
    assert "/credits/till-1/A1/" in page
    assert "A2" not in page
    client.force_login(cast.ma.account)
    assert client.get(address).status_code == 404
    assert client.get(f"{PAGE}2001/13/").status_code == 404


def test_her_page_reads_her_own_lines_of_all_that_was_ever_settled(cast: Cast) -> None:
    """Said behind the join, her number would be looked for in every guide's lines."""
    params = lines_params(cast.guomao.entity, Month.of(timezone.now(), house_zone()))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        given = {**params, "noted": params["stores"], "guide": 1}
        cursor.execute(f"EXPLAIN {OPEN_LINES_OF_ONE}{_SUMS}", given)
        plan = "\n".join(row for (row,) in cursor.fetchall())
    for table in ("stores_credit", "stores_latecredit"):
        found = re.search(rf"on {table} .*\n.*\n?.*guide_no = 1", plan)
        assert found, f"{table}: {plan}"
    assert "Seq Scan" not in plan
