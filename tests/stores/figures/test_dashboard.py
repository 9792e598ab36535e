"""HQ's page of figures: what it says, for whom, narrowed how, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.fields import shown_id
from stores.figures.keeping import prove_all
from stores.figures.models import StoreDay
from stores.ledger.models import Touch
from stores.org.models import Account
from stores.org.models_of_duty import Shift
from tests.cast import PASSWORD, Cast
from tests.members.builders import a_channel_code
from tests.stores.conversions.builders import days, sell, touch
from tests.stores.figures.builders import from_code, settle

PAGE = "/admin/stores/storeday/"


def words(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    page = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index('class="sums-say"') :]))


@pytest.fixture
def code(cast: Cast) -> str:
    """Lin's code brought a member who bought; Ma sold as much in another region."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) - days(1)
    code = shown_id(a_channel_code(cast.lin).public_id)
    from_code(cast.lin, 7, noon, code, "scan")
    from_code(cast.lin, 7, noon, code, "registration")
    sell("A1", cast.guomao, member_no=7, at=noon + timedelta(minutes=9), served_by=cast.lin)
    sell("A2", cast.guomao, at=noon, lines=[(1, 30_000)])
    sell("B1", cast.wangjing, at=noon, served_by=cast.ma)
    settle()
    return code


def test_the_page_says_what_was_sold_and_by_whom(client: Client, cast: Cast, code: str) -> None:
    visit = {"kind": "scan", "at": timezone.now() - days(1)}
    Touch.objects.create(**visit)
    settle()
    assert prove_all(timezone.now()).differences == 0
    client.force_login(cast.hq)
    said = words(client, f"{PAGE}?period=7")
    assert "新增会员 1 位，归属导购的销售 ¥200" in said.replace(" ¥", " ¥")
    assert "全部销售 ¥500" in said
    assert "扫码 2" in said
    assert "另有 1 次互动没有门店，已计入全部门店" in said
    assert "会员销售占比 20%" in said
    assert "按每个有记录的工作日的归属销售" in said
    assert re.search(r"1 林晓 .*?1 马", said), said
    assert "群发确认率 — 这段时间没有请导购确认过群发" in said
    assert "完全一致" in said
    assert "所有已报来的事实都已计入" in said


def test_shifts_of_all_who_sold_are_the_fairer_base(client: Client, cast: Cast, code: str) -> None:
    begins = timezone.now() - timedelta(hours=30)
    for guide, hours in ((cast.lin, 8), (cast.ma, 4)):
        Shift.objects.create(
            guide=guide,
            store=guide.store,
            begins_at=begins,
            ends_at=begins + timedelta(hours=hours),
        )
    client.force_login(cast.hq)
    said = words(client, f"{PAGE}?period=7")
    assert "按每个排班小时的归属销售" in said
    assert re.search(r"1 马.*? ¥25 .*2 林晓 .*? ¥12.50", said), said


def test_one_code_is_followed_to_its_sales(client: Client, cast: Cast, code: str) -> None:
    client.force_login(cast.hq)
    said = words(client, f"{PAGE}?period=7&code={code}")
    assert "归属导购的销售 ¥100 " in said
    assert "只看这个渠道码" in said
    assert "门店排名" not in said
    assert "全部销售" not in said


def test_an_account_of_a_region_sees_its_stores_alone(
    client: Client, cast: Cast, code: str
) -> None:
    regional = Account.objects.create_user("north", PASSWORD, name="北区小安", is_staff=True)
    client.force_login(regional)
    assert client.get(PAGE).status_code == 403
    give(regional, "view_storeday", "view_figureproof")
    regional.regions.add(cast.wangjing.region)
    page = client.get(PAGE).content.decode()
    assert cast.guomao.name not in page
    assert "林晓" not in page
    said = words(client, f"{PAGE}?store={cast.guomao.code}")
    assert "归属导购的销售 ¥0" in said
    assert "归属导购的销售 ¥100" in words(client, PAGE)
    assert client.get("/admin/stores/figureproof/").status_code == 403


def give(account: Account, *names: str) -> None:
    from_names: Any = account.user_permissions
    model = from_names.model
    from_names.add(*model.objects.filter(codename__in=names))


def test_as_many_queries_for_many_facts_as_for_few(client: Client, cast: Cast, code: str) -> None:
    client.force_login(cast.hq)
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(PAGE)
    for n in range(20):
        touch("visit", cast.lin, 100 + n, timezone.now() - days(n / 2))
        sell(f"C{n}", cast.guomao, served_by=cast.zhou, at=timezone.now() - days(n / 2 + 1))
    settle()
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(many) <= len(few)
    facts = ("stores_touch", "stores_credit", "stores_purchaseline")
    asked = [query["sql"] for query in many]
    assert [sql for sql in asked if any(f'"{table}"' in sql for table in facts)] == []


def test_a_fault_that_the_proof_mended_is_named(client: Client, cast: Cast, code: str) -> None:
    StoreDay.objects.update(sales=1)
    proof = prove_all(timezone.now())
    client.force_login(cast.hq)
    assert "2 处出入" in words(client, PAGE)
    page = client.get(f"/admin/stores/figureproof/{proof.pk}/change/").content.decode()
    assert "归属销售（分，已扣退货） 1 → 10000" in page
    assert "2 处有出入，已按事实改正" in client.get("/admin/").content.decode()
