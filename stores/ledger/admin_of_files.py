"""HQ's screens for files of purchases: upload, columns, trial, start, pause, what is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator, slug_re
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from stores.ledger import uploading
from stores.ledger.columns import FIELDS, NEEDED
from stores.ledger.errors import FileRefused
from stores.ledger.models_of_imports import (
    AT_WORK,
    BEFORE_IT_BEGAN,
    FileState,
    PurchaseImport,
    PurchaseImportFault,
)
from stores.ledger.sheets import safe_cell
from stores.org.forms import FileInput
from stores.org.hq import ReadOnlyAdmin, actor_behind
from stores.org.models import Account, MachineKey, Store

_SHOWN_FAULTS: Final = 50


_IS_SOURCE = RegexValidator(
    slug_re, "来源只用字母、数字、- 和 _，和收银接口用的一样，例如 webshop。"
)


class UploadForm(forms.Form):
    """A file, and whose receipt numbers stand in it."""

    source = forms.CharField(label="来源", max_length=40, validators=[_IS_SOURCE])
    file = forms.FileField(
        label="文件（CSV 或 XLSX）", widget=FileInput(attrs={"accept": ".csv,.xlsx"})
    )

    source.widget.attrs.update(
        {"list": "sources", "autocomplete": "off", "placeholder": "例如 till"}
    )


class _Echo:
    """What csv writes to: hands each line on."""

    def write(self, line: str) -> str:
        return line


@admin.register(PurchaseImport)
class PurchaseImportAdmin(ReadOnlyAdmin):
    """How far each file came, whether HQ uploaded it or `import_purchases` reads it."""

    list_display = (
        "name", "source", "begun_at", "progress", "receipts", "recorded", "known", "clashing",
        "faulty",
    )  # fmt: skip
    list_filter = ("state", "source")
    search_fields = ("name",)
    ordering = ("-id",)
    change_list_template = "admin/ledger/files.html"

    @admin.display(description="进展", ordering="state")
    def progress(self, row: PurchaseImport) -> str:
        if row.state == FileState.RUNNING and not row.is_uploaded:
            return (
                f"进行到 {timezone.localtime(row.moved_at):%-m 月 %-d 日 %H:%M}，再运行一次会接着做"
            )
        return str(row.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        def at(address: str, name: str, view: Callable[..., Any]) -> URLPattern:
            wrapped = self.admin_site.admin_view(view)
            return path(address, wrapped, name=f"stores_purchaseimport_{name}")

        return [
            at("upload/", "upload", self.upload),
            at("<int:key>/columns/", "columns", require_POST(self.columns)),
            at("<int:key>/start/", "start", require_POST(self.start)),
            at("<int:key>/pause/", "pause", require_POST(self.pause)),
            at("<int:key>/drop/", "drop", require_POST(self.drop)),
            at("<int:key>/faults/", "faults", self.faults),
            *super().get_urls(),
        ]

    # ------------------------------------------------------------ who may

    def _may(self, request: HttpRequest) -> bool:
        """Whoever brings purchases in credits guides of every store: some regions are too few."""
        may = request.user.has_perm("stores.add_purchaseimport")
        return bool(may) and actor_behind(request).scope.everything

    def _must(self, request: HttpRequest) -> None:
        if not self._may(request):
            raise PermissionDenied

    def _row(self, request: HttpRequest, key: int | str) -> PurchaseImport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = PurchaseImport.objects.select_related("created_by").filter(pk=key).first()
        if found is None:
            raise Http404
        return found

    # ------------------------------------------------------------ pages

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        more = {**(extra_context or {}), "may_bring": self._may(request)}
        return super().changelist_view(request, more)

    def upload(self, request: HttpRequest) -> HttpResponse:
        self._must(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given, account = form.cleaned_data["file"], request.user
            try:
                row = uploading.bring(
                    given,
                    name=given.name,
                    source=form.cleaned_data["source"],
                    account=account if isinstance(account, Account) else None,
                    by=actor_behind(request),
                )
            except FileRefused as fault:
                form.add_error("file", fault.text)
            else:
                return self._to(row.pk)
        known = set(MachineKey.objects.values_list("source", flat=True))
        known |= set(PurchaseImport.objects.values_list("source", flat=True).distinct())
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form,
            "fields": [(one.title, name in NEEDED) for name, one in FIELDS.items()],
            "sources": sorted(known - {""}), "title": "导入订单",
        }  # fmt: skip
        return TemplateResponse(request, "admin/ledger/upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self._row(request, object_id if object_id.isdigit() else 0)
        faults = PurchaseImportFault.objects.filter(file=row).order_by("row", "pk")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": row.name,
            "file": row,
            "may_bring": self._may(request),
            "at_work": row.is_uploaded and row.state in AT_WORK,
            "has_begun": row.state not in BEFORE_IT_BEGAN and bool(row.receipts or row.finished_at),
            "is_before": row.state in BEFORE_IT_BEGAN,
            "percent": _percent(row),
            "faults": faults[:_SHOWN_FAULTS],
            "fault_count": faults.count(),
            **self._mapping(row),
            **_earlier(row),
        }
        return TemplateResponse(request, "admin/ledger/file.html", context)

    def _mapping(self, row: PurchaseImport) -> dict[str, Any]:
        """What the form of the columns offers; nothing once the file is on its way."""
        if row.state not in (FileState.MAPPING, FileState.TRIED):
            return {"can_map": False}
        filled = {name: ours for ours, name in row.reading.get("names", {}).items()}
        return {
            "can_map": True,
            "columns": [(i, head, filled.get(head, "")) for i, head in enumerate(row.columns)],
            "fields": [
                (name, one.title + ("（必须有）" if name in NEEDED else ""))
                for name, one in FIELDS.items()
            ],
            "stores": Store.objects.order_by("code"),
            "store": row.reading.get("constants", {}).get("store", ""),
            # Files are written in yuan; who says otherwise, says so.
            "in_yuan": row.state == FileState.MAPPING or row.reading.get("in_yuan"),
            "has_zone": row.state == FileState.TRIED and not row.reading.get("zone"),
        }

    # ------------------------------------------------------------ buttons

    def columns(self, request: HttpRequest, key: int) -> HttpResponse:
        row = self._row(request, key)
        places = {
            ours: place
            for place in range(len(row.columns))
            if (ours := request.POST.get(f"column-{place}", ""))
        }
        zone = "" if request.POST.get("zone") == "own" else settings.TIME_ZONE
        return self._do(
            request,
            key,
            lambda by: uploading.map_columns(
                key, places=places, store=request.POST.get("store", ""),
                in_yuan=request.POST.get("unit") != "fen", zone=zone, by=by,
            ),
            "开始试算。试算不记录任何订单。",
        )  # fmt: skip

    def start(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: uploading.start(key, by=by), "开始导入。")

    def pause(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: uploading.pause(key, by=by), "已暂停。")

    def drop(self, request: HttpRequest, key: int) -> HttpResponse:
        done = "已放弃，文件已删除。"
        return self._do(request, key, lambda by: uploading.drop(key, by=by), done)

    def faults(self, request: HttpRequest, key: int) -> StreamingHttpResponse:
        """What is wrong, receipt by receipt, as a CSV that no spreadsheet takes for formulas."""
        row = self._row(request, key)
        lines = list(_fault_lines(row))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="purchases-{row.pk}-faults.csv"'
        return answer

    def _do(
        self, request: HttpRequest, key: int, act: Callable[[Any], object], done: str
    ) -> HttpResponse:
        self._must(request)
        self._row(request, key)
        try:
            act(actor_behind(request))
            messages.success(request, done)
        except FileRefused as fault:
            messages.error(request, fault.text)
        return self._to(key)

    def _to(self, key: int) -> HttpResponse:
        return redirect(reverse("admin:stores_purchaseimport_change", args=[key]))


def _percent(row: PurchaseImport) -> int:
    """How much of what the trial counted is taken in."""
    whole = row.tried.get("receipts", 0)
    return min(100, 100 * row.receipts // whole) if whole else 0


def _earlier(row: PurchaseImport) -> dict[str, Any]:
    """When the same file was taken in before: HQ may have meant another one."""
    if not row.content or row.state not in BEFORE_IT_BEGAN:
        return {}
    same = PurchaseImport.objects.filter(content=row.content, state=FileState.DONE)
    return {"earlier": same.exclude(pk=row.pk).order_by("-finished_at").first()}


def _fault_lines(row: PurchaseImport) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(["文件里的行", "小票号", "问题"])
    faults = PurchaseImportFault.objects.filter(file=row).order_by("row", "pk")
    for cells in faults.values_list("row", "receipt_no", "text"):
        yield writer.writerow([safe_cell(cell) for cell in cells])
