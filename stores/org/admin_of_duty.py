"""HQ's screen for duty: every store's shifts, one by one or from a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from stores.org.duty import import_duty
from stores.org.forms import FileInput
from stores.org.hq import HouseAdmin, actor_behind
from stores.org.models_of_duty import Shift
from stores.org.rules_of_duty import COLUMNS, RowFault

MOST_BYTES = 512 * 1024
MOST_ROWS = 2000


@admin.register(Shift)
class ShiftAdmin(HouseAdmin):
    store_path = "store"
    list_display = ("guide", "store", "begins_at", "ends_at", "planned_at")
    list_filter = ("store__region", "store")
    list_select_related = ("guide__store", "store")
    search_fields = ("guide__name", "guide__employee_no")
    autocomplete_fields = ("guide", "store")
    date_hierarchy = "begins_at"
    readonly_fields = ("planned_by", "planned_at")
    list_before_template = "admin/stores/duty_link.html"
    fieldsets = (
        ("谁、在哪家店", {"fields": (("guide", "store"),)}),
        ("从几点到几点", {"fields": (("begins_at", "ends_at"),)}),
        ("谁排的", {"fields": (("planned_by", "planned_at"),)}),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.take_file), name="stores_shift_import"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Shift, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.planned_by = str(actor_behind(request))
        super().save_model(request, obj, form, change)

    def take_file(self, request: HttpRequest) -> HttpResponse:
        """A planning file: all of it, or the list of what is wrong and nothing."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        faults: list[RowFault] = []
        if request.method == "POST":
            rows, faults = _rows(request)
            if not faults:
                faults = import_duty(rows, by=actor_behind(request))
            if not faults:
                messages.success(request, f"排好了 {len(rows)} 个班。")
                return redirect("admin:stores_shift_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "导入排班",
            "faults": faults,
            "columns": COLUMNS,
            "chooser": FileInput().render("file", None, {"accept": ".csv", "required": True}),
        }
        return TemplateResponse(request, "admin/stores/duty_import.html", context)


def _rows(request: HttpRequest) -> tuple[list[dict[str, str | None]], list[RowFault]]:
    told = request.FILES.get("file")
    if told is None or (told.size or 0) > MOST_BYTES:
        return [], [RowFault(0, "请选一个 CSV 文件，不超过 512 KB。")]
    try:
        # A spreadsheet of a Chinese Windows writes GB18030 unless told otherwise.
        raw = told.read()
        text = raw.decode("utf-8-sig") if _is_utf8(raw) else raw.decode("gb18030")
    except UnicodeDecodeError:
        return [], [RowFault(0, "读不出这个文件的文字，请另存为 UTF-8 的 CSV。")]
    reader = csv.DictReader(io.StringIO(text))
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        return [], [RowFault(1, "第一行要有这几列：" + "、".join(COLUMNS))]
    rows = [dict(row) for row in reader]
    if not rows or len(rows) > MOST_ROWS:
        return [], [RowFault(0, f"文件里要有 1 到 {MOST_ROWS} 行。")]
    return rows, []


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
