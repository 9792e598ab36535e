"""HQ's screens for kinds of coupons and for coupons given."""

from __future__ import annotations

from django.contrib import admin

from kit.money import shown
from members.rewards.models import Coupon, CouponKind
from stores.org.hq import HouseAdmin, ReadOnlyAdmin


@admin.register(CouponKind)
class CouponKindAdmin(HouseAdmin):
    list_display = ("name", "entity", "worth", "valid_days", "is_welcome_gift", "is_active")
    list_filter = ("entity", "is_welcome_gift", "is_active")
    search_fields = ("name", "terms")
    fieldsets = (
        ("这是什么券", {"fields": ("entity", "name", "terms")}),
        ("值多少，怎么用", {"fields": (("amount", "minimum_spend"), "valid_days")}),
        ("什么时候发", {"fields": (("is_welcome_gift", "is_active"),)}),
    )

    @admin.display(description="面额")
    def worth(self, kind: CouponKind) -> str:
        return shown(kind.amount) if kind.amount else "礼品"


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    list_display = ("kind", "member", "number", "issued_at", "expires_at", "used_at")
    list_filter = ("kind", ("used_at", admin.EmptyFieldListFilter))
    list_select_related = ("kind", "member")
    search_fields = ("=number", "=member__card_no")
    search_help_text = "券号或会员卡号"
    date_hierarchy = "issued_at"
