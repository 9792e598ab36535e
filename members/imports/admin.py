"""HQ's screens for files of members: upload, columns, trial, start, pause, undo, what is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from members.imports import actions
from members.imports.errors import ImportRefused
from members.imports.models import AT_WORK, ImportFault, ImportState, MemberImport
from members.imports.rules import FIELDS
from stores.ledger.sheets import safe_cell
from stores.org.forms import FileInput
from stores.org.hq import ReadOnlyAdmin, actor_behind
from stores.org.models import LegalEntity, Store

_SHOWN_FAULTS = 50
_COUNTS = (
    ("new", "新会员"),
    ("known", "已是会员，只补空缺和等级"),
    ("changed", "已是会员，有更新"),
    ("same", "已是会员，没有变化"),
    ("left", "已退会或限制处理，不动"),
    ("twice", "文件里重复"),
    ("faulty", "有问题，不导入"),
    ("out", "重复或有问题，未导入"),
    ("undone", "已撤回"),
    ("stay", "之后有了往来，保留"),
)


class UploadForm(forms.Form):
    """A file and for which company."""

    entity = forms.ModelChoiceField(
        LegalEntity.objects.order_by("name"), label="法人主体", empty_label="请选择"
    )
    file = forms.FileField(
        label="文件（CSV 或 XLSX）", widget=FileInput(attrs={"accept": ".csv,.xlsx"})
    )


class _Echo:
    """What csv writes to: hands each line on."""

    def write(self, line: str) -> str:
        return line


@admin.register(MemberImport)
class MemberImportAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "entity", "state", "rows", "created_by", "created_at")
    list_filter = ("state", "entity")
    list_select_related = ("entity", "created_by")
    search_fields = ("file_name",)
    change_list_template = "admin/members/import_list.html"

    def get_urls(self) -> list[URLPattern]:
        def at(address: str, name: str, view: Callable[..., Any]) -> URLPattern:
            wrapped = self.admin_site.admin_view(view)
            return path(address, wrapped, name=f"members_memberimport_{name}")

        return [
            at("upload/", "upload", self.upload),
            at("<int:key>/columns/", "columns", require_POST(self.columns)),
            at("<int:key>/start/", "start", require_POST(self.start)),
            at("<int:key>/pause/", "pause", require_POST(self.pause)),
            at("<int:key>/undo/", "undo", require_POST(self.undo)),
            at("<int:key>/drop/", "drop", require_POST(self.drop)),
            at("<int:key>/faults/", "faults", self.faults),
            *super().get_urls(),
        ]

    # ------------------------------------------------------------ who may

    def _must(self, request: HttpRequest) -> None:
        """Whoever brings members in sees them all: an account of some regions does not."""
        may = request.user.has_perm("members.add_memberimport")
        if not may or not actor_behind(request).scope.everything:
            raise PermissionDenied

    def _batch(self, request: HttpRequest, key: int | str) -> MemberImport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = MemberImport.objects.select_related("entity", "created_by").filter(pk=key).first()
        if found is None:
            raise Http404
        return found

    # ------------------------------------------------------------ pages

    def upload(self, request: HttpRequest) -> HttpResponse:
        self._must(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data["file"]
            try:
                batch = actions.bring(
                    given,
                    name=given.name,
                    entity=form.cleaned_data["entity"],
                    account=request.user,  # type: ignore[arg-type]
                    by=actor_behind(request),
                )
            except ImportRefused as fault:
                form.add_error("file", fault.text)
            else:
                return self._to(batch.pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form,
                   "fields": FIELDS, "title": "导入会员"}  # fmt: skip
        return TemplateResponse(request, "admin/members/import_upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        batch = self._batch(request, object_id)
        faults = ImportFault.objects.filter(batch=batch).order_by("row", "pk")
        tried, counts = _lines(batch.tried), _lines(batch.counts)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": batch.file_name,
            "batch": batch,
            "at_work": batch.state in AT_WORK,
            "percent": round(100 * batch.position / batch.pieces) if batch.pieces else 0,
            "columns": _columns(batch),
            "fields": [(name, one.title) for name, one in FIELDS.items()],
            "stores": Store.objects.filter(entity=batch.entity).order_by("code"),
            "tried": tried,
            "counts": counts,
            "faults": faults[:_SHOWN_FAULTS],
            "fault_count": faults.count(),
            "can_map": batch.state in {ImportState.MAPPING, ImportState.TRIED},
        }
        return TemplateResponse(request, "admin/members/import_page.html", context)

    def columns(self, request: HttpRequest, key: int) -> HttpResponse:
        batch = self._batch(request, key)
        chosen = {
            name: place
            for place in range(len(batch.columns))
            if (name := request.POST.get(f"column-{place}", ""))
        }
        return self._do(
            request,
            key,
            lambda by: actions.map_columns(
                key, mapping=chosen, store_code=request.POST.get("store", ""), by=by
            ),
            "开始试算。试算不写入任何会员。",
        )

    def start(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: actions.start(key, by=by), "开始导入。")

    def pause(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: actions.pause(key, by=by), "已暂停。")

    def undo(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: actions.undo(key, by=by), "正在撤回。")

    def drop(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._do(request, key, lambda by: actions.drop(key, by=by), "已放弃，文件已删除。")

    def faults(self, request: HttpRequest, key: int) -> StreamingHttpResponse:
        """What is wrong, line by line, as a CSV that no spreadsheet takes for formulas.

        It names lines and columns, never what stands in them: it is no copy of anybody's data.
        """
        batch = self._batch(request, key)
        answer = StreamingHttpResponse(
            list(_fault_lines(batch)), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-faults.csv"'
        return answer

    def _do(
        self, request: HttpRequest, key: int, act: Callable[[Any], object], done: str
    ) -> HttpResponse:
        self._must(request)
        try:
            act(actor_behind(request))
            messages.success(request, done)
        except ImportRefused as fault:
            messages.error(request, fault.text)
        return self._to(key)

    def _to(self, key: int) -> HttpResponse:
        return redirect(reverse("admin:members_memberimport_change", args=[key]))


def _lines(counted: dict[str, int]) -> list[tuple[str, str, int]]:
    return [(name, title, counted[name]) for name, title in _COUNTS if counted.get(name)]


def _columns(batch: MemberImport) -> list[tuple[int, str, str]]:
    """Each column of the file: its place, its head, and the field that it fills."""
    filled = {place: name for name, place in batch.mapping.items()}
    return [(place, head, filled.get(place, "")) for place, head in enumerate(batch.columns)]


def _fault_lines(batch: MemberImport) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(["行", "列", "问题", "整行不导入"])
    rows = ImportFault.objects.filter(batch=batch).order_by("row", "pk")
    for row, column, text, is_fatal in rows.values_list("row", "column", "text", "is_fatal"):
        cells = (row, column, text, "是" if is_fatal else "否")
        yield writer.writerow([safe_cell(cell) for cell in cells])
