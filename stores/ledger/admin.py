"""HQ looks at the facts: touches, purchase lines, ownership. Nobody edits them here or anywhere."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from kit.money import shown
from stores.ledger.models import Ownership, PurchaseLine, ReceiptMember, Touch
from stores.ledger.queries import keys_by_number, known_sources
from stores.org.hq import ReadOnlyAdmin
from stores.org.models import Guide, Store


def with_names(found: QuerySet[Any], *, guide: str = "", store: str = "") -> QuerySet[Any]:
    """The list with the names behind its numbers, without a query per row."""
    if guide:
        names = Guide.objects.filter(pk=OuterRef(guide)).values("name")[:1]
        found = found.annotate(guide_name=Subquery(names))
    if store:
        places = Store.objects.filter(pk=OuterRef(store)).values("name")[:1]
        found = found.annotate(store_name=Subquery(places))
    return found


class FactAdmin(ReadOnlyAdmin):
    """Facts newest first; guide and store by name."""

    guide_column = "guide_no"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_names(super().get_queryset(request), guide=self.guide_column, store="store_no")

    @admin.display(description="导购")
    def guide(self, row: Model) -> str:
        return getattr(row, "guide_name", None) or "—"

    @admin.display(description="门店")
    def store(self, row: Model) -> str:
        return getattr(row, "store_name", None) or "—"


class ByReceipt(ReadOnlyAdmin):
    """A list that is searched by a receipt's number; another word is looked for as a member's."""

    search_help_text = "小票号或会员序号"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = search_term.strip().replace("\0", "")
        found = self.with_receipt(queryset, number) if number else queryset.none()
        if number and found.exists():
            return found, False
        return super().get_search_results(request, queryset, search_term)

    def with_receipt(self, rows: QuerySet[Any], number: str) -> QuerySet[Any]:
        """The index begins with the source, so every source is named."""
        return rows.filter(source__in=known_sources(), receipt_no=number)


@admin.register(Touch)
class TouchAdmin(FactAdmin):
    list_display = ("at", "kind", "guide", "store", "member_no", "source")
    list_filter = ("kind",)
    search_fields = ("=member_no",)
    search_help_text = "会员序号"


@admin.register(PurchaseLine)
class PurchaseLineAdmin(ByReceipt, FactAdmin):
    guide_column = "served_by_no"
    list_display = (
        "sold_at", "source", "receipt_no", "line", "sku", "quantity", "amount_shown",
        "store", "guide", "member_no", "refund_of",
    )  # fmt: skip
    list_display_links = ("receipt_no",)
    list_filter = ("source",)
    search_fields = ("=member_no",)

    def with_receipt(self, rows: QuerySet[Any], number: str) -> QuerySet[Any]:
        """The keys know the months in which it was sold."""
        keys = keys_by_number(number)
        if not keys:
            return rows.none()
        sold = [key.sold_at for key in keys]
        lines = [key.purchase_line for key in keys]
        return rows.filter(pk__in=lines, sold_at__gte=min(sold), sold_at__lte=max(sold))

    @admin.display(description="金额", ordering="amount")
    def amount_shown(self, row: PurchaseLine) -> str:
        return shown(row.amount, row.currency)


@admin.register(Ownership)
class OwnershipAdmin(FactAdmin):
    list_display = ("since", "until", "guide", "store", "member_no", "reason")
    list_filter = ("reason", ("until", admin.EmptyFieldListFilter))
    search_fields = ("=member_no",)
    search_help_text = "会员序号"


@admin.register(ReceiptMember)
class ReceiptMemberAdmin(ByReceipt):
    list_display = ("at", "source", "receipt_no", "member_no", "actor")
    search_fields = ("=member_no",)
    ordering = ("-id",)
