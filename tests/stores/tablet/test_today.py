"""Today: what stands where, what weighs how much, and what a fault costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from stores.tablet.tablet import greeting
from tests.cast import Cast

BOARD = "tests.stores.tablet.suppliers"


@pytest.fixture
def lin(client: Client, cast: Cast) -> Client:
    client.force_login(cast.lin.account, backend="stores.org.backends.PinBackend")
    return client


def order_of(page: str, *words: str) -> list[int]:
    return [page.index(word) for word in words]


def test_what_cannot_wait_comes_first_and_the_soonest_before_the_later(
    lin: Client, settings: Settings
) -> None:
    settings.TODAY_CARDS = f"{BOARD}.WHOLE"
    page = lin.get("/tablet/").content.decode()
    places = order_of(
        page, "等不得的", "退款", "群发等你确认", "今天做", "明天生日", "刚刚", "赵敏"
    )
    assert places == sorted(places)
    assert "还剩 6 分" in page


def test_what_a_customer_wrote_is_text_not_markup(lin: Client, settings: Settings) -> None:
    settings.TODAY_CARDS = f"{BOARD}.WHOLE"
    assert "&lt;b&gt;王琳" in lin.get("/tablet/").content.decode()


def test_empty_is_a_good_state_and_says_so(lin: Client, settings: Settings) -> None:
    settings.TODAY_CARDS = f"{BOARD}.EMPTY"
    page = lin.get("/tablet/").content.decode()
    assert "没有等着你的事" in page
    assert "等不得的" not in page


def test_a_broken_supplier_costs_its_own_cards_only(lin: Client, settings: Settings) -> None:
    settings.TODAY_CARDS = f"{BOARD}.BROKEN"
    answer = lin.get("/tablet/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "退款" in page
    assert "有一部分事情暂时没取到" in page


def test_badges_count_what_is_to_be_done_behind_each_place(lin: Client, settings: Settings) -> None:
    settings.TODAY_CARDS = f"{BOARD}.WHOLE"
    assert lin.get("/tablet/badges/").json() == {
        "/tablet/": 3,
        "/tablet/groups/": 1,
        "/tablet/members/": 1,
    }


def test_the_page_is_hers_alone(lin: Client) -> None:
    answer = lin.get("/tablet/")
    assert answer["Cache-Control"] == "private, no-store"


def test_today_takes_few_queries(
    lin: Client, settings: Settings, django_assert_max_num_queries: Any
) -> None:
    settings.TODAY_CARDS = f"{BOARD}.WHOLE"
    # Session, account, guide; scope and its end; two suppliers between savepoints; hours; and
    # three of the test's own middleware and transaction.
    with django_assert_max_num_queries(15):
        lin.get("/tablet/")


def test_the_strict_policy_holds_and_the_page_obeys_it(lin: Client) -> None:
    answer = lin.get("/tablet/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    page = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def weight(page: str) -> int:
    """Bytes of the page and of everything of ours that it loads, uncompressed."""
    addresses = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    files = [finders.find(address) for address in addresses]
    assert files
    total = len(page.encode())
    for file in files:
        assert isinstance(file, str)
        with open(file, "rb") as opened:
            total += len(opened.read())
    return total


@pytest.mark.parametrize("address", ["/tablet/", "/tablet/settings/"])
def test_a_tablet_page_is_light(lin: Client, address: str) -> None:
    assert weight(lin.get(address).content.decode()) <= 150_000


def test_the_sign_in_page_is_lighter_still(client: Client, cast: Cast) -> None:
    assert weight(client.get("/tablet/sign-in/").content.decode()) <= 60_000


def test_the_rail_moves_to_her_thumb(lin: Client) -> None:
    assert "thumb-right" not in lin.get("/tablet/").content.decode()
    answer = lin.post("/tablet/settings/thumb/", {"side": "right"}, follow=True)
    assert "thumb-right" in answer.content.decode()
    assert "在你的拇指这边" in answer.content.decode()
    assert lin.post("/tablet/settings/thumb/", {"side": "top"}).status_code == 404


def test_the_pages_can_be_put_on_the_home_screen(lin: Client) -> None:
    manifest = lin.get("/tablet/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    document = manifest.json()
    assert document["start_url"].startswith(document["scope"])
    for icon in document["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))


@pytest.mark.parametrize(
    ("utc_hour", "word"),
    [(20, "夜深了"), (0, "早上好"), (2, "上午好"), (5, "中午好"), (9, "下午好"), (12, "晚上好")],
)
def test_the_greeting_goes_by_the_stores_clock(cast: Cast, utc_hour: int, word: str) -> None:
    at = datetime(2026, 11, 21, utc_hour, tzinfo=UTC)
    assert greeting(at, cast.lin) == f"{word}，林晓"
