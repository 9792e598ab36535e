"""Figures by API: the numbers of the iPad, for keys that may read them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.cast import Cast
from tests.stores.conversions.builders import NOON, sell, touch
from tests.stores.figures.builders import settle
from tests.stores.ledger.builders import a_key


def ask(client: Client, key: str, **terms: str) -> Any:
    return client.get("/api/v1/figures/", terms, headers={"Authorization": f"Bearer {key}"})


def test_a_guides_week_and_a_stores_week(client: Client, cast: Cast) -> None:
    touch("scan", cast.lin, 900, NOON)
    sell("A1", cast.guomao, served_by=cast.lin, at=NOON)
    settle()
    key = a_key("bi", scopes=("figures:read",))
    told = ask(client, key, guide="G001", week="2026-10-18").json()
    assert told["subject"] == "G001"
    assert [row["week"] for row in told["weeks"]][-1] == "2026-10-12"
    assert told["weeks"][-1] | {"week": ""} == {
        "week": "",
        "scans": 1,
        "new_members": 0,
        "new_friends": 0,
        "group_joins": 0,
        "link_opens": 0,
        "buyers": 0,
        "returning_buyers": 0,
        "receipts": 1,
        "sales": 10_000,
        "closed_percent": 0,
        "currency": "CNY",
    }
    assert ask(client, key, store="S001", week="2026-10-12").json()["weeks"][-1]["sales"] == 10_000
    assert ask(client, key, guide="G002", week="2026-10-12").json()["weeks"][-1]["sales"] == 0


def test_who_may_not_and_what_is_unclear(client: Client, cast: Cast) -> None:
    assert ask(client, a_key("till"), guide="G001").status_code == 403
    key = a_key("bi", scopes=("figures:read",), store=cast.guomao)
    assert ask(client, key, guide="G001").status_code == 200
    assert ask(client, key, guide="G003").status_code == 404
    assert ask(client, key, store="S002").status_code == 404
    assert ask(client, key, guide="nobody").status_code == 404
    assert ask(client, key).status_code == 400
    assert ask(client, key, guide="G001", week="soon").status_code == 400
