"""HQ's view of WeCom's directory and of the sweeps: to read, to begin one, to stop it, to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from kit.actor import Actor
from wecom.directory import actions
from wecom.directory.models import (
    CorpContactWay,
    CorpTag,
    CorpTagGroup,
    Department,
    Difference,
    Staff,
    Sweep,
    SweepState,
)
from wecom.inbox.admin import ReadOnly, ReadOnlyForAll, actor_at


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    """Sweeps with their progress; how each kind stands, and its button, are on the health page."""

    acted = "begun_by"
    list_before_template = "directory/sweeps.html"
    list_display = (
        "started_at", "kind", "is_full", "state", "progress", "found", "repaired", "left",
        "ended_at", "who_began", "error",
    )  # fmt: skip
    list_filter = ("kind", "state", "is_full")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    fields = (
        ("kind", "is_full", "state"), ("started_at", "ended_at", "who_began"),
        ("progress", "portions"), ("found", "repaired", "differences"), ("error", "troubles"),
    )  # fmt: skip
    readonly_fields = ("who_began", "progress", "differences")
    actions = ("pause", "go_on", "cancel")

    @admin.display(description="发起人", ordering="begun_by")
    def who_began(self, sweep: Sweep) -> str:
        return self.who(sweep)

    @admin.display(description="逐条查看")
    def differences(self, sweep: Sweep) -> str:
        if not sweep.found:
            return "没有差异"
        address = reverse("admin:wecom_difference_changelist")
        return format_html(
            '<a href="{}?sweep__id__exact={}">{} 条差异，{} 条未修复</a>',
            address, sweep.pk, sweep.found, sweep.left,
        )  # fmt: skip

    @admin.display(description="进度")
    def progress(self, sweep: Sweep) -> str:
        return f"{sweep.done} / {sweep.total}" if sweep.total else str(sweep.done)

    @admin.display(description="未修复")
    def left(self, sweep: Sweep) -> int:
        return sweep.left

    @admin.action(description="暂停（当前一批做完后停下）", permissions=["repair"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Sweep]) -> None:
        self._each(request, queryset, lambda row, by: actions.pause_sweep(row, by=by))

    @admin.action(description="从停下的地方继续", permissions=["repair"])
    def go_on(self, request: HttpRequest, queryset: QuerySet[Sweep]) -> None:
        self._each(request, queryset, lambda row, by: actions.resume_sweep(row, by=by))

    @admin.action(description="取消", permissions=["repair"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Sweep]) -> None:
        def end(row: Sweep, by: Actor) -> bool:
            return actions.end_sweep(row, SweepState.CANCELLED, error=f"由 {by.key} 取消", by=by)

        self._each(request, queryset, end)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Sweep],
        change: Callable[[Sweep, Actor], bool],
    ) -> None:
        rows = list(queryset)
        done = sum(change(row, actor_at(request)) for row in rows)
        actions.call_sweeper([row.pk for row in rows])
        self.tell(request, done, len(rows))


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyForAll):
    """In what WeCom and the house did not agree, newest first."""

    list_display = ("at", "sweep", "what", "subject", "detail", "repaired_at")
    list_filter = ("sweep__kind", "what", ("repaired_at", admin.EmptyFieldListFilter))
    list_select_related = ("sweep",)
    search_fields = ("=subject", "what")
    date_hierarchy = "at"
    ordering = ("-pk",)


@admin.register(Staff)
class StaffAdmin(ReadOnly):
    """Members of the corp as WeCom knows them; nobody becomes a guide by standing here."""

    list_display = (
        "userid", "name", "position", "main_department", "state", "serves_contacts", "gone_at",
        "read_at",
    )  # fmt: skip
    list_filter = ("state", "serves_contacts", ("gone_at", admin.EmptyFieldListFilter))
    search_fields = ("userid", "name")
    ordering = ("userid",)

    def get_list_display(self, request: HttpRequest) -> Any:
        # Names are read once for a page, not once for a row, and never kept beyond it.
        names = dict(Department.objects.values_list("department_id", "name"))

        @admin.display(description="部门")
        def departments(row: Staff) -> str:
            return "、".join(names.get(number, str(number)) for number in row.department_ids)

        return [departments if name == "main_department" else name for name in self.list_display]


@admin.register(Department)
class DepartmentAdmin(ReadOnly):
    """The corp's departments within the application's range."""

    list_display = ("department_id", "name", "parent_id", "gone_at", "read_at")
    list_filter = (("gone_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "=department_id")


@admin.register(CorpTagGroup)
class CorpTagGroupAdmin(ReadOnly):
    """Groups of corp tags."""

    list_display = ("name", "position", "gone_at", "read_at")
    list_filter = (("gone_at", admin.EmptyFieldListFilter),)
    search_fields = ("name",)


@admin.register(CorpTag)
class CorpTagAdmin(ReadOnly):
    """Corp tags."""

    list_display = ("name", "group", "position", "gone_at", "read_at")
    list_filter = ("group", ("gone_at", admin.EmptyFieldListFilter))
    list_select_related = ("group",)
    search_fields = ("name", "group__name")


@admin.register(CorpContactWay)
class CorpContactWayAdmin(ReadOnly):
    """Contact-me codes that exist at WeCom."""

    list_display = ("config_id", "state", "remark", "userids", "detailed_at", "gone_at", "read_at")
    list_filter = (("gone_at", admin.EmptyFieldListFilter),)
    search_fields = ("=config_id", "=state", "remark")
