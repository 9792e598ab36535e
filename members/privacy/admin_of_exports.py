"""HQ's desk of exports: ask for a list, let another person decide, take it once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from kit.actions import scope_of
from members.privacy import exporting
from members.privacy.admin_of_acts import ActsAdmin
from members.privacy.errors import PrivacyError
from members.privacy.models_of_duty import DataExport
from members.privacy.parcels import KIND
from stores.org.hq import actor_behind
from stores.org.models import Account


@admin.register(DataExport)
class DataExportAdmin(ActsAdmin):
    """What waits first; rows change by actions alone."""

    list_display = ("title", "state_words", "count", "recipient", "asked")
    list_filter = ("what", ("decided_at", admin.EmptyFieldListFilter))
    list_select_related = ("asked_by", "decided_by")
    search_fields = ("title", "recipient", "purpose")
    ordering = ("-asked_at", "-pk")
    acts = ("approve", "refuse", "password", "take")
    found_with = ("asked_by", "decided_by")

    @admin.display(description="状态")
    def state_words(self, row: DataExport) -> str:
        if row.taken_at is not None:
            return "已取走"
        is_over = exporting.is_over(row, timezone.now())
        if row.decided_at is None:
            return "七天没有人审批，作废" if is_over else "等另一个人审批"
        if row.refused_because:
            return "不同意"
        return "批准后一天没有取，作废" if is_over else "已批准，可取走"

    @admin.display(description="申请", ordering="asked_at")
    def asked(self, row: DataExport) -> str:
        return f"{row.asked_by.name} {timezone.localtime(row.asked_at):%-m 月 %-d 日 %H:%M}"

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
                return self.back_to(row.pk)
        with scope_of(actor_behind(request)):
            lists = [
                (name, source, list(source.choices()))
                for name, source in exporting.sources().items()
            ]
        context = self.around(request, "申请导出名单") | {
            "lists": lists,
            "said": request.POST or request.GET,
            "ticked": request.POST.getlist("columns"),
        }
        return TemplateResponse(request, "admin/privacy/export_ask.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.found(request, object_id)
        source = exporting.sources().get(row.what)
        is_own = row.asked_by_id == _account(request).pk
        may_change = self.has_change_permission(request, row)
        is_over = exporting.is_over(row, timezone.now())
        context = self.around(request, row.title) | {
            "row": row,
            "state": self.state_words(row),
            "columns": [source.columns[n].title for n in row.columns] if source else row.columns,
            "may_decide": may_change and not is_own and row.decided_at is None and not is_over,
            "may_take": may_change and is_own and _is_free(row) and not is_over,
            "knows_password": row.password is not None,
            "number": exporting.number_of(row),
            "waits_for_another": is_own and row.decided_at is None and not is_over,
            "is_over": is_over,
        }
        return TemplateResponse(request, "admin/privacy/export.html", context)

    # ------------------------------------------------------------ acts

    def approve(self, request: HttpRequest, number: int) -> HttpResponse:
        row, account = self.found(request, number), _account(request)
        return self.do(
            request,
            row,
            lambda: exporting.approve_export(row.pk, account=account, by=actor_behind(request)),
            "批准了。申请人一天之内可以取走一次。",
        )

    def refuse(self, request: HttpRequest, number: int) -> HttpResponse:
        row, account = self.found(request, number), _account(request)
        because = request.POST.get("because", "")
        return self.do(
            request,
            row,
            lambda: exporting.refuse_export(
                row.pk, because=because, account=account, by=actor_behind(request)
            ),
            "没有批准，理由会给申请人看。",
        )

    def password(self, request: HttpRequest, number: int) -> HttpResponse:
        """What opens the file, on a page that no cache keeps and that nothing leads back to."""
        row = self.found(request, number)
        self.must_be_allowed(request, row)
        try:
            said = exporting.show_password(
                row.pk, account=_account(request), by=actor_behind(request)
            )
        except PrivacyError as fault:
            messages.error(request, str(fault))
            return self.back_to(row.pk)
        context = self.around(request, row.title) | {"row": row, "said": said}
        page = TemplateResponse(request, "admin/privacy/export_password.html", context)
        page["Cache-Control"] = "private, no-store"
        return page

    def take(self, request: HttpRequest, number: int) -> HttpResponse:
        row, account = self.found(request, number), _account(request)
        return self.hand_over(
            request,
            row,
            lambda: exporting.take_export(row.pk, account=account, by=actor_behind(request)),
            KIND,
        )


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
