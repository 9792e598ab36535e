"""The manager's week on the iPad: one tap plans, last week again, nothing for who may not."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from stores.org.models import Guide
from stores.org.models_of_duty import Shift
from tests.cast import Cast, a_guide

MONDAY = "2026-11-23"


def signed_in(guide: Guide) -> Client:
    client = Client()
    client.force_login(guide.account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def week(client: Client, **asked: str) -> str:
    return client.get(reverse("tablet-roster"), {"week": MONDAY, **asked}).content.decode()


def a_cell(page: str, guide: Guide) -> dict[str, str]:
    """The form of her first day, as a tap would send it."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    hers = next(form for form in forms if guide.public_id.hex in form)
    return dict(re.findall(r'name="(store|guide|day|kind)" value="([^"]+)"', hers))


def test_taps_go_through_the_kinds_and_a_double_tap_plans_once(cast: Cast) -> None:
    client = signed_in(cast.manager)
    cell = a_cell(week(client), cast.lin)
    assert cell == {
        "store": "S001", "guide": cast.lin.public_id.hex, "day": MONDAY, "kind": "early",
    }  # fmt: skip
    address, htmx = reverse("tablet-roster-plan"), {"HX-Request": "true"}
    parts = [client.post(address, cell, headers=htmx) for _ in range(2)]
    assert "早班" in parts[1].content.decode()
    assert Shift.objects.count() == 1
    assert a_cell(week(client), cast.lin)["kind"] == "late"
    # Without a script the same button works and leads back to the week.
    plain = client.post(reverse("tablet-roster-plan"), {**cell, "kind": "off"})
    assert MONDAY in plain.headers["Location"]
    assert not Shift.objects.exists()


def test_last_week_again(cast: Cast) -> None:
    client = signed_in(cast.manager)
    client.post(reverse("tablet-roster-plan"), a_cell(week(client), cast.lin))
    coming = (date.fromisoformat(MONDAY) + timedelta(days=7)).isoformat()
    client.post(reverse("tablet-roster-copy"), {"store": "S001", "week": coming})
    assert Shift.objects.count() == 2
    told = client.post(reverse("tablet-roster-copy"), {"store": "S001", "week": coming})
    assert "没有可以照抄的" in client.get(told.headers["Location"]).content.decode()


@pytest.mark.parametrize("who", ["lin", "ma"])
def test_a_guide_and_another_stores_people_find_nothing(cast: Cast, who: str) -> None:
    cell = a_cell(week(signed_in(cast.manager)), cast.lin)
    other = signed_in(getattr(cast, who))
    assert other.get(reverse("tablet-roster"), {"store": "S001"}).status_code == 404
    for name in ("tablet-roster-plan", "tablet-roster-copy"):
        assert other.post(reverse(name), cell).status_code == 404
    assert not Shift.objects.exists()


def test_a_manager_finds_no_other_store_and_no_other_stores_guide(cast: Cast) -> None:
    client = signed_in(cast.manager)
    assert client.get(reverse("tablet-roster"), {"store": "S002"}).status_code == 404
    cell = a_cell(week(client), cast.lin)
    for wrong in (
        {"guide": cast.ma.public_id.hex}, {"guide": "x"}, {"day": "x"}, {"kind": "x"},
        {"store": "S404"},
    ):  # fmt: skip
        answer = client.post(reverse("tablet-roster-plan"), {**cell, **wrong})
        assert answer.status_code == 404, wrong


def test_an_area_manager_chooses_among_her_stores(cast: Cast) -> None:
    assert "国贸店" in week(signed_in(cast.area_manager), store="S001")
    found = signed_in(cast.area_manager).get(reverse("tablet-roster"), {"store": "S002"})
    assert found.status_code == 404


def test_an_address_made_up_shows_this_week(cast: Cast) -> None:
    for asked in ("9999-12-31", "0001-01-01", "soon"):
        answer = signed_in(cast.manager).get(reverse("tablet-roster"), {"week": asked})
        assert answer.status_code == 200


def test_the_week_asks_as_often_for_20_people_as_for_one(cast: Cast) -> None:
    client = signed_in(cast.manager)
    counts = []
    for size in (0, 20):
        for number in range(size):
            a_guide(f"导购{number}", cast.guomao, employee_no=f"N{number:03d}")
        with CaptureQueriesContext(connection) as asked:
            week(client)
        counts.append(len(asked))
    assert counts[0] == counts[1]
