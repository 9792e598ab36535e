"""Materials, their variants per tier, and who approved them. Not: to whom they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from groups.content.rules import TEXT_LIMIT
from kit.classified import declare, keep_always, with_owner
from kit.fields import PublicIdField
from members.identity.models import Tier
from stores.catalogue.models import Product
from stores.org.models import Account


class MaterialKind(models.TextChoices):
    TEXT = "text", "文字"
    LINK = "link", "图文链接"
    IMAGE = "image", "图片"


class MaterialState(models.TextChoices):
    DRAFT = "draft", "草稿"
    APPROVED = "approved", "已审核"
    EXPIRED = "expired", "已过期"


class MaterialQuerySet(models.QuerySet["Material"]):
    def usable(self, on: datetime) -> Self:
        """Approved, and still valid at a moment."""
        return self.filter(state=MaterialState.APPROVED).filter(
            Q(valid_until=None) | Q(valid_until__gt=on)
        )


class Material(models.Model):
    """An approved piece of content. What it says stands in its variants."""

    public_id = PublicIdField()
    title = models.CharField("标题", max_length=60)
    kind = models.CharField(
        "类型", max_length=5, choices=MaterialKind.choices, default=MaterialKind.TEXT
    )
    state = models.CharField(
        "状态", max_length=8, choices=MaterialState.choices, default=MaterialState.DRAFT
    )
    valid_until = models.DateTimeField("有效期至", null=True, blank=True)
    created_by = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="编写人", editable=False
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now, editable=False)
    approved_by = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="审核人",
        editable=False,
    )
    approved_at = models.DateTimeField("审核时间", null=True, blank=True, editable=False)

    objects = MaterialQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的素材"),
        internal="id public_id title kind state valid_until created_by created_at approved_by"
        " approved_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "素材"
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False),
                name="approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("created_by")),
                name="approved_by_a_second_person",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Variant(models.Model):
    """What a material says to one tier; without a tier, to everybody who has no own variant."""

    public_id = PublicIdField()
    material = models.ForeignKey(
        Material, models.CASCADE, related_name="variants", verbose_name="素材"
    )
    tier = models.CharField("等级", max_length=8, choices=Tier.choices, blank=True)
    text = models.TextField("文字", help_text=f"不超过 {TEXT_LIMIT} 字节（约 1300 个汉字）")
    link_title = models.CharField("链接标题", max_length=60, blank=True)
    # Where a tracked link leads: a product page of ours, or an address on the list of hosts.
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="商品"
    )
    link_url = models.URLField("链接地址", max_length=500, blank=True)
    picture = models.FileField("图片", upload_to="materials", blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("material"),
        internal="id public_id material tier text link_title product link_url picture",
    )

    class Meta:
        verbose_name = verbose_name_plural = "分层文案"
        constraints = (
            models.UniqueConstraint(fields=["material", "tier"], name="one_variant_per_tier"),
            models.CheckConstraint(
                condition=Q(product=None) | Q(link_url=""), name="one_target_of_a_variant"
            ),
        )

    def __str__(self) -> str:
        return f"{self.material} · {self.tier_word}"

    @property
    def tier_word(self) -> str:
        """The tier in Chinese; the variant for the rest says so."""
        return str(Tier(self.tier).label) if self.tier else "通用"
