"""Where each yuan of a payslip comes from: its receipts sum to it, over all pages, refunds too."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from kit.actions import scope_of
from stores.commission import slips
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.models import Commission
from stores.commission.queries import house_zone, running_slip
from stores.commission.rules import Month
from stores.commission.settling import settle_month
from stores.commission.slips import SlipReceipt, receipts_of, receipts_so_far
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast
from tests.stores.conversions.builders import TEST, let_the_house_react, sell

PAGE = "/tablet/figures/commission/"


@pytest.fixture
def last(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Month:
    """Last month, settled with nine receipts, one of them taken back; pages hold four receipts."""
    monkeypatch.setattr(slips, "PAGE", 4)
    month = Month.of(timezone.now(), house_zone()).away(-1)
    plan = propose_plan(
        name="一成", terms={"rungs": [{"from": 0, "per_mille": 100}]}, effective_from=month.first,
        by=TEST,
    )  # fmt: skip
    approve_plan(plan, account=cast.hq, now=timezone.now(), by=actor_of(cast.hq))
    for number in range(9):
        at = month.begins + timedelta(days=2, hours=number)
        lines = ((1, 1000 + number), (2, 70))
        sell(f"A{number}", cast.guomao, served_by=cast.lin, at=at, lines=lines)
    sell("Z1", cast.guomao, served_by=cast.zhou, at=month.begins + timedelta(days=3))
    late = month.begins + timedelta(days=9)
    sell("R3", cast.guomao, lines=((1, -70),), refund_of="A3/2", at=late)
    let_the_house_react()
    settle_month(cast.guomao.entity, month, now=timezone.now(), by=TEST)
    # After the month was settled: a refund that belongs to it, and a sale of the running month.
    sell("R4", cast.guomao, lines=((1, -1004),), refund_of="A4/1", at=late)
    sell("B1", cast.guomao, served_by=cast.lin, at=timezone.now() - timedelta(seconds=5))
    let_the_house_react()
    return month


def pages_of(guide: Guide, month: Month, settled: Commission | None) -> list[SlipReceipt]:
    found: list[SlipReceipt] = []
    for page in range(9):
        with scope_of(actor_of(guide.account)):
            rows, more = (
                receipts_of(settled.settlement, guide, page)
                if settled
                else receipts_so_far(guide, month, page)
            )
        found += rows
        if not more:
            return found
    raise AssertionError("pages without an end")


def test_the_receipts_of_a_settled_month_sum_to_its_payslip(cast: Cast, last: Month) -> None:
    slip = Commission.objects.get(guide_no=cast.lin.pk)
    found = pages_of(cast.lin, last, slip)
    assert [one.receipt_no for one in found][:2] == ["R3", "A8"]
    assert len(found) == len({one.receipt_no for one in found}) == 10
    assert sum(one.amount for one in found) == slip.sales + slip.adjustments == 9 * 1070 + 36 - 70
    assert {one.source for one in found} == {"till-1"}
    other = Commission.objects.get(guide_no=cast.zhou.pk)
    assert [one.receipt_no for one in pages_of(cast.zhou, last, other)] == ["Z1"]


def test_the_receipts_of_the_running_month_sum_to_what_stands_above(
    cast: Cast, last: Month
) -> None:
    this = last.away(1)
    with scope_of(actor_of(cast.lin.account)):
        slip, _ = running_slip(cast.lin, this)
    found = pages_of(cast.lin, this, None)
    assert sum(one.amount for one in found if not one.is_adjustment) == slip.sales
    assert sum(one.amount for one in found if one.is_adjustment) == slip.adjustments
    assert {one.receipt_no for one in found} == {"R4", "B1"}


def test_a_guide_walks_from_her_payslip_to_each_receipt(
    client: Client, cast: Cast, last: Month
) -> None:
    client.force_login(cast.lin.account)
    address, walked, page = f"{PAGE}{last.first.year}/{last.first.month}/", set[str](), ""
    for number in range(3):
        page = client.get(address, {"page": number}).content.decode()
        walked |= set(re.findall(r'href="(/tablet/figures/credits/till-1/[^"]+)"', page))
        assert ("?page=" + str(number + 1) in page) is (number < 2)
    assert len(walked) == 10
    assert {client.get(link).status_code for link in walked} == {200}
    assert "/tablet/figures/disputes/new/" in page
    running = client.get(PAGE).content.decode()
    assert '补差 <a href="#receipts">-¥10.04</a>' in running
    assert "/tablet/figures/credits/till-1/R4/" in running


def test_who_was_with_two_companies_in_a_month_reads_both_payslips(
    client: Client, cast: Cast, last: Month
) -> None:
    sell("F1", cast.ma.store, served_by=cast.lin, at=last.begins + timedelta(days=4))
    let_the_house_react()
    settle_month(cast.franchise, last, now=timezone.now(), by=TEST)
    client.force_login(cast.lin.account)

    found = set(re.findall(rf'href="({last.first.year}/{last.first.month}/[^"]*)"',
                           client.get(PAGE).content.decode()))  # fmt: skip
    pages = [client.get(PAGE + link).content.decode() for link in found]

    assert len(pages) == 2
    assert sorted("/till-1/F1/" in page for page in pages) == [False, True]
    assert all("这个月你还有一张提成单" in page for page in pages)
    more = next(page for page in pages if "/till-1/F1/" not in page)
    (older,) = re.findall(r'href="([^"]*page=1)#receipts"', more)
    assert "/till-1/F1/" not in client.get(older.replace("&amp;", "&")).content.decode()
