"""Our own page of a product: where a tracked link leads."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from groups.content.pictures import cover_of_product
from members.registration.doors import phone_page
from stores.catalogue.models import Product, Stock


@require_GET
@phone_page
def product_page(request: HttpRequest, sku: str) -> HttpResponse:
    """What it is, what it costs, and in which stores it lies; nothing about who looks."""
    product = Product.objects.filter(sku=sku, is_on_sale=True).first()
    if product is None:
        raise Http404
    stock = (
        Stock.objects.filter(product=product, quantity__gt=0, store__closed_on=None)
        .select_related("store")
        .order_by("-quantity", "store__code")[:6]
    )
    return render(
        request,
        "content/product.html",
        {"product": product, "cover": cover_of_product(product), "stock": stock},
    )
