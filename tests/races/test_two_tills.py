"""Two tills at once, on connections of their own: one fact each time, and no deadlock."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from stores.ledger.models import PurchaseLine, ReceiptKey
from tests.cast import Cast, make_cast
from tests.races.together import all_at_once
from tests.stores.ledger.builders import PURCHASES, a_key, a_line, a_receipt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(transactional_db: None) -> Cast:
    return make_cast()


def poster(key: str, told: object) -> Callable[[], Any]:
    def post() -> Any:
        return Client().post(
            PURCHASES,
            json.dumps(told),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return post


def test_the_same_receipt_at_once_is_recorded_once(committed: Cast) -> None:
    key = a_key()
    for i in range(10):
        told = a_receipt(f"T{i}", lines=[a_line(1), a_line(2)])
        answers: list[Any] = all_at_once([poster(key, told), poster(key, told)])
        assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert PurchaseLine.objects.count() == ReceiptKey.objects.count() == 20


def test_the_same_receipts_in_opposite_order_do_not_deadlock(committed: Cast) -> None:
    key = a_key()
    for i in range(5):
        told = [a_receipt(f"D{i}-{n}") for n in range(20)]
        answers: list[Any] = all_at_once([poster(key, told), poster(key, told[::-1])])
        rows = [row for answer in answers for row in answer.json()["results"]]
        assert Counter(row["status"] for row in rows) == {201: 20, 200: 20}
    assert PurchaseLine.objects.count() == 100


def test_two_different_tellings_at_once_leave_one_and_a_clash(committed: Cast) -> None:
    key = a_key()
    for i in range(10):
        one = a_receipt(f"C{i}", lines=[a_line(amount=100)])
        other = a_receipt(f"C{i}", lines=[a_line(amount=200)])
        answers: list[Any] = all_at_once([poster(key, one), poster(key, other)])
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert PurchaseLine.objects.count() == 10


def test_without_the_key_table_the_same_receipt_would_count_twice(committed: Cast) -> None:
    """The control: the ledger itself has no such constraint, since it cannot span its months."""
    fields: dict[str, Any] = {
        "source": "till-1",
        "receipt_no": "X",
        "line": 1,
        "sku": "SK",
        "quantity": 1,
        "amount": 1,
        "store_no": committed.guomao.pk,
        "sold_at": "2026-11-20T19:30:00+08:00",
    }
    PurchaseLine.objects.create(**fields)
    PurchaseLine.objects.create(**fields)
    assert PurchaseLine.objects.count() == 2
