"""Products and their stock per store. Not: prices paid, which stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_always, with_owner
from kit.fields import PublicIdField
from stores.org.models import Store


class Product(models.Model):
    """What is sold."""

    public_id = PublicIdField()
    sku = models.CharField("货号", max_length=60, unique=True)
    name = models.CharField("名称", max_length=120)
    category = models.CharField("品类", max_length=40)
    price = models.PositiveBigIntegerField("吊牌价（分）")
    talking_points = models.TextField("卖点", blank=True)
    is_on_sale = models.BooleanField("在售", default=True)

    privacy: ClassVar = declare(
        keep=keep_always("商品，没有个人信息"),
        public="id public_id sku name category price talking_points is_on_sale",
    )

    class Meta:
        verbose_name = verbose_name_plural = "商品"
        ordering = ("sku",)

    def __str__(self) -> str:
        return self.name


class Stock(models.Model):
    """How many pieces lay in a store when somebody counted."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="stock", verbose_name="商品")
    store = models.ForeignKey(Store, models.CASCADE, related_name="stock", verbose_name="门店")
    quantity = models.PositiveIntegerField("库存")
    counted_at = models.DateTimeField("盘点时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("product"), internal="id product store quantity counted_at"
    )

    class Meta:
        verbose_name = verbose_name_plural = "库存"
        constraints = (
            models.UniqueConstraint(fields=["product", "store"], name="one_stock_per_store"),
        )

    def __str__(self) -> str:
        return f"{self.product} @ {self.store}"
