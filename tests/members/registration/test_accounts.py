"""B1: an account at a marketplace leads to a member by her own binding, and by nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from kit.events import DomainEvent
from members.identity.models import Identity, IdentityKind, Member
from members.identity.rules import read_account
from members.registration.doors import acting_for
from members.registration.marketplaces import Bound, bind_account
from stores.ledger.models import PurchaseLine, ReceiptMember
from stores.org.models import Store
from tests.cast import Cast, a_member
from tests.members.builders import run_handlers
from tests.members.profile.test_own_pages import as_member
from tests.stores.conversions.builders import sell
from tests.stores.ledger.builders import a_key, a_receipt, post

PAGE = "/m/accounts/"
HERS = {"shop": "tmall", "name": "小静2020", "order_no": "T1"}


@pytest.fixture(autouse=True)
def _shops(settings: Settings) -> None:
    settings.MARKETPLACES = {"tmall": "天猫", "jd": "京东"}


def order(number: str, store: Store, *, days_ago: int = 3, **fields: Any) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    sell(number, store, at=at, source=fields.pop("source", "tmall"), **fields)


def bind(member: Member, **said: str) -> Bound:
    return bind_account(member.pk, **{**HERS, **said}, by=acting_for(member))


def test_she_binds_her_account_and_her_orders_are_hers(cast: Cast, client: Client) -> None:
    order("T1", cast.guomao)
    chen = as_member(cast.chen)
    assert "天猫" in chen.get("/m/privacy/").content.decode()
    assert "绑定好了" in chen.post(PAGE, HERS, follow=True).content.decode()
    row = Identity.objects.get(kind=IdentityKind.MARKETPLACE)
    assert (row.member, row.value) == (cast.chen, "tmall:小静2020")
    assert ReceiptMember.objects.get(receipt_no="T1").member_no == cast.chen.pk
    assert "小静2020" in chen.get(PAGE).content.decode()
    # What she orders from now on is told with her account, in any spelling.
    told = a_receipt("T2", member={"marketplace": "TMALL: 小静２０２０"})
    assert post(client, a_key("tmall"), told).status_code == 201
    assert PurchaseLine.objects.get(receipt_no="T2").member_no == cast.chen.pk
    run_handlers()


def test_again_changes_nothing_and_letting_go_leaves_her_orders(cast: Cast, client: Client) -> None:
    order("T1", cast.guomao)
    assert [bind(cast.chen), bind(cast.chen)] == [Bound.YES, Bound.YES]
    chen = as_member(cast.chen)
    page = chen.get(PAGE).content.decode()
    key = page.partition('name="let_go" value="')[2].partition('"')[0]
    other = as_member(a_member("别人", owner=cast.lin, store=cast.guomao))
    other.post(PAGE, {"let_go": key})
    assert Identity.objects.filter(kind=IdentityKind.MARKETPLACE).exists()
    chen.post(PAGE, {"let_go": key})
    assert not Identity.objects.filter(kind=IdentityKind.MARKETPLACE).exists()
    assert ReceiptMember.objects.count() == 1
    told = a_receipt("T2", member={"marketplace": "tmall:小静2020"})
    post(client, a_key("tmall"), told)
    assert PurchaseLine.objects.get(receipt_no="T2").member_no is None


def test_whatever_does_not_fit_hears_one_answer(cast: Cast) -> None:
    other = a_member("别人", owner=cast.lin, store=cast.guomao)
    order("T0", cast.guomao)
    bind(other, name="别人的", order_no="T0")
    order("T1", cast.guomao)
    order("old", cast.guomao, days_ago=200)
    order("taken", cast.guomao, member_no=other.pk)
    order("far", cast.wangjing)
    order("till", cast.guomao, source="till-1")
    pages = []
    for said in (
        {"order_no": "none"},
        {"order_no": "old"},
        {"order_no": "taken"},
        {"order_no": "T0"},
        {"order_no": "far"},
        {"order_no": "till"},
        {"name": "别人的"},
        {"name": "  "},
        {"shop": "shop"},
    ):
        DomainEvent.objects.filter(kind="account_not_bound").delete()
        found = as_member(cast.chen).post(PAGE, {**HERS, **said}).content.decode()
        pages.append(found.partition('role="alert">')[2].partition("</p>")[0])
    assert set(pages) == {pages[0]}
    assert pages[0].startswith("对不上")
    assert not Identity.objects.filter(member=cast.chen, kind=IdentityKind.MARKETPLACE).exists()


def test_five_tries_a_day(cast: Cast) -> None:
    order("T1", cast.guomao)
    tried = [bind(cast.chen, order_no=f"guess{n}") for n in range(6)]
    assert tried == [Bound.UNFIT] * 5 + [Bound.TOO_MANY]
    assert bind(cast.chen) == Bound.TOO_MANY


def test_without_marketplaces_there_is_no_such_page(cast: Cast, settings: Settings) -> None:
    settings.MARKETPLACES = {}
    chen = as_member(cast.chen)
    assert chen.get(PAGE).status_code == 404
    assert PAGE not in chen.get("/m/privacy/").content.decode()
    assert bind(cast.chen) == Bound.UNFIT


@pytest.mark.parametrize(
    "text", ["", "tmall", "tmall:", ":a", "a b:c", "t" * 30 + ":a", "t:" + "a" * 41]
)
def test_what_is_no_account(text: str) -> None:
    assert read_account(text) is None
