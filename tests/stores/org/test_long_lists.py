"""HQ's lists of a big brand: no full count, and a page is a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from stores.org.long_lists import CountedSoFar
from stores.org.models_of_duty import Shift
from tests.cast import Cast, a_member


@pytest.mark.django_db
def test_a_list_is_counted_no_further_than_it_is_paged(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CountedSoFar, "most", 3)
    for number in range(5):
        a_member(f"客{number}", owner=cast.lin, store=cast.guomao)
    client.force_login(cast.hq)
    address = reverse("admin:members_member_changelist")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.context["cl"].result_count == 3
    counts = [q["sql"] for q in asked if "COUNT(*)" in q["sql"] and "members_member" in q["sql"]]
    assert counts
    assert all("LIMIT 3" in sql for sql in counts)
    assert client.get(f"{address}?p=9").status_code in {200, 302}


@contextmanager
def statements_on(table: str) -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield said
    said += [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"]]


# As long as members, touches and purchases are many.
LONG = (
    *("stores_touch", "stores_purchaseline", "stores_ownership", "stores_credit"),
    *("members_member", "members_contact", "members_consentevent", "members_pointsentry"),
    *("members_accesslog", "members_registration"),
)


@pytest.mark.django_db
@pytest.mark.parametrize("table", LONG)
def test_a_long_list_is_never_read_as_a_whole(cast: Cast, client: Client, table: str) -> None:
    """No DISTINCT for filters or dates, no first and last, no search that an index cannot do."""
    client.force_login(cast.hq)
    address = reverse(f"admin:{table}_changelist")
    with statements_on(table) as said:
        assert client.get(address).status_code == 200
        assert client.get(address, {"q": "20261122"}).status_code == 200
    assert said
    whole = re.compile(r"SELECT DISTINCT|MIN\(|MAX\(|UPPER\(|LIKE|::text")
    assert [sql for sql in said if whole.search(sql)] == []


@pytest.mark.django_db
def test_a_whole_word_is_found_in_each_of_the_fields(cast: Cast, client: Client) -> None:
    client.force_login(cast.hq)

    def found(table: str, words: str) -> int:
        answer = client.get(reverse(f"admin:{table}_changelist"), {"q": words})
        return int(answer.context["cl"].result_count)

    assert found("members_member", cast.chen.card_no) == 1
    assert found("members_member", cast.chen.card_no[:-1]) == 0
    assert found("stores_ownership", str(cast.chen.pk)) == 1
    assert found("stores_ownership", "陈") == 0
    assert found("stores_ownership", "9" * 30) == 0


@pytest.mark.django_db
def test_years_months_and_days_are_worked_out(cast: Cast, client: Client) -> None:
    client.force_login(cast.hq)
    shift = partial(Shift.objects.create, guide=cast.lin, store=cast.guomao)
    for year in (2024, 2026):
        begins = datetime(year, 2, 3, 10, tzinfo=UTC)
        shift(begins_at=begins, ends_at=begins + timedelta(hours=8))
    address = reverse("admin:stores_shift_changelist")

    def offered(**asked: int) -> list[str]:
        answer = client.get(address, {f"begins_at__{part}": n for part, n in asked.items()})
        shown = date_hierarchy(answer.context["cl"]) or {}
        return [choice["title"] for choice in shown["choices"]]

    assert offered() == ["2024", "2025", "2026"]
    assert len(offered(year=2026)) == 12
    assert len(offered(year=2024, month=2)) == 29
