"""The published schema says what the rules accept: same fields, same needs, same limits."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from stores.ledger.rules import CLAIM_KINDS, Unreadable, read_receipt
from tests.stores.ledger.builders import a_line, a_receipt


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    found: dict[str, Any] = generator().get_schema(request=None, public=True)
    return found


def fields_of(schema: dict[str, Any], name: str) -> dict[str, Any]:
    shape: dict[str, Any] = schema["components"]["schemas"][name]
    return shape


def faults_of(raw: object) -> set[str]:
    try:
        read_receipt(raw, now=timezone.now())
    except Unreadable as error:
        return {fault.code for fault in error.faults}
    return set()


def without(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key != name}


FULL_LINE = a_line(refund_of="A1/1", amount=-1)
FULL = a_receipt(
    member={"card": "1"},
    served_by="G001",
    position={"latitude": 39.9, "longitude": 116.4},
    currency="CNY",
    lines=[FULL_LINE],
)


def test_every_field_of_the_schema_is_read_and_no_other(schema: dict[str, Any]) -> None:
    assert set(fields_of(schema, "ReceiptIn")["properties"]) == set(FULL)
    assert set(fields_of(schema, "LineIn")["properties"]) == set(FULL_LINE)
    assert set(fields_of(schema, "MemberIn")["properties"]) == set(CLAIM_KINDS)
    assert faults_of(FULL) == set()
    assert "unknown_field" in faults_of({**FULL, "anything": 1})


def test_what_the_schema_requires_the_rules_require(schema: dict[str, Any]) -> None:
    needed = fields_of(schema, "ReceiptIn")["required"]
    for name in FULL:
        assert bool(faults_of(without(FULL, name))) == (name in needed), name
    needed = fields_of(schema, "LineIn")["required"]
    for name in FULL_LINE:
        told = {**FULL, "lines": [without(FULL_LINE, name)]}
        assert bool(faults_of(told)) == (name in needed), name


def test_the_example_of_the_schema_is_accepted(schema: dict[str, Any]) -> None:
    post = schema["paths"]["/api/v1/purchases/"]["post"]
    (example,) = post["requestBody"]["content"]["application/json"]["examples"].values()
    assert faults_of(example["value"]) == set()
    assert "application/x-ndjson" in post["requestBody"]["content"]
    assert {"200", "201", "409", "422"} <= set(post["responses"])


def test_the_pages_of_the_api_open(client: Client, db: None) -> None:
    assert client.get("/api/schema/").status_code == 200
    assert client.get("/api/docs/").status_code == 200
