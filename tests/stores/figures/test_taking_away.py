"""Tables that leave as files and by API: what is in them, for whom, and that it is written down."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from kit.actor import Actor, ActorKind
from stores.commission.actions import approve_plan, propose_plan
from stores.commission.models import Settlement
from stores.commission.queries import house_zone
from stores.commission.rules import FIRST_PLAN, Month
from stores.commission.settling import begin_settlement, settle_month
from stores.figures.sheets import Sheet, as_csv, as_xlsx
from stores.ledger.sheets import rows_of
from stores.org.models import Account, Guide, Store
from tests.cast import PASSWORD, Cast
from tests.stores.conversions.builders import TEST, sell, touch
from tests.stores.figures.builders import settle
from tests.stores.figures.test_dashboard import give
from tests.stores.ledger.builders import a_key

EXPORT = "/admin/stores/storeday/export/"


@pytest.fixture
def month(cast: Cast) -> Month:
    """Last month: Lin sold, Ma sold less, both stores have evil names."""
    Store.objects.filter(pk=cast.guomao.pk).update(name="=cmd|' /C calc'!A1")
    Guide.objects.filter(pk=cast.lin.pk).update(name="\u3000=林")
    month = Month.of(timezone.now(), house_zone()).away(-1)
    at = month.begins + timedelta(days=2, hours=12)
    touch("scan", cast.lin, 7, at)
    sell("A1", cast.guomao, served_by=cast.lin, at=at, lines=[(1, 123_450)])
    sell("B1", cast.wangjing, served_by=cast.ma, at=at)
    settle()
    return month


def table(client: Client, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response.status_code == 200
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig"))))


def test_stores_as_a_file_without_formulas(client: Client, cast: Cast, month: Month) -> None:
    client.force_login(cast.hq)
    head, *rows = table(client, f"{EXPORT}stores/csv/?period=last")
    assert [row[1] for row in rows] == ["'=cmd|' /C calc'!A1", cast.wangjing.name]
    by_name = dict(zip(head, rows[0], strict=True))
    assert (by_name["归属销售（元，已扣退货）"], by_name["扫码"]) == ("1234.5", "1")
    _, *guides = table(client, f"{EXPORT}guides/csv/?period=last")
    assert guides[0][:2] == ["G001", "'\u3000=林"]
    days = client.get(f"{EXPORT}days/xlsx/?period=last")
    told = [cells for cells, _ in rows_of(BytesIO(days.content), "xlsx")]
    assert told[0][0] == "日期"
    assert len(told) == 2
    taken = list(LogEntry.objects.values_list("object_repr", "change_message").order_by("pk"))
    assert [words for _, words in taken] == ["导出 2 行", "导出 2 行", "导出 1 行"]
    assert client.get(f"{EXPORT}members/csv/").status_code == 404


def test_an_account_of_a_region_takes_its_stores_alone(
    client: Client, cast: Cast, month: Month
) -> None:
    regional = Account.objects.create_user("north", PASSWORD, name="北区小安", is_staff=True)
    regional.regions.add(cast.wangjing.region)
    give(regional, "view_storeday", "view_commission", "view_settlement")
    client.force_login(regional)
    _, *rows = table(client, f"{EXPORT}stores/csv/?period=last&store=S001")
    assert rows == []
    _, *rows = table(client, f"{EXPORT}guides/csv/?period=last")
    assert [row[0] for row in rows] == [cast.ma.employee_no]
    settled(cast, month)
    key = Settlement.objects.get().pk
    assert client.get(f"/admin/stores/storeday/settled/{key}/csv/").status_code == 403


def planned(month: Month) -> None:
    second = Account.objects.create_superuser("hq2", PASSWORD, name="总部小温")
    plan = propose_plan(name="一成", terms=FIRST_PLAN, effective_from=month.first, by=TEST)
    other = Actor(ActorKind.ACCOUNT, "second", TEST.scope)
    approve_plan(plan, account=second, now=timezone.now(), by=other)


def settled(cast: Cast, month: Month) -> None:
    planned(month)
    settle_month(cast.guomao.entity, month, now=timezone.now(), by=TEST)


def test_a_settled_month_by_file_and_by_api(client: Client, cast: Cast, month: Month) -> None:
    settled(cast, month)
    settlement = Settlement.objects.get()
    client.force_login(cast.hq)
    page = client.get(f"/admin/stores/settlement/{settlement.pk}/change/").content.decode()
    address = f"/admin/stores/storeday/settled/{settlement.pk}/"
    assert f"{address}xlsx/" in page
    head, *rows = table(client, f"{address}csv/")
    paid = dict(zip(head, rows[0], strict=True))
    assert (paid["工号"], paid["本月归属（元）"], paid["提成（元）"]) == ("G001", "1234.5", "12.35")
    asked = {"month": f"{month.first:%Y-%m}"}
    key = {"Authorization": f"Bearer {a_key('pay', scopes=('commission:read',))}"}
    (told,) = client.get("/api/v1/commissions/", asked, headers=key).json()
    assert (told["employee_no"], told["sales"], told["amount"]) == ("G001", 123_450, 1_235)
    assert client.get("/api/v1/commissions/", {"month": "x"}, headers=key).status_code == 400
    reader = {"Authorization": f"Bearer {a_key('bi', scopes=('figures:read',))}"}
    assert client.get("/api/v1/commissions/", asked, headers=reader).status_code == 403


def test_a_month_that_is_still_being_settled_is_no_file(
    client: Client, cast: Cast, month: Month
) -> None:
    planned(month)
    key = begin_settlement(cast.guomao.entity, month, now=timezone.now(), by=TEST).pk
    client.force_login(cast.hq)
    page = client.get(f"/admin/stores/settlement/{key}/change/").content.decode()
    assert "/settled/" not in page
    assert client.get(f"/admin/stores/storeday/settled/{key}/csv/").status_code == 404


def test_days_by_api(client: Client, cast: Cast, month: Month) -> None:
    key = a_key("bi", scopes=("figures:read",))
    first = month.first.isoformat()
    until = (month.away(1).first - timedelta(days=1)).isoformat()
    asked = {"since": first, "until": until}
    told = ask(client, key, **asked, store="S001").json()
    assert [row["sales"] for row in told["days"]] == [123_450]
    assert told["waiting_since"] is None
    assert [row["sales"] for row in ask(client, key, **asked).json()["days"]] == [133_450]
    hers = ask(client, key, **asked, guide=cast.ma.employee_no).json()
    assert [row["sales"] for row in hers["days"]] == [10_000]
    assert ask(client, key, **asked, push="nothing").json()["days"] == []
    limited = a_key("bi2", scopes=("figures:read",), store=cast.wangjing)
    assert ask(client, limited, **asked, store="S001").status_code == 404
    assert ask(client, limited, **asked, guide="G001").json()["days"] == []
    assert ask(client, key, since=until, until=first).status_code == 400
    assert ask(client, a_key("till"), **asked).status_code == 403


def ask(client: Client, key: str, **terms: str) -> Any:
    return client.get("/api/v1/figures/days/", terms, headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize("evil", ["=1", "+1", "-1", "@a", "\t=1", " \u3000=1", "＝1", "\x00=1"])
def test_no_text_of_a_file_is_a_formula(evil: str) -> None:
    sheet = Sheet("x/[y]", ("a",), [[evil], [-5], [None]])
    rows = list(csv.reader(StringIO(as_csv(sheet).decode("utf-8-sig"))))
    assert rows[1][0].startswith("'")
    assert rows[2][0] == "-5"
    assert as_xlsx(sheet) == as_xlsx(sheet)
    assert b"<f>" not in as_xlsx(sheet)
