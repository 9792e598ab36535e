"""HQ's screens for products and their stock."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from kit.money import shown
from stores.catalogue.models import Product, Stock
from stores.org.hq import HouseAdmin, HouseInline


class StockInline(HouseInline):
    model = Stock
    fields = ("store", "quantity", "counted_at")


@admin.register(Product)
class ProductAdmin(HouseAdmin):
    list_display = ("sku", "name", "category", "price_shown", "pieces", "is_on_sale")
    list_display_links = ("sku", "name")
    list_filter = ("is_on_sale", "category")
    search_fields = ("sku", "name", "category")
    inlines = (StockInline,)
    fieldsets = (
        ("这是什么", {"fields": (("sku", "name"), ("category", "price"), "is_on_sale")}),
        ("导购怎么说", {"fields": ("talking_points",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).annotate(pieces_counted=Sum("stock__quantity"))

    @admin.display(description="吊牌价", ordering="price")
    def price_shown(self, product: Product) -> str:
        return shown(product.price)

    @admin.display(description="各店库存")
    def pieces(self, product: Product) -> int:
        return int(getattr(product, "pieces_counted", 0) or 0)


@admin.register(Stock)
class StockAdmin(HouseAdmin):
    store_path = "store"
    list_display = ("product", "store", "quantity", "counted_at")
    list_filter = ("store__region", "store", "product__category")
    list_select_related = ("product", "store")
    search_fields = ("product__name", "product__sku")
    autocomplete_fields = ("product",)
