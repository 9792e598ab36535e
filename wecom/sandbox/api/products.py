"""商品图册 (wecom.md 5.12)."""

import json
import re
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.truth import media
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.cards import entries
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from .moments import check_media

DESCRIPTION_CHARS = 300
MOST_CENTS = 5_000_000
MOST_PICTURES = 9
MOST_PRODUCTS = 100_000
NUMBER = re.compile(r"[0-9a-zA-Z]{1,128}")


def product_of(call: Call) -> Row:
    """The product named in the request: 41073 missing, 41074 unknown."""
    product_id = reading.text(call.body, "product_id", missing=41073)
    row = call.world.store.row("SELECT * FROM product WHERE product_id = ?", product_id)
    if row is None:
        raise ApiError(41074)
    return row


def read_product(call: Call, before: dict[str, Any]) -> dict[str, Any]:
    """Description, price, number, pictures; what is absent stays as it was."""
    body, product = call.body, dict(before)
    if body.get("description") or not before:
        product["description"] = reading.text(
            body, "description", missing=41085, chars=DESCRIPTION_CHARS, too_long=41085
        )
    if body.get("price") is not None or not before:
        product["price"] = reading.number(
            body, "price", missing=41075, high=MOST_CENTS, outside=41075
        )
    number = reading.text(body, "product_sn")
    if number and not NUMBER.fullmatch(number):
        raise ApiError(41086)
    product["product_sn"] = number or product.get("product_sn", "")
    if body.get("attachments") or not before:
        product["attachments"] = read_pictures(call)
    return product


def read_pictures(call: Call) -> list[dict[str, Any]]:
    """One to nine pictures of upload_attachment for products."""
    listed = entries(call.body, "attachments")
    if not 1 <= len(listed) <= MOST_PICTURES:
        raise ApiError(41087)
    pictures = []
    for each in listed:
        media_id = reading.text(reading.mapping(each, "image"), "media_id")
        if each.get("type") != "image" or not media_id:
            raise ApiError(41087)
        check_media(call, media_id, "image", media.FOR_PRODUCTS)
        pictures.append({"type": "image", "image": {"media_id": media_id}})
    return pictures


@endpoint("externalcontact/add_product_album", contacts=True)
def add_product(call: Call) -> dict[str, Any]:
    """A new product."""
    if call.world.store.count("product") >= MOST_PRODUCTS:
        raise ApiError(41088)
    product_id = call.world.ids.new("product", 32, "pd")
    call.world.store.run(
        "INSERT INTO product VALUES (?, ?, ?)",
        product_id,
        pack(read_product(call, {})),
        call.world.clock.second(),
    )
    return {"product_id": product_id}


def write_product(row: Row) -> dict[str, Any]:
    """A product as it is answered."""
    body: dict[str, Any] = json.loads(row["body"])
    return body | {"product_id": row["product_id"], "create_time": row["created_at"]}


@endpoint("externalcontact/get_product_album", contacts=True)
def get_product(call: Call) -> dict[str, Any]:
    """One product."""
    return {"product": write_product(product_of(call))}


@endpoint("externalcontact/get_product_album_list", contacts=True)
def list_products(call: Call) -> dict[str, Any]:
    """Products by page."""
    limit = reading.page_size(call.body, most=100, default=50)
    rows = call.world.store.rows(
        "SELECT * FROM product WHERE product_id > ? ORDER BY product_id LIMIT ?",
        reading.cursor_of(call, "products"),
        limit + 1,
    )
    cursor = ""
    if len(rows) > limit:
        cursor = reading.write_cursor("products", rows[limit - 1]["product_id"])
    return {"next_cursor": cursor, "product_list": [write_product(row) for row in rows[:limit]]}


@endpoint("externalcontact/update_product_album", contacts=True)
def update_product(call: Call) -> dict[str, Any]:
    """Change parts of a product; pictures are replaced as a whole."""
    row = product_of(call)
    call.world.store.run(
        "UPDATE product SET body = ? WHERE product_id = ?",
        pack(read_product(call, json.loads(row["body"]))),
        row["product_id"],
    )
    return {}


@endpoint("externalcontact/delete_product_album", contacts=True)
def delete_product(call: Call) -> dict[str, Any]:
    """The product is gone."""
    product_id = product_of(call)["product_id"]
    call.world.store.run("DELETE FROM product WHERE product_id = ?", product_id)
    return {}
