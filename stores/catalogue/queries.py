"""Reads of the catalogue: which product is meant, and where pieces of it lie."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from stores.catalogue.models import Product, Stock
from stores.org.models import Store


def products_like(words: str) -> QuerySet[Product]:
    """Products on sale whose name, number or category contains every word typed."""
    found = Product.objects.filter(is_on_sale=True)
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word) | Q(sku__icontains=word) | Q(category__icontains=word)
        )
    return found


def stock_here(store: Store, products: QuerySet[Product]) -> dict[int, Stock]:
    """The last count of each product in one store; a product never counted is missing."""
    rows = Stock.objects.filter(store=store, product__in=products)
    return {row.product_id: row for row in rows}


def stock_elsewhere(product: Product, store: Store) -> QuerySet[Stock]:
    """Other open stores that had pieces at the last count, the fullest first."""
    return (
        Stock.objects.filter(product=product, quantity__gt=0, store__closed_on=None)
        .exclude(store=store)
        .select_related("store")
        .order_by("-quantity")
    )
