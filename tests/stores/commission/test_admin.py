"""HQ's way from a proposed plan to a settled month, and who is kept from it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from stores.commission.actions import propose_plan
from stores.commission.models import Commission, CommissionPlan, Settlement
from stores.commission.queries import house_zone
from stores.commission.rules import Month
from stores.commission.tasks import carry_on_settling
from stores.org.access import actor_of
from stores.org.models import Account
from tests.cast import PASSWORD, Cast
from tests.stores.conversions.builders import let_the_house_react, sell

PLANS = "/admin/stores/commissionplan/"
SETTLED = "/admin/stores/settlement/"
TERMS = {"rungs": [{"from": 0, "per_mille": 100}, {"from": 1_000_000, "per_mille": 150}]}


def last_month() -> Month:
    return Month.of(timezone.now(), house_zone()).away(-1)


def settle_page(cast: Cast, month: Month, what: str = "look") -> str:
    entity = cast.guomao.entity
    return f"{SETTLED}{what}/{entity.pk}/{month.first.year}/{month.first.month}/"


@pytest.fixture
def second(cast: Cast) -> Account:
    return Account.objects.create_superuser("hq2", PASSWORD, name="总部小温")


def test_from_a_plan_to_a_settled_month(client: Client, cast: Cast, second: Account) -> None:
    month = last_month()
    sell("A1", cast.guomao, served_by=cast.lin, at=month.begins + timedelta(days=2))
    let_the_house_react()
    client.force_login(cast.hq)
    told = {"name": "一成", "effective_from": month.first.isoformat(), "terms": json.dumps(TERMS)}
    assert client.post(f"{PLANS}add/", told).status_code == 302
    plan = CommissionPlan.objects.get()
    own = client.post(f"{PLANS}{plan.pk}/approve/", follow=True).content.decode()
    assert "不能批准自己的方案" in own
    assert "还没有已批准的提成方案" in client.get(settle_page(cast, month)).content.decode()
    client.force_login(second)
    page = client.get(f"{PLANS}{plan.pk}/change/").content.decode()
    assert "¥0 起 10%；¥10,000 起 15%（分段计算）" in page
    assert "¥10" in page
    client.post(f"{PLANS}{plan.pk}/approve/")
    assert "看预览、结算" in client.get(SETTLED).content.decode()
    preview = client.get(settle_page(cast, month)).content.decode()
    assert "林晓" in preview
    assert "确定，结算" in preview
    is_settled_in_the_background(client, settle_page(cast, month, "settle"))
    done = client.get(settle_page(cast, month)).content.decode()
    assert "提成共 <strong>¥10</strong>" in done
    assert Commission.objects.get().amount == 1_000
    again = client.post(settle_page(cast, month, "settle"), follow=True).content.decode()
    assert "这个月已经结算过" in again
    page = client.get(f"{SETTLED}{Settlement.objects.get().pk}/change/").content.decode()
    assert "总部小温" in page
    assert str(actor_of(second)) not in page


def is_settled_in_the_background(client: Client, address: str) -> None:
    begun = client.post(address, follow=True).content.decode()
    assert "家门店已算 0 家（0%）" in begun
    assert "正在结算 0%" in client.get(SETTLED).content.decode()
    carry_on_settling()


def test_a_month_that_runs_is_looked_at_and_not_settled(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq)
    this = last_month().away(1)
    assert "到现在为止的预估" in client.get(settle_page(cast, this)).content.decode()
    refused = client.post(settle_page(cast, this, "settle"), follow=True).content.decode()
    assert "这个月还没有过完" in refused


def test_who_sees_some_regions_alone_settles_nothing(client: Client, cast: Cast) -> None:
    regional = Account.objects.create_user("north", PASSWORD, name="北区小安", is_staff=True)
    regional.regions.add(cast.guomao.region)
    client.force_login(regional)
    for what in ("look", "settle"):
        address = settle_page(cast, last_month(), what)
        assert (client.get if what == "look" else client.post)(address).status_code == 403


def test_a_plan_that_cannot_be_read_is_not_written(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq)
    told = {"name": "x", "effective_from": "2026-12-01", "terms": json.dumps({"rungs": []})}
    page = client.post(f"{PLANS}add/", told)
    assert page.status_code == 200
    assert "rungs 应列出" in page.content.decode()


@pytest.mark.parametrize("what", ["look", "list", "plan"])
def test_a_month_asks_no_more_for_many_guides(client: Client, cast: Cast, what: str) -> None:
    month = last_month()
    client.force_login(cast.hq)
    made = propose_plan(name="一成", terms=TERMS, effective_from=month.first, by=actor_of(cast.hq))
    address = {
        "look": settle_page(cast, month),
        "list": "/admin/stores/commission/",
        "plan": f"{PLANS}{made.pk}/change/",
    }[what]
    counts = []
    for size in (1, 12):
        for number in range(size):
            for guide in (cast.lin, cast.zhou) if size > 1 else (cast.lin,):
                sell(
                    f"Q{size}-{number}-{guide.pk}",
                    cast.guomao,
                    served_by=guide,
                    at=month.begins + timedelta(days=2),
                )
        let_the_house_react()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
