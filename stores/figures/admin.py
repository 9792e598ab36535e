"""HQ's screens of the figures: the dashboard in the place of a list, and the proofs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from stores.figures.dashboard import dashboard, read_asked
from stores.figures.measures import WORDS
from stores.figures.models import FigureDifference, FigureProof, StoreDay
from stores.org.hq import ReadOnlyAdmin, ReadOnlyInline, actor_behind
from stores.org.models import Store


@admin.register(StoreDay)
class StoreDayAdmin(ReadOnlyAdmin):
    """No list of rows: the dashboard stands in its place."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The figures that the account may see, narrowed by what the address asks for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        asked = read_asked(request.GET.dict(), actor_behind(request).scope, now)
        context = {
            **self.admin_site.each_context(request),
            **dashboard(asked, now),
            "title": "业绩看板",
        }
        return TemplateResponse(request, "admin/sums/dashboard.html", context)


class DifferenceInline(ReadOnlyInline):
    model = FigureDifference
    fields = ("table", "day", "place", "in_words")
    readonly_fields = fields
    verbose_name_plural = "有出入的合计（已按事实改正）"

    @admin.display(description="门店")
    def place(self, row: FigureDifference) -> str:
        name = Store.objects.filter(pk=row.store_no).values_list("name", flat=True).first()
        return f"{name or row.store_no} {row.part}".strip()

    @admin.display(description="原来 → 重算")
    def in_words(self, row: FigureDifference) -> str:
        names = sorted({*row.stood, *row.counted}, key=list(WORDS).index)
        return "；".join(
            f"{WORDS[name]} {row.stood.get(name, 0)} → {row.counted.get(name, 0)}" for name in names
        )


@admin.register(FigureProof)
class FigureProofAdmin(ReadOnlyAdmin):
    """The recounts, newest first; each names what it found and mended."""

    list_display = ("begun_at", "finished_at", "first", "last", "days", "differences")
    ordering = ("-begun_at",)
    fields = (("begun_at", "finished_at"), ("first", "last"), ("days", "differences"))
    inlines = (DifferenceInline,)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For accounts that see every store: a proof names sums of all of them."""
        return actor_behind(request).scope.everything and super().has_view_permission(request, obj)
