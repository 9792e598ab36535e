"""业绩 on the iPad: numbers that open down to receipts, each for its own eyes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.actions import scope_of
from kit.fields import shown_id
from stores.catalogue.models import Product
from stores.conversions.access import subject_for
from stores.conversions.periods import read_week
from stores.figures.keeping import keep_all
from stores.figures.queries import Choice, read_days
from stores.figures.rules import Period
from stores.figures.weeks import figures_of
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast, a_member
from tests.stores.conversions.builders import days, let_the_house_react, sell, touch
from tests.stores.figures.builders import settle

FIGURES = "/tablet/figures/"


def this_week(cast: Cast) -> datetime:
    """A moment of this week that is past: noon today, or a moment ago in the morning."""
    now = timezone.localtime()
    return min(now.replace(hour=12, minute=0, second=0, microsecond=0), now - timedelta(seconds=5))


def as_guide(client: Client, guide: Guide) -> Client:
    client.force_login(guide.account)
    return client


def words(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


@pytest.fixture
def sold(cast: Cast) -> datetime:
    """Wen, Lin's own, bought two things this week; a part of one went back."""
    at = this_week(cast)
    Product.objects.create(sku="SK-100", name="羊毛大衣", category="外套", price=29_900)
    wen = a_member("温如玉", owner=cast.lin, store=cast.guomao, joined_at=at - days(90))
    touch("registration", cast.lin, wen.pk, at - timedelta(seconds=4))
    touch("friend", cast.lin, wen.pk, at - timedelta(seconds=3))
    touch("scan", cast.lin, wen.pk, at - timedelta(seconds=5))
    sell(
        "A1",
        cast.guomao,
        lines=[(1, 20_000), (2, 9_900)],
        member_no=wen.pk,
        at=at,
        served_by=cast.zhou,
    )
    sell("R1", cast.guomao, lines=[(1, -5_000)], refund_of="A1/1", at=at + timedelta(seconds=1))
    settle()
    return at


def test_the_week_in_a_sentence(client: Client, cast: Cast, sold: datetime) -> None:
    said = words(as_guide(client, cast.lin), FIGURES)
    assert "新增会员 1 位，其中 1 位已加企微；归属你的销售 ¥249，来自 1 单" in said
    assert "平均每单 ¥249" in said


def test_every_number_leads_to_a_page_with_as_many_rows(
    client: Client, cast: Cast, sold: datetime
) -> None:
    as_guide(client, cast.lin)
    page = client.get(FIGURES).content.decode()
    rungs = re.findall(
        r'class="fun" href="([^"]+)"><span>([^<]+)</span>.*?<span>(\d+)</span>', page
    )
    assert {title: int(count) for _, title, count in rungs} == {
        "扫码": 1,
        "成为会员": 1,
        "加企微": 1,
        "入群": 0,
        "打开链接": 0,
        "下单": 1,
        "复购": 0,
    }
    for href, title, count in rungs:
        behind = client.get(href.replace("&amp;", "&")).content.decode()
        assert behind.count('class="row"') == int(count), title
    receipts = client.get("/tablet/figures/credits/").content.decode()
    assert re.findall(r'href="/tablet/figures/credits/([^"]+)/"', receipts) == [
        "till-1/R1",
        "till-1/A1",
    ]


def test_a_receipt_says_why_it_is_hers(client: Client, cast: Cast, sold: datetime) -> None:
    said = words(as_guide(client, cast.lin), "/tablet/figures/credits/till-1/A1/")
    since = timezone.localtime(sold - days(90))
    assert "归属你 ¥299" in said
    assert "羊毛大衣" in said
    assert "温如玉" in said
    owned = f"（自 {since.year} 年 {since.month} 月 {since.day} 日起）"
    assert f"成交时，这位会员是你的专属会员{owned}" in said
    assert "30 天内你们有 3 次互动" in said
    assert "加企微" in said
    assert "专属导购优先" in said
    assert "退货 R1" in said
    refund = words(client, "/tablet/figures/credits/till-1/R1/")
    assert "从你的业绩扣回 -¥50" in refund
    assert "看原订单 A1" in refund


def test_a_number_from_the_week_before_stays_there(
    client: Client, cast: Cast, sold: datetime
) -> None:
    as_guide(client, cast.lin)
    last = (sold - days(7)).date().isoformat()
    assert "上周还没有记录" in words(client, f"{FIGURES}?week={last}")
    assert "本周" in words(client, f"{FIGURES}?week=not-a-day")
    assert "本周" in words(client, f"{FIGURES}?week=2999-01-01")


def test_other_guides_see_nothing_of_it(client: Client, cast: Cast, sold: datetime) -> None:
    for stranger in (cast.ma, cast.zhou):
        as_guide(client, stranger)
        assert "还没有记录" in words(client, FIGURES)
        assert client.get("/tablet/figures/credits/till-1/A1/").status_code == 404
        shown = shown_id(cast.lin.public_id)
        assert client.get(f"{FIGURES}?of={shown}").status_code == 404
        assert "温如玉" not in words(client, "/tablet/figures/people/friend/")
    assert client.get(f"{FIGURES}?of=nonsense").status_code == 404
    assert client.get("/tablet/figures/people/nonsense/").status_code == 404
    assert client.get("/tablet/figures/credits/?only=nonsense").status_code == 404


