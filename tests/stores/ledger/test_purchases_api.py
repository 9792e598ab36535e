"""The tills' door: once each, whatever is repeated, contradicted, mistyped or not theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.events import DomainEvent
from stores.ledger.api import MOST_RECEIPTS
from stores.ledger.models import PurchaseLine, ReceiptMember
from tests.cast import Cast, a_member
from tests.stores.ledger.builders import a_key, a_line, a_receipt, answers_of, post, post_lines


def test_a_receipt_is_recorded_and_announced(client: Client, cast: Cast) -> None:
    response = post(client, a_key(), a_receipt(served_by="G001", lines=[a_line(1), a_line(2)]))
    assert response.status_code == 201
    assert response.json() == {
        "receipt_no": "A1001",
        "status": 201,
        "lines": [{"line": 1, "outcome": "recorded"}, {"line": 2, "outcome": "recorded"}],
    }
    lines = PurchaseLine.objects.order_by("line")
    assert [(line.source, line.amount, line.served_by_no) for line in lines] == [
        ("till-1", 29_900, cast.lin.pk),
        ("till-1", 29_900, cast.lin.pk),
    ]
    event = DomainEvent.objects.get(kind="purchase_recorded")
    assert event.payload["lines"] == [line.pk for line in lines]
    assert event.payload["amount"] == 59_800


def test_told_again_it_is_known_and_nothing_changes(client: Client, cast: Cast) -> None:
    key = a_key()
    post(client, key, a_receipt())
    again = post(client, key, a_receipt(sold_at="2026-11-20T11:30:00Z"))
    assert again.status_code == 200
    assert again.json()["lines"] == [{"line": 1, "outcome": "known"}]
    assert PurchaseLine.objects.count() == 1
    assert DomainEvent.objects.filter(kind="purchase_recorded").count() == 1


def test_a_line_more_is_recorded_beside_the_known_one(client: Client, cast: Cast) -> None:
    key = a_key()
    post(client, key, a_receipt())
    more = post(client, key, a_receipt(lines=[a_line(1), a_line(2, amount=100)]))
    assert more.status_code == 201
    assert [line["outcome"] for line in more.json()["lines"]] == ["known", "recorded"]
    events = DomainEvent.objects.filter(kind="purchase_recorded").order_by("pk")
    assert [event.payload["amount"] for event in events] == [29_900, 100]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [a_line(amount=19_900)]},
        {"lines": [a_line(quantity=2)]},
        {"lines": [a_line(sku="SK-101")]},
        {"sold_at": "2026-11-20T19:31:00+08:00"},
        {"served_by": "G002"},
        {"store": "S002"},
        {"position": {"latitude": 39.9, "longitude": 116.4}},
    ],
)
def test_the_same_key_with_other_content_clashes(
    client: Client, cast: Cast, change: dict[str, Any]
) -> None:
    key = a_key()
    post(client, key, a_receipt())
    clash = post(client, key, a_receipt(**change))
    assert clash.status_code == 409
    assert clash["Content-Type"] == "application/problem+json"
    assert clash.json()["title"] == "小票内容与已记录的不同，原记录不变。"
    assert clash.json()["lines"] == [{"line": 1, "outcome": "clash"}]
    assert PurchaseLine.objects.get().amount == 29_900


def test_two_tills_may_use_the_same_number(client: Client, cast: Cast) -> None:
    assert post(client, a_key("till-1"), a_receipt()).status_code == 201
    assert post(client, a_key("till-2"), a_receipt()).status_code == 201
    assert PurchaseLine.objects.count() == 2


def test_one_request_may_tell_a_receipt_twice(client: Client, cast: Cast) -> None:
    told = [a_receipt(), a_receipt(), a_receipt(lines=[a_line(amount=1)]), {"receipt_no": "A9"}]
    response = post(client, a_key(), told)
    assert response.status_code == 200
    results = response.json()["results"]
    assert [row["status"] for row in results] == [201, 200, 409, 422]
    assert results[3]["receipt_no"] == "A9"
    assert {fault["where"] for fault in results[3]["errors"]} == {"store", "sold_at", "lines"}
    assert PurchaseLine.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"receipt_no": "A/1"}, "receipt_no"),
        ({"receipt_no": 1001}, "receipt_no"),
        ({"sold_at": "2026-11-20T19:30:00"}, "sold_at"),
        ({"sold_at": "2099-01-01T00:00:00Z"}, "sold_at"),
        ({"sold_at": "gestern"}, "sold_at"),
        ({"store": "S999"}, "store"),
        ({"served_by": "G999"}, "served_by"),
        ({"lines": []}, "lines"),
        ({"lines": [a_line(1), a_line(1)]}, "lines"),
        ({"lines": [a_line(amount=299.0)]}, "lines[0].amount"),
        ({"lines": [a_line(amount=True)]}, "lines[0].amount"),
        ({"lines": [a_line(amount="29900")]}, "lines[0].amount"),
        ({"lines": [a_line(refund_of="A1")]}, "lines[0].refund_of"),
        ({"lines": [a_line(refund_of="A1/1", amount=5)]}, "lines[0].amount"),
        ({"lines": [a_line(price=5)]}, "lines[0].price"),
        ({"member": {"card": "1", "phone": "2"}}, "member"),
        ({"member": {"name": "陈静"}}, "member"),
        ({"position": {"latitude": 91, "longitude": 0}}, "position"),
        ({"position": {"latitude": "NaN", "longitude": 0}}, "position"),
        ({"currency": "USD"}, "currency"),
        ({"source": "other-till"}, "source"),
    ],
)
def test_a_faulty_receipt_is_refused_whole(
    client: Client, cast: Cast, change: dict[str, Any], where: str
) -> None:
    response = post(client, a_key(), a_receipt(**change))
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "/api/problems/receipt"
    assert [fault["where"] for fault in problem["errors"]] == [where]
    assert not PurchaseLine.objects.exists()


def test_a_till_whose_clock_is_a_day_ahead_is_believed(client: Client, cast: Cast) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert post(client, a_key(), a_receipt(sold_at=tomorrow)).status_code == 201


def test_a_refund_may_come_before_its_sale(client: Client, cast: Cast) -> None:
    key = a_key()
    refund = a_receipt("R1", lines=[a_line(amount=-29_900, quantity=-1, refund_of="A1001/1")])
    assert post(client, key, refund).status_code == 201
    assert post(client, key, a_receipt()).status_code == 201


def test_a_stream_of_lines_is_answered_line_by_line(client: Client, cast: Cast) -> None:
    told = [a_receipt(f"N{i}") for i in range(450)]
    rows = [*told, "", "{broken", a_receipt("N0", lines=[a_line(amount=1)])]
    response = post_lines(client, a_key(), list(rows))
    assert response["Content-Type"].startswith("application/x-ndjson")
    answers = answers_of(response)
    assert [row["status"] for row in answers] == [201] * 450 + [422, 409]
    assert answers[449]["receipt_no"] == "N449"
    assert PurchaseLine.objects.count() == 450


def test_more_than_a_stream_may_hold_is_refused(client: Client, cast: Cast) -> None:
    too_many = [a_receipt(f"N{i}") for i in range(MOST_RECEIPTS + 1)]
    response = post_lines(client, a_key(), list(too_many))
    assert response.status_code == 413
    problem = response.json()
    assert problem["type"] == "/api/problems/too_much"
    assert "10000 行" in problem["detail"]
    assert "split -l 10000" in problem["detail"]
    assert post(client, a_key("t2"), too_many).status_code == 413
    # Refused is refused: what the answer says of the first ten thousand is true.
    assert not PurchaseLine.objects.exists()


def test_whoever_lacks_the_right_key_is_refused(client: Client, cast: Cast) -> None:
    assert client.post("/api/v1/purchases/").status_code == 401
    assert post(client, "gh_wrong", a_receipt()).status_code == 401
    assert post(client, a_key(scopes=("figures:read",)), a_receipt()).status_code == 403
    assert post(client, a_key(is_active=False), a_receipt()).status_code == 401
    assert not PurchaseLine.objects.exists()


def test_a_key_of_one_store_tells_nothing_of_another(client: Client, cast: Cast) -> None:
    key = a_key(store=cast.guomao)
    assert post(client, key, a_receipt()).status_code == 201
    response = post(client, key, a_receipt("A2", store="S002"))
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "other_store"


def test_a_machine_reads_back_its_own_receipts_only(client: Client, cast: Cast) -> None:
    both = ("purchases:write", "purchases:read")
    mine, other = a_key("till-1", scopes=both), a_key("till-2", scopes=both)
    post(client, mine, a_receipt(lines=[a_line(2, amount=5), a_line(1)]))
    mine_headers = {"Authorization": f"Bearer {mine}"}
    found = client.get("/api/v1/purchases/A1001/", headers=mine_headers).json()
    assert [(line["line"], line["amount"]) for line in found["lines"]] == [(1, 29_900), (2, 5)]
    assert client.get("/api/v1/purchases/A1002/", headers=mine_headers).status_code == 404
    theirs = client.get("/api/v1/purchases/A1001/", headers={"Authorization": f"Bearer {other}"})
    assert theirs.status_code == 404


def test_the_card_names_the_member(client: Client, cast: Cast) -> None:
    response = post(client, a_key(), a_receipt(member={"card": cast.chen.card_no}))
    assert response.json()["member"] == "found"
    assert PurchaseLine.objects.get().member_no == cast.chen.pk
    event = DomainEvent.objects.get(kind="purchase_recorded")
    assert event.subject == f"member-no:{cast.chen.pk}"


def test_a_card_shown_afterwards_joins_her_with_a_record(client: Client, cast: Cast) -> None:
    key = a_key()
    assert post(client, key, a_receipt(member={"card": "9999999999"})).json()["member"] == "unknown"
    late = post(client, key, a_receipt(member={"card": cast.chen.card_no}))
    assert (late.status_code, late.json()["member"]) == (201, "joined")
    again = post(client, key, a_receipt(member={"card": cast.chen.card_no}))
    assert (again.status_code, again.json()["member"]) == (200, "found")
    row = ReceiptMember.objects.get()
    assert (row.receipt_no, row.member_no) == ("A1001", cast.chen.pk)
    assert DomainEvent.objects.filter(kind="receipt_claimed").count() == 1


def test_another_members_card_afterwards_clashes(client: Client, cast: Cast) -> None:
    other = a_member("王芳", owner=cast.zhou, store=cast.guomao)
    key = a_key()
    post(client, key, a_receipt(member={"card": cast.chen.card_no}))
    clash = post(client, key, a_receipt(member={"card": other.card_no}))
    assert (clash.status_code, clash.json()["member"]) == (409, "other")
    assert PurchaseLine.objects.get().member_no == cast.chen.pk


def test_a_card_of_another_legal_entity_is_unknown(client: Client, cast: Cast) -> None:
    response = post(client, a_key(), a_receipt(store="S002", member={"card": cast.chen.card_no}))
    assert response.json()["member"] == "unknown"


def test_queries_do_not_grow_with_receipts_or_lines(client: Client, cast: Cast) -> None:
    key = a_key()
    counts = []
    for size in (1, 20):
        told = [
            a_receipt(f"Q{size}-{i}", lines=[a_line(n) for n in range(1, size + 1)])
            for i in range(size)
        ]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert post(client, key, told).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("odd", ["A\0", "A\ud800"], ids=["nothing", "half a character"])
def test_what_no_database_keeps_is_a_fault_of_one_receipt(
    client: Client, cast: Cast, odd: str
) -> None:
    """A till that sends rubbish hears which field it is; the receipts beside it are recorded."""
    rows: list[object] = [
        a_receipt(odd),
        a_receipt("B1", store=odd),
        a_receipt("B2", served_by=odd),
        a_receipt("B3", member={"card": odd}),
        a_receipt("B4", lines=[a_line(sku=odd)]),
        a_receipt("B5", lines=[a_line(amount=-1, refund_of=f"{odd}/1")]),
        a_receipt("B6", **{odd: "x"}),
        "[" * 100_000,
        a_receipt("B7"),
    ]
    key = a_key(scopes=("purchases:write", "purchases:read"))
    answers = answers_of(post_lines(client, key, rows))
    assert [row["status"] for row in answers] == [422] * 8 + [201]
    assert post(client, key, a_receipt("B8", **{odd: "x"})).status_code == 422
    asked = client.get("/api/v1/purchases/A%00/", headers={"Authorization": f"Bearer {key}"})
    assert asked.status_code == 404
