"""HQ's lists of a big brand: no full count, and a page is a page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from stores.org.hq import CountedSoFar
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