def test_a_manager_sees_the_store_and_each_of_its_guides(
    client: Client, cast: Cast, sold: datetime
) -> None:
    as_guide(client, cast.manager)
    assert "归属国贸店的销售 ¥249" in words(client, FIGURES)
    lin, zhou = shown_id(cast.lin.public_id), shown_id(cast.zhou.public_id)
    assert "归属林晓的销售 ¥249" in words(client, f"{FIGURES}?of={lin}")
    assert "还没有记录" in words(client, f"{FIGURES}?of={zhou}")
    assert client.get(f"{FIGURES}?of={shown_id(cast.ma.public_id)}").status_code == 404
    assert "归 林晓" in words(client, "/tablet/figures/credits/till-1/A1/")
    as_guide(client, cast.area_manager)
    assert "归属东区的销售 ¥249" in words(client, FIGURES)


def test_a_stranger_is_sent_to_sign_in(client: Client, cast: Cast) -> None:
    for address in (FIGURES, "/tablet/figures/credits/", "/tablet/figures/people/scan/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/tablet/sign-in/")


def test_sales_after_closing_time_are_a_share(client: Client, cast: Cast) -> None:
    at = timezone.localtime() - days(14)
    evening = at.replace(hour=23, minute=0)
    noon = at.replace(hour=12, minute=0)
    sell("A1", cast.guomao, served_by=cast.lin, at=evening, lines=[(1, 3_000)])
    sell("A2", cast.guomao, served_by=cast.lin, at=noon, lines=[(1, 7_000)])
    settle()
    as_guide(client, cast.lin)
    week = f"week={at.date().isoformat()}"
    assert "有 30% 发生在闭店后" in words(client, f"{FIGURES}?{week}")
    behind = client.get(f"/tablet/figures/credits/?only=closed&{week}").content.decode()
    assert behind.count('class="row"') == 1


def test_who_bought_before_comes_back(client: Client, cast: Cast) -> None:
    at = this_week(cast)
    for i, when in enumerate((at - days(30), at - timedelta(seconds=2), at)):
        sell(f"A{i}", cast.guomao, member_no=cast.chen.pk, served_by=cast.lin, at=when)
    # Two receipts of one visit are no return.
    for i in range(2):
        visit = at - timedelta(seconds=i)
        sell(f"B{i}", cast.guomao, member_no=900, served_by=cast.lin, at=visit)
    settle()
    page = as_guide(client, cast.lin).get(FIGURES).content.decode()
    assert re.search(r"<span>下单</span>.*?<span>2</span>", page)
    assert re.search(r"<span>复购</span>.*?<span>1</span>", page)
    again = client.get("/tablet/figures/credits/?only=returning").content.decode()
    assert again.count('class="row"') == 2


def test_queries_do_not_grow_with_rows(client: Client, cast: Cast) -> None:
    at = this_week(cast)
    as_guide(client, cast.lin)
    counts = []
    for size in (1, 20):
        for i in range(size):
            member = a_member(f"会员{i}", owner=cast.lin, store=cast.guomao)
            touch("friend", cast.lin, member.pk, at - timedelta(seconds=i + 1))
            sell(f"Q{size}-{i}", cast.guomao, member_no=member.pk, at=at)
        settle()
        asked = {}
        for address in (
            FIGURES,
            "/tablet/figures/people/friend/",
            "/tablet/figures/credits/",
            f"/tablet/figures/credits/till-1/Q{size}-0/",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            asked[re.sub(r"Q\d+", "Q", address)] = len(queries)
        counts.append(asked)
    assert counts[0] == counts[1]


def test_the_keeper_hints_to_the_guides_screen(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    """After the judge, once the sums hold it."""
    layer = get_channel_layer()
    sell("A1", cast.guomao, served_by=cast.lin)
    let_the_house_react()
    async_to_sync(layer.group_add)(f"guide.{shown_id(cast.lin.public_id)}", "a.screen")
    with django_capture_on_commit_callbacks(execute=True):
        keep_all(timezone.now())
    hint = async_to_sync(layer.receive)("a.screen")
    assert (hint["type"], hint["kind"]) == ("hint", "figures")


def test_the_ipad_and_head_office_say_the_same(client: Client, cast: Cast, sold: datetime) -> None:
    touch("scan", cast.lin, 900, sold)
    touch("scan", cast.lin, 900, sold - timedelta(seconds=9))
    settle()
    as_guide(client, cast.manager)
    with scope_of(actor_of(cast.manager.account)):
        week = read_week("", timezone.now(), ZoneInfo(cast.guomao.time_zone))
        here = figures_of(subject_for(cast.manager, None), week).now
    period = Period(week.monday, week.last_day)
    _, there, _ = read_days(Choice(period, frozenset({cast.guomao.pk})))
    assert here.sums == {name: there[name] for name in here.sums}
    assert (here.touched("scan"), here.buyers) == (3, 1)
