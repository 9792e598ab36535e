"""A manager shares out her store's target, sees it over the past months, and nobody else may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kit.fields import shown_id
from stores.commission.actions import set_target
from stores.commission.models import CommissionPlan, Target
from stores.commission.queries import house_zone
from stores.commission.rules import Month
from tests.cast import Cast
from tests.stores.conversions.builders import TEST, sell
from tests.stores.figures.builders import settle

PAGE = "/tablet/figures/targets/"


@pytest.fixture
def month(cast: Cast) -> Month:
    """Last month Lin sold three times what Zhou did; the store's target of this month stands."""
    this = Month.of(timezone.now(), house_zone())
    at = this.away(-1).begins + timedelta(days=3, hours=12)
    sell("A1", cast.guomao, served_by=cast.lin, at=at, lines=[(1, 300_000)])
    sell("A2", cast.guomao, served_by=cast.zhou, at=at, lines=[(1, 100_000)])
    settle()
    set_target(month=this.first, store=cast.guomao, guide=None, amount=800_000, by=TEST)
    terms = {"by": "target", "rungs": [{"from": 0, "per_mille": 10}, {"from": 50, "per_mille": 20}]}
    CommissionPlan.objects.create(
        name="达成", terms=terms, effective_from=this.first, approved_at=timezone.now()
    )
    return this


def words(response: Any) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def typed(cast: Cast, act: str, **yuan: str) -> dict[str, str]:
    guides = {"lin": cast.lin, "zhou": cast.zhou}
    parts = {f"part-{shown_id(guides[n].public_id)}": said for n, said in yuan.items()}
    return {"store": cast.guomao.code, "act": act, **parts}


def test_parts_are_suggested_looked_at_and_saved(client: Client, cast: Cast, month: Month) -> None:
    client.force_login(cast.manager.account)
    first = client.get(PAGE)
    assert "门店目标 ¥8,000 ，已分 ¥8,000 ，刚好分完" in words(first)
    parts = re.findall(r'value="(\d+)"', first.content.decode())
    assert sorted(parts) == ["0", "2000", "6000"]
    seen = words(client.post(PAGE, typed(cast, "look", lin="4,000", zhou="3000")))
    assert "还差 ¥1,000" in seen
    # 3 000 of 4 000: half of it at one per cent, the rest at two.
    assert "卖了 ¥3,000 达成 75%，提成 ¥40" in seen
    assert not Target.objects.exclude(guide=None).exists()
    client.post(PAGE, typed(cast, "save", lin="4000", zhou="wrong"))
    saved = dict(Target.objects.exclude(guide=None).values_list("guide__name", "amount"))
    assert (saved[cast.lin.name], saved[cast.zhou.name]) == (400_000, 0)
    assert "4000" in re.findall(r'value="(\d+)"', client.get(PAGE).content.decode())


def test_without_a_target_of_the_store_each_is_taken_by_her_average(
    client: Client, cast: Cast, month: Month
) -> None:
    Target.objects.all().delete()
    client.force_login(cast.manager.account)
    page = client.get(PAGE).content.decode()
    assert sorted(re.findall(r'value="(\d+)"', page)) == ["0", "1000", "333"]


def test_who_does_not_answer_for_the_store_shares_nothing_out(
    client: Client, cast: Cast, month: Month
) -> None:
    for who in (cast.lin, cast.ma):
        client.force_login(who.account)
        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, typed(cast, "save", lin="1")).status_code == 404
    client.force_login(cast.manager.account)
    assert client.get(f"{PAGE}?store={cast.wangjing.code}").status_code == 404
    assert not Target.objects.exclude(guide=None).exists()
