"""HQ's view of what was wanted of WeCom, and its word where the outcome stayed unknown."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from kit.actor import Actor
from wecom.inbox.admin import ReadOnlyForAll, actor_at
from wecom.outbox import actions
from wecom.outbox.models import OutboxRow


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnlyForAll):
    """Wishes and their ends."""

    list_display = (
        "created_at",
        "kind",
        "app",
        "subject",
        "state",
        "attempts",
        "due_at",
        "ended_at",
        "short_error",
    )
    list_filter = ("state", "kind", "app")
    search_fields = ("=once", "=subject", "error")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    actions = ("send_again", "settle_as_sent", "settle_as_failed")

    @admin.display(description="错误")
    def short_error(self, row: OutboxRow) -> str:
        return row.error[:80]

    @admin.action(description="重新发送（仅失败或结果不明）", permissions=["repair"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxRow]) -> None:
        self._each(request, queryset, lambda row, by: actions.send_again(row, by=by))

    @admin.action(description="核对为已送达（仅结果不明）", permissions=["repair"])
    def settle_as_sent(self, request: HttpRequest, queryset: QuerySet[OutboxRow]) -> None:
        self._each(request, queryset, lambda row, by: actions.settle(row, was_sent=True, by=by))

    @admin.action(description="核对为未送达（仅结果不明）", permissions=["repair"])
    def settle_as_failed(self, request: HttpRequest, queryset: QuerySet[OutboxRow]) -> None:
        self._each(request, queryset, lambda row, by: actions.settle(row, was_sent=False, by=by))

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[OutboxRow],
        change: Callable[[OutboxRow, Actor], bool],
    ) -> None:
        rows = list(queryset)
        done = sum(change(row, actor_at(request)) for row in rows)
        self.tell(request, done, len(rows))
