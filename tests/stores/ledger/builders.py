"""Receipts as a till would tell them, keys of tills, and posts of receipts."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from stores.org.keys import digest_of, new_key
from stores.org.models import MachineKey, Store

PURCHASES = "/api/v1/purchases/"


def a_line(line: int = 1, **fields: Any) -> dict[str, Any]:
    return {"line": line, "sku": "SK-100", "quantity": 1, "amount": 29_900, **fields}


def a_receipt(receipt_no: str = "A1001", **fields: Any) -> dict[str, Any]:
    """One line of ¥299, sold in store S001 on a November evening."""
    return {
        "receipt_no": receipt_no,
        "store": "S001",
        "sold_at": "2026-11-20T19:30:00+08:00",
        "lines": [a_line()],
        **fields,
    }


def a_key(
    source: str = "till-1", *, scopes: tuple[str, ...] = ("purchases:write",), **fields: Any
) -> str:
    """A new machine's key; `store` limits it to one store."""
    key = new_key()
    store: Store | None = fields.pop("store", None)
    MachineKey.objects.create(
        name=f"收银 {source} {MachineKey.objects.count()}",
        source=source,
        digest=digest_of(key),
        scopes=list(scopes),
        store=store,
        **fields,
    )
    return key


def post(client: Client, key: str, told: object, **headers: str) -> Any:
    return client.post(
        PURCHASES,
        json.dumps(told),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", **headers},
    )


def post_lines(client: Client, key: str, told: list[object]) -> Any:
    """Post receipts as NDJSON; strings go as they are."""
    rows = [row if isinstance(row, str) else json.dumps(row) for row in told]
    return client.post(
        PURCHASES,
        "\n".join(rows).encode(),
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {key}"},
    )


def answers_of(response: Any) -> list[dict[str, Any]]:
    return [json.loads(row) for row in response.content.decode().splitlines()]
