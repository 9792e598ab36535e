"""Her own pages: see, correct, copy, withdraw, leave; each at once, each only hers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from members.consent.models import ConsentState, Purpose
from members.consent.queries import may
from members.identity.models import Member, MemberState
from members.registration.doors import MEMBER_COOKIE, remember_member
from stores.ledger.models import PurchaseLine
from tests.cast import Cast
from tests.members.builders import a_channel_code, a_contact, a_notice, grant


def as_member(member: Member) -> Client:
    """A browser in which her phone was proven."""
    client, response = Client(), HttpResponse()
    remember_member(response, member)
    client.cookies[MEMBER_COOKIE] = response.cookies[MEMBER_COOKIE].value
    return client


@pytest.fixture
def chen(cast: Cast) -> Client:
    a_notice(cast.entity)
    return as_member(cast.chen)


def a_purchase(member: Member, receipt_no: str = "R1") -> PurchaseLine:
    return PurchaseLine.objects.create(
        source="till",
        receipt_no=receipt_no,
        line=1,
        sku="A",
        quantity=1,
        amount=88_000,
        member_no=member.pk,
        store_no=member.home_store_id,
        sold_at=timezone.now(),
    )


def test_a_switch_acts_at_once_both_ways(cast: Cast, chen: Client) -> None:
    for wanted, allowed in (("on", True), ("", False), ("on", True)):
        answer = chen.post(
            "/m/privacy/decide/", {"purpose": Purpose.DIRECT_MARKETING, "granted": wanted}
        )
        assert answer["Location"] == "/m/privacy/"
        verdict = may(cast.chen, Purpose.DIRECT_MARKETING, at=timezone.now(), entity=cast.entity)
        assert verdict.allowed is allowed
    assert "已开启" in chen.get("/m/privacy/").content.decode()


@pytest.mark.parametrize("purpose", ["membership", "no-such-purpose", ""])
def test_what_is_no_choice_changes_nothing(cast: Cast, chen: Client, purpose: str) -> None:
    assert chen.post("/m/privacy/decide/", {"purpose": purpose}).status_code == 302
    assert not ConsentState.objects.exists()


def test_her_name_is_hers_to_correct(cast: Cast, chen: Client) -> None:
    for version, (typed, kept) in enumerate([("  陈小静 ", "陈小静"), ("", None)]):
        chen.post("/m/privacy/name/", {"name": typed, "version": version})
        assert Member.objects.get(pk=cast.chen.pk).name == kept


def test_leaving_asks_once_and_ends_everything(cast: Cast, chen: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    assert "要退出会员吗" in chen.get("/m/privacy/leave/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).state == MemberState.ACTIVE
    assert "已退出会员" in chen.post("/m/privacy/leave/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).state == MemberState.LEFT
    assert not ConsentState.objects.filter(is_granted=True).exists()
    assert chen.get("/m/").status_code == 401


def test_a_cookie_outlives_no_membership(cast: Cast) -> None:
    client = as_member(cast.chen)
    assert client.get("/m/").status_code == 200
    Member.objects.filter(pk=cast.chen.pk).update(state=MemberState.LEFT, left_at=timezone.now())
    assert client.get("/m/").status_code == 401


@pytest.mark.parametrize("path", ["/m/", "/m/privacy/", "/m/privacy/copy/", "/m/privacy/leave/"])
def test_a_stranger_and_a_forged_cookie_see_no_card(cast: Cast, path: str) -> None:
    assert Client().get(path).status_code == 401
    forged = Client()
    forged.cookies[MEMBER_COOKIE] = as_member(cast.chen).cookies[MEMBER_COOKIE].value[:-2] + "xx"
    answer = forged.get(path)
    assert answer.status_code == 401
    assert cast.chen.card_no not in answer.content.decode()


def test_her_card_leads_to_her_guide_until_they_are_friends(cast: Cast, chen: Client) -> None:
    a_channel_code(cast.lin, qr_code_url="https://wework.qpic.cn/way")
    assert "https://wework.qpic.cn/way" in chen.get("/m/").content.decode()
    assert "https://wework.qpic.cn" in chen.get("/m/")["Content-Security-Policy"]
    contact = a_contact(cast.lin, member=cast.chen)
    page = chen.get("/m/").content.decode()
    assert "已加企业微信" in page
    assert "wework.qpic.cn/way" not in page
    contact.friendships.update(until=timezone.now() + timedelta(seconds=1))
    assert "wework.qpic.cn/way" in chen.get("/m/").content.decode()
