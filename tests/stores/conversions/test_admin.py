"""HQ's screens: rules by two people, facts to look at, pictures of sales, news on Today."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.actions import scope_of
from stores.conversions.cards import cards
from stores.conversions.models import CreditRule
from stores.conversions.panels import panels
from stores.org.access import actor_of
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.stores.conversions.builders import days, let_the_house_react, own, sell, touch

RULES = "/admin/stores/creditrule/"


@pytest.fixture
def second(cast: Cast) -> Account:
    return Account.objects.create_superuser("hq2", PASSWORD, name="总部小温")


def propose(client: Client, **change: Any) -> Any:
    when = timezone.localtime() + days(3)
    told = {
        "name": "谁接待归谁",
        "effective_from_0": when.strftime("%Y-%m-%d"),
        "effective_from_1": when.strftime("%H:%M:%S"),
        "terms": json.dumps({"ladder": [{"kind": "server"}]}),
        **change,
    }
    return client.post(f"{RULES}add/", told)


def test_one_proposes_and_another_approves(client: Client, cast: Cast, second: Account) -> None:
    client.force_login(cast.hq)
    assert propose(client).status_code == 302
    rule = CreditRule.objects.get()
    assert rule.proposed_by == str(actor_of(cast.hq))
    refused = client.post(f"{RULES}{rule.pk}/approve/", follow=True)
    assert "提出的人不能批准自己的规则" in refused.content.decode()
    assert client.get(f"{RULES}{rule.pk}/approve/").status_code == 405
    client.force_login(second)
    page = client.get(f"{RULES}{rule.pk}/change/").content.decode()
    assert "归接待的导购" in page
    assert "批准这条规则" in page
    done = client.post(f"{RULES}{rule.pk}/approve/", follow=True).content.decode()
    assert "从生效时间起的订单按这条规则归属" in done
    rule.refresh_from_db()
    assert rule.approved_by == second


def test_a_rule_that_would_reach_back_is_not_approved(
    client: Client, cast: Cast, second: Account
) -> None:
    past = CreditRule.objects.create(
        name="昨天的",
        terms={"ladder": [{"kind": "server"}]},
        effective_from=timezone.now() - days(1),
    )
    client.force_login(second)
    told = client.post(f"{RULES}{past.pk}/approve/", follow=True).content.decode()
    assert "生效时间已过" in told
    past.refresh_from_db()
    assert past.approved_at is None


def test_terms_that_cannot_be_read_are_not_written(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq)
    page = propose(client, terms=json.dumps({"ladder": [{"kind": "luck"}]}))
    assert page.status_code == 200
    assert "每一级的 kind 应为" in page.content.decode()
    assert not CreditRule.objects.exists()


@pytest.mark.parametrize(
    "name", ["touch", "purchaseline", "ownership", "receiptmember", "credit", "creditrule"]
)
def test_lists_ask_no_more_for_twenty_rows(client: Client, cast: Cast, name: str) -> None:
    client.force_login(cast.hq)
    counts = []
    for size in (1, 20):
        for i in range(size):
            member = a_member(f"会员{i}", owner=cast.lin, store=cast.guomao)
            at = timezone.now() - timedelta(minutes=i + 1)
            touch("visit", cast.lin, member.pk, at)
            sell(f"Q{size}-{i}", cast.guomao, member_no=member.pk, at=at, served_by=cast.lin)
        let_the_house_react()
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/admin/stores/{name}/")
        assert page.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_facts_are_looked_at_and_not_edited(client: Client, cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin)
    let_the_house_react()
    client.force_login(cast.hq)
    for name in ("touch", "purchaseline", "credit", "ownership"):
        assert client.get(f"/admin/stores/{name}/add/").status_code == 403
    listed = client.get("/admin/stores/credit/?q=A1").content.decode()
    assert "林晓" in listed
    assert "接待" in listed


def test_the_start_page_shows_sales_and_leaders(cast: Cast) -> None:
    now = timezone.now()
    sell("A1", cast.guomao, served_by=cast.lin, at=now - timedelta(seconds=9))
    sell("A2", cast.wangjing, served_by=cast.ma, lines=[(1, 30_000)], at=now)
    let_the_house_react()
    actor = actor_of(cast.hq)
    with scope_of(actor):
        (leaders,) = panels(actor, timezone.now())
    assert [(line.text, line.figure) for line in leaders.lines] == [
        ("马驰", "¥300"),
        ("林晓", "¥100"),
    ]


def test_today_tells_her_of_her_newest_sales(cast: Cast) -> None:
    now = timezone.now()
    wen = a_member("温如玉", owner=cast.lin, store=cast.guomao, joined_at=now - days(9))
    touch("visit", cast.lin, wen.pk, now - timedelta(minutes=9))
    sell("A1", cast.guomao, member_no=wen.pk, at=now - timedelta(minutes=2), served_by=cast.zhou)
    own(cast.zhou, 901, now - days(1))
    let_the_house_react()
    actor = actor_of(cast.lin.account)
    with scope_of(actor):
        (card,) = cards(actor, cast.lin, timezone.now())
    assert (card.title, card.why) == ("温如玉买了 ¥100", "归属你：专属会员")
    assert card.href == "/tablet/figures/credits/till-1/A1/"
    other = actor_of(cast.zhou.account)
    with scope_of(other):
        assert cards(other, cast.zhou, timezone.now()) == []
