"""HQ's screens of the figures: the dashboard in the place of a list, and the proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from kit.actions import action
from kit.actor import Actor
from stores.commission.models import Settlement
from stores.figures.dashboard import Asked, dashboard, read_asked
from stores.figures.exporting import WHAT, settled_sheet, sheet_of
from stores.figures.lift import METHOD
from stores.figures.lifting import DAYS, KINDS, experiments, measure
from stores.figures.measures import WORDS
from stores.figures.models import FigureDifference, FigureProof, StoreDay
from stores.figures.models_of_lift import Arm
from stores.figures.parts import names_of
from stores.figures.sheets import Sheet, as_csv, as_xlsx
from stores.ledger.admin import with_names
from stores.org.hq import ReadOnlyAdmin, ReadOnlyInline, actor_behind

FORMS: Final[dict[str, tuple[Callable[[Sheet], bytes], str]]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (
        as_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


@action
def keep_record(*, account: int, model: type[Model], title: str, rows: int, by: Actor) -> None:
    """Write down that a table left the house: a line in the log of changes."""
    LogEntry.objects.create(
        user_id=account,
        content_type=ContentType.objects.get_for_model(model),
        object_repr=title[:200],
        action_flag=CHANGE,
        change_message=f"导出 {rows} 行",
    )


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
            "files": [
                (what, words, *(_file_at(what, form, asked) for form in FORMS))
                for what, words in WHAT.items()
            ],
            "title": "业绩看板",
        }
        return TemplateResponse(request, "admin/sums/dashboard.html", context)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path(
                "export/<slug:what>/<slug:form>/",
                site.admin_view(require_safe(self.export)),
                name="stores_storeday_export",
            ),
            path(
                "settled/<int:key>/<slug:form>/",
                site.admin_view(require_safe(self.export_settled)),
                name="stores_storeday_settled",
            ),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest, what: str, form: str) -> HttpResponse:
        """A table of what the page shows, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if what not in WHAT or form not in FORMS:
            raise Http404
        asked = read_asked(request.GET.dict(), actor_behind(request).scope, timezone.now())
        return self._file(request, sheet_of(what, asked), form)

    def export_settled(self, request: HttpRequest, key: int, form: str) -> HttpResponse:
        """A settled month; for accounts that see every store and may look at commissions."""
        may = request.user.has_perm("stores.view_commission")
        if not may or not actor_behind(request).scope.everything:
            raise PermissionDenied
        # One that is still being settled has paid nobody yet.
        over = Settlement.objects.exclude(commission=None).select_related("entity")
        settled = get_object_or_404(over, pk=key)
        if form not in FORMS:
            raise Http404
        return self._file(request, settled_sheet(settled), form)

    def _file(self, request: HttpRequest, sheet: Sheet, form: str) -> HttpResponse:
        """Send it, and write down who took which table with how many rows."""
        write, kind = FORMS[form]
        keep_record(
            account=int(request.user.pk or 0),
            model=StoreDay,
            title=sheet.name,
            rows=len(sheet.rows),
            by=actor_behind(request),
        )
        name = quote(f"{sheet.name}.{form}")
        return HttpResponse(
            write(sheet),
            content_type=kind,
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                "Cache-Control": "private, no-store",
            },
        )


def _file_at(what: str, form: str, asked: Asked) -> str:
    """The address of a file with the terms of the page."""
    return reverse("admin:stores_storeday_export", args=[what, form]) + asked.href()


class DifferenceInline(ReadOnlyInline):
    model = FigureDifference
    fields = ("table", "day", "place", "in_words")
    readonly_fields = fields
    verbose_name_plural = "有出入的合计（已按事实改正）"
    when_empty = "没有出入，重新算的和原来一样。"

    def get_queryset(self, request: HttpRequest) -> QuerySet[FigureDifference]:
        return with_names(super().get_queryset(request), store="store_no")

    @admin.display(description="门店")
    def place(self, row: Any) -> str:
        return f"{row.store_name or row.store_no} {row.part}".strip()

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


@admin.register(Arm)
class ArmAdmin(ReadOnlyAdmin):
    """No list of rows: what pushes and plays added, measured against those kept out."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For accounts that see every store: chance chose among all members."""
        return actor_behind(request).scope.everything and super().has_view_permission(request, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every push and play with members kept out, and the one that the address asks for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = (request.GET.get("kind", ""), request.GET.get("source", ""))
        days = next((n for n in DAYS if str(n) == request.GET.get("days")), DAYS[1])
        found = experiments()
        names = {
            kind: names_of(kind, [each.source for each in found if each.kind == kind])
            for kind in KINDS
        }
        rows = [(each, KINDS[each.kind], names[each.kind][each.source].title) for each in found]
        chosen = next((row for row in rows if (row[0].kind, row[0].source) == asked), None)
        found_out = measure(*asked, days=days, now=timezone.now()) if chosen else None
        lift = found_out.lift if found_out else None
        context = {
            **self.admin_site.each_context(request),
            "title": "对照组效果",
            "difference": round(lift.difference) if lift else 0,
            "means": (round(lift.treated.mean), round(lift.held.mean)) if lift else (),
            "rows": rows,
            "chosen": chosen,
            "days": days,
            "spans": DAYS,
            "method": METHOD,
            "measured": found_out,
        }
        return TemplateResponse(request, "admin/sums/lift.html", context)
