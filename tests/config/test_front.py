"""The front page, the machine's pages, HQ's start page, and which policy holds where."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from config import health
from stores.figures.keeping import keep_all
from stores.org.panels import Line, Listing
from tests.cast import Cast
from tests.stores.conversions.builders import let_the_house_react, sell, touch

A_LIST = ("tests.config.test_front.a_list",)
A_FAULT = ("tests.config.test_front.a_fault", "tests.config.test_front.a_list")


def a_list(actor: object, at: object) -> list[Listing]:
    lines = [Line(text="冬季新品群发", why="等两位导购确认", figure="2", href="/admin/")]
    return [Listing(key="x", title="等确认的群发", lines=lines, href="", when_empty="没有")]


def a_fault(actor: object, at: object) -> list[Listing]:
    raise RuntimeError("torn")


@pytest.fixture
def hq(client: Client, cast: Cast) -> Client:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


# ---------------------------------------------------------------- the front page


def test_outside_a_demo_the_front_page_is_a_plain_choice(
    client: Client, db: None, settings: Settings
) -> None:
    settings.DEMO_LOGINS = {**settings.DEMO_LOGINS, "pin": "246810", "hq_password": "secret-word"}
    page = client.get("/").content.decode()
    for door in ("/tablet/", "/m/", "/admin/"):
        assert f'href="{door}"' in page
    for word in ("246810", "secret-word", "/sandbox/", "两分钟"):
        assert word not in page


def test_a_demo_shows_its_logins_and_the_tour(client: Client, db: None, settings: Settings) -> None:
    settings.DEMO = True
    settings.DEMO_LOGINS = {**settings.DEMO_LOGINS, "pin": "246810", "hq_password": "secret-word"}
    page = client.get("/").content.decode()
    for word in ("246810", "secret-word", "/sandbox/phone/", "/sandbox/wecom/", "两分钟"):
        assert word in page


# ---------------------------------------------------------------- the machines' pages


def test_alive_asks_nobody(rf: RequestFactory) -> None:
    # Without the database fixture a query would raise.
    assert health.alive(rf.get("/healthz")).content == b"ok"


def test_ready_names_each_part(client: Client, db: None) -> None:
    cache.clear()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {
        "database": "ok", "redis": "ok", "migrations": "ok", "worker": "unknown",
    }  # fmt: skip


def test_a_worker_that_fell_silent_makes_the_house_not_ready(client: Client, db: None) -> None:
    health.note_worker()
    assert client.get("/readyz").json()["parts"]["worker"] == "ok"
    cache.set("worker_heard_at", time.time() - health.WORKER_SILENCE_SECONDS - 1)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"] == "silent"
    cache.clear()


def test_a_redis_that_is_away_is_named(client: Client, db: None, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["redis"] == "away"


def test_metrics_count_requests_by_pattern_and_open_wishes(client: Client, cast: Cast) -> None:
    client.get("/tablet/sign-in/")
    client.get("/q/this-is-a-secret-token/")
    page = client.get("/metrics").content.decode()
    assert 'route="tablet/sign-in/"' in page
    assert "this-is-a-secret-token" not in page
    assert "# TYPE house_wecom_outbox_rows gauge" in page


def test_metrics_may_be_kept_for_who_knows_the_word(
    client: Client, db: None, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "open-sesame"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    right = client.get("/metrics", headers={"Authorization": "Bearer open-sesame"})
    assert right.status_code == 200


# ---------------------------------------------------------------- HQ's start page


def test_hqs_start_page_has_six_pictures_and_lists_that_lead_on(
    hq: Client, cast: Cast, settings: Settings
) -> None:
    settings.HQ_PANELS = "tests.config.test_front.A_LIST"
    now = timezone.now()
    touch("registration", cast.lin, cast.chen.pk, now)
    sell("A1", cast.guomao, member_no=cast.chen.pk, served_by=cast.lin, at=now)
    let_the_house_react()
    keep_all(now)
    answer = hq.get("/admin/")
    assert answer.status_code == 200
    assert [picture.title for picture in answer.context["pictures"]][1] == "新增会员"
    assert len(answer.context["pictures"]) == 6
    assert all(picture.href for picture in answer.context["pictures"])
    told = {picture.key: picture.now for picture in answer.context["pictures"]}
    assert (told["members"], told["sales"], told["credits"]) == ("1", "¥100", "¥100")
    stores = next(one for one in answer.context["lists"] if one.key == "stores")
    assert (stores.lines[0].text, stores.lines[0].figure) == (cast.guomao.name, "¥100")
    assert stores.lines[0].why == "新增会员 1 位"
    assert "等确认的群发" in answer.content.decode()
    for panel in (*answer.context["pictures"], *answer.context["lists"]):
        if panel.href:
            assert hq.get(panel.href).status_code == 200


def test_a_floor_whose_panel_fails_does_not_close_the_page(hq: Client, settings: Settings) -> None:
    settings.HQ_PANELS = "tests.config.test_front.A_FAULT"
    assert "等确认的群发" in hq.get("/admin/").content.decode()


def test_the_start_page_takes_few_queries(hq: Client, django_assert_max_num_queries: Any) -> None:
    # A dozen panels of the floors ask a few each; none asks per row.
    with django_assert_max_num_queries(60):
        hq.get("/admin/")


def test_every_screen_stands_in_the_side_bar_once(hq: Client) -> None:
    groups = hq.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in groups for item in group["items"]]
    assert len(links) == len(set(links))
    assert reverse("admin:stores_store_changelist") in links
    assert all(item["title"] for group in groups for item in group["items"])


def test_a_guide_does_not_enter_hq(client: Client, cast: Cast) -> None:
    client.force_login(cast.manager.account, backend="stores.org.backends.PinBackend")
    assert client.get("/admin/").status_code == 302


def test_the_admins_library_speaks_chinese(hq: Client) -> None:
    page = hq.get(reverse("admin:stores_guide_changelist")).content.decode()
    assert "找一个页面" in page
    assert "Type to search" not in page


# ---------------------------------------------------------------- policies


def test_the_admin_has_a_policy_of_its_own(hq: Client) -> None:
    policy = hq.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in hq.get("/")["Content-Security-Policy"]


def test_the_apis_pages_share_it(client: Client, db: None) -> None:
    assert "'unsafe-inline'" in client.get("/api/docs/")["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/no/such/page/", "/tablet/no/such/"])
def test_a_missing_page_says_so_in_our_words(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "没有找到" in answer.content.decode()


def test_a_broken_page_says_that_nothing_is_lost() -> None:
    assert "没有改动任何内容" in render_to_string("500.html")
