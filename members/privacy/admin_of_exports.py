"""HQ's desk of exports: ask for a list, let another person decide, take it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from kit.actions import scope_of
from members.privacy import exporting
from members.privacy.errors import PrivacyError
from members.privacy.models_of_duty import DataExport
from stores.org.hq import HouseAdmin, actor_behind
from stores.org.models import Account


@admin.register(DataExport)
class DataExportAdmin(HouseAdmin):
    """What waits first; rows change by actions alone."""

    list_display = ("title", "state_words", "count", "recipient", "asked_by", "asked_at",
                    "decided_by", "taken_at")  # fmt: skip
    list_filter = ("what", ("decided_at", admin.EmptyFieldListFilter))
    list_select_related = ("asked_by", "decided_by")
    search_fields = ("title", "recipient", "purpose")
    date_hierarchy = "asked_at"
    ordering = ("-asked_at", "-pk")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="状态")
    def state_words(self, row: DataExport) -> str:
        if row.taken_at is not None:
            return "已取走"
        if row.decided_at is None:
            return "等另一个人审批"
        return "不同意" if row.refused_because else "已批准，可取走"

    def get_urls(self) -> list[URLPattern]:
        return [
            *(
                path(
                    f"<int:number>/{name}/",
                    self.admin_site.admin_view(require_POST(getattr(self, name))),
                    name=f"members_dataexport_{name}",
                )
                for name in ("approve", "refuse", "take")
            ),
            *super().get_urls(),
        ]

    # ------------------------------------------------------------ pages

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Which list, which columns, for whom and what for."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                row = exporting.ask_for_export(
                    _wanted(request), account=_account(request), by=actor_behind(request)
                )
            except PrivacyError as fault:
                messages.error(request, str(fault))
            else:
                messages.success(request, "申请好了，等另一个人审批。")
                return self._to(row.pk)
        with scope_of(actor_behind(request)):
            lists = [
                (name, source, list(source.choices()))
                for name, source in exporting.sources().items()
            ]
        context = self._context(request, "申请导出名单") | {"lists": lists, "said": request.POST}
        return TemplateResponse(request, "admin/privacy/export_ask.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self._found(request, object_id)
        source = exporting.sources().get(row.what)
        is_own = row.asked_by_id == _account(request).pk
        may_change = self.has_change_permission(request, row)
        context = self._context(request, row.title) | {
            "row": row,
            "state": self.state_words(row),
            "columns": [source.columns[n].title for n in row.columns] if source else row.columns,
            "may_decide": may_change and not is_own and row.decided_at is None,
            "may_take": may_change and is_own and _is_free(row),
            "waits_for_another": is_own and row.decided_at is None,
        }
        return TemplateResponse(request, "admin/privacy/export.html", context)

    # ------------------------------------------------------------ acts

    def approve(self, request: HttpRequest, number: int) -> HttpResponse:
        row, account = self._found(request, number), _account(request)
        return self._do(
            request,
            row,
            lambda: exporting.approve_export(row.pk, account=account, by=actor_behind(request)),
            "批准了。申请人一天之内可以取走一次。",
        )

    def refuse(self, request: HttpRequest, number: int) -> HttpResponse:
        row, account = self._found(request, number), _account(request)
        because = request.POST.get("because", "")
        return self._do(
            request,
            row,
            lambda: exporting.refuse_export(
                row.pk, because=because, account=account, by=actor_behind(request)
            ),
            "没有批准，理由会给申请人看。",
        )

    def take(self, request: HttpRequest, number: int) -> HttpResponse:
        row = self._found(request, number)
        self._must_be_allowed(request, row)
        try:
            name, content = exporting.take_export(
                row.pk, account=_account(request), by=actor_behind(request)
            )
        except PrivacyError as fault:
            messages.error(request, str(fault))
            return self._to(row.pk)
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)

    # ------------------------------------------------------------ shared

    def _do(
        self, request: HttpRequest, row: DataExport, act: Callable[[], object], done: str
    ) -> HttpResponse:
        self._must_be_allowed(request, row)
        try:
            act()
            messages.success(request, done)
        except PrivacyError as fault:
            messages.error(request, str(fault))
        return self._to(row.pk)

    def _found(self, request: HttpRequest, number: int | str) -> DataExport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = DataExport.objects.select_related("asked_by", "decided_by")
        row = rows.filter(pk=int(number) if str(number).isdecimal() else 0).first()
        if row is None:
            raise Http404
        return row

    def _must_be_allowed(self, request: HttpRequest, row: DataExport) -> None:
        if not self.has_change_permission(request, row):
            raise PermissionDenied

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _to(self, number: int) -> HttpResponse:
        return redirect(reverse("admin:members_dataexport_change", args=[number]))


def _wanted(request: HttpRequest) -> exporting.Wanted:
    said = request.POST
    what, _, key = said.get("list", "").partition(":")
    return exporting.Wanted(
        what=what,
        key=key,
        columns=said.getlist("columns"),
        recipient=said.get("recipient", ""),
        purpose=said.get("purpose", ""),
    )


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user


def _is_free(row: DataExport) -> bool:
    return row.decided_at is not None and not row.refused_because and row.taken_at is None
