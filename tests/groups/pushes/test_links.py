"""A tracked link counts everybody, knows who permits it, and leads to allowed hosts only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from groups.content.models import Variant
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import LinkClick, TrackedLink
from groups.pushes.tasks import submit_push_tasks
from members.consent.models import Purpose
from members.identity.models import IdentityKind, Member
from members.registration.doors import MEMBER_COOKIE, remember_member
from stores.catalogue.models import Product
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast, an_identity
from tests.groups.builders import (
    TESTER,
    World,
    a_material,
    a_push,
    a_reachable_member,
)
from tests.members.builders import grant
from wecom.outbox.models import OutboxRow


@pytest.fixture
def product(db: None) -> Product:
    return Product.objects.create(
        sku="QC-1001", name="羊绒围巾", category="配饰", price=59900, talking_points="贴颈不扎。"
    )


@pytest.fixture
def link(world: World, cast: Cast, product: Product) -> TrackedLink:
    a_reachable_member(world, cast.lin, "甲")
    material = a_material(cast.hq)
    Variant.objects.filter(material=material).update(product=product)
    push = a_push(cast.hq, material)
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    submit_push_tasks()
    return TrackedLink.objects.get()


def sign_in(client: Client, member: Member) -> None:
    """Her browser has proven her phone before."""
    response = HttpResponse()
    remember_member(response, member)
    client.cookies[MEMBER_COOKIE] = response.cookies[MEMBER_COOKIE].value


def opened() -> list[tuple[int | None, int | None]]:
    return list(Touch.objects.filter(kind=TouchKind.LINK_OPEN).values_list("member_no", "guide_no"))


def test_the_text_carries_the_guides_own_link(link: TrackedLink, cast: Cast) -> None:
    text = OutboxRow.objects.get().payload["text"]
    assert text.endswith(f"\n{settings.PUBLIC_URL}/s/{link.code}")
    assert (link.guide, len(link.code)) == (cast.lin, 12)


def test_anybody_is_counted_and_led_to_the_product(
    client: Client, link: TrackedLink, product: Product
) -> None:
    for _ in range(2):
        answer = client.get(f"/s/{link.code}")
        assert answer.status_code == 302
        assert answer["Location"] == f"{settings.PUBLIC_URL}/p/{product.sku}/"
    assert LinkClick.objects.count() == 2
    assert opened() == []
    page = client.get(f"/p/{product.sku}/").content.decode()
    assert "羊绒围巾" in page
    assert "¥599" in page


def test_a_member_of_this_browser_is_known_only_with_permission(
    client: Client, link: TrackedLink, cast: Cast
) -> None:
    member = Member.objects.exclude(pk=cast.chen.pk).get()
    sign_in(client, member)
    client.get(f"/s/{link.code}")
    assert (opened(), LinkClick.objects.count()) == ([], 1)
    grant(member, Purpose.LINK_TRACKING)
    for _ in range(3):
        client.get(f"/s/{link.code}")
    assert opened() == [(member.pk, cast.lin.pk)]
    assert LinkClick.objects.count() == 4


def test_wechat_tells_who_she_is_without_a_page_in_between(
    client: Client, link: TrackedLink, cast: Cast, world: World
) -> None:
    member = Member.objects.exclude(pk=cast.chen.pk).get()
    grant(member, Purpose.LINK_TRACKING)
    answer = client.get(f"/s/{link.code}", headers={"User-Agent": "MicroMessenger/8"})
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["scope"] == ["snsapi_base"]
    code, openid = come_back_as(world, asked)
    an_identity(member, IdentityKind.OPENID, openid)
    back = client.get(f"/s/{link.code}/back", {"code": code, "state": asked["state"][0]})
    assert back["Location"].endswith("/p/QC-1001/")
    assert opened() == [(member.pk, cast.lin.pk)]


def come_back_as(world: World, asked: dict[str, list[str]]) -> tuple[str, str]:
    """Two codes of one customer: the first tells her openid, the second is ours to use."""
    customer = world.control("acts/create_customer", {"name": "甲"})["customer"]
    codes = []
    for _ in range(2):
        answer = world.client.get(
            "/sandbox/connect/oauth2/authorize",
            params={**{k: v[0] for k, v in asked.items()}, "as": customer["external_userid"]},
        )
        codes.append(parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0])
    found = world.client.get(
        "/sandbox/sns/oauth2/access_token",
        params={
            "appid": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
            "code": codes[0],
            "grant_type": "authorization_code",
        },
    ).json()
    return codes[1], found["openid"]


@pytest.mark.parametrize("query", [{}, {"code": "made-up", "state": "made-up"}])
def test_a_failed_return_still_leads_on(
    client: Client, link: TrackedLink, query: dict[str, str]
) -> None:
    answer = client.get(f"/s/{link.code}/back", query)
    assert answer["Location"].endswith("/p/QC-1001/")
    assert opened() == []


def test_no_other_host_is_led_to(client: Client, link: TrackedLink, settings: Any) -> None:
    for bad in (
        "https://evil.example/x",
        "https://brand.example@evil.example/",
        "javascript:alert(1)",
        "https://brand.example\\@evil.example",
        "//evil.example/",
    ):
        TrackedLink.objects.update(target=bad)
        assert client.get(f"/s/{link.code}").status_code == 404
    settings.LINK_HOSTS = ["brand.example"]
    TrackedLink.objects.update(target="https://brand.example/winter")
    assert client.get(f"/s/{link.code}")["Location"] == "https://brand.example/winter"


def test_an_unknown_code_is_told_kindly(client: Client, db: None) -> None:
    answer = client.get("/s/nosuchcode")
    assert answer.status_code == 404
    assert "已经失效" in answer.content.decode()
