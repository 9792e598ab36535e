"""HQ's registers that only the product writes: what left the house, who was removed, what ended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from members.privacy.emitters import EMITTERS
from members.privacy.inventory import said_of
from members.privacy.models import Disclosure, Erasure, InactivityWarning
from members.privacy.models_of_duty import RetentionReport
from members.privacy.rules import place_of
from stores.org.hq import ReadOnlyAdmin


class ByPath(admin.SimpleListFilter):
    """By the path on which it left, as the register calls it."""

    title = "途径"
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, path.words) for name, path in EMITTERS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(what=self.value()) if self.value() else queryset


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyAdmin):
    list_display = ("at", "path_words", "recipient", "place", "purpose", "count", "actor")
    list_filter = (ByPath, "country")
    search_fields = ("recipient", "purpose")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    fields = ("at", "path_words", "recipient", "place", "purpose", "field_words", "count", "actor")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields

    @admin.display(description="途径", ordering="what")
    def path_words(self, row: Disclosure) -> str:
        path = EMITTERS.get(row.what)
        return row.what if path is None else path.words

    @admin.display(description="国家或地区", ordering="country")
    def place(self, row: Disclosure) -> str:
        return place_of(row.country)

    @admin.display(description="哪些信息")
    def field_words(self, row: Disclosure) -> str:
        return "、".join(dict.fromkeys(said_of(name) for name in row.fields)) or "—"


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = fields = ("at", "entity", "member_no", "why", "actor")
    list_filter = ("why", "entity")
    list_select_related = ("entity",)
    date_hierarchy = "at"
    ordering = ("-at", "-pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields


@admin.register(InactivityWarning)
class InactivityWarningAdmin(ReadOnlyAdmin):
    list_display = ("member", "last_seen_at", "warned_at")
    list_select_related = ("member",)
    date_hierarchy = "warned_at"


@admin.register(RetentionReport)
class RetentionReportAdmin(ReadOnlyAdmin):
    list_display = ("at", "table_words", "rule", "done", "left", "error")
    list_filter = ("table",)
    date_hierarchy = "at"
    ordering = ("-at", "table")
    fields = ("at", ("table_words", "rule"), ("done", "left"), "error", "took_ms")
    readonly_fields = ("table_words",)

    @admin.display(description="表", ordering="table")
    def table_words(self, row: RetentionReport) -> str:
        return said_of(row.table)
