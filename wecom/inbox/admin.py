"""HQ's view of what WeCom told us and what the house made of it: to read, and to try again.

Domain events and their handlings belong to the cellar, which has no screens; they are shown here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from kit.actor import Actor, ActorKind, names_of_actors
from kit.events import DomainEvent, Handling, HandlingState
from kit.fields import shown_id
from wecom.inbox import actions
from wecom.inbox.models import InboxMessage, InboxState
from wecom.inbox.queries import sees_everything


def actor_at(request: HttpRequest) -> Actor:
    """The account that pressed the button; these tables hold no rows of members."""
    return Actor(ActorKind.ACCOUNT, shown_id(request.user.public_id))  # type: ignore[union-attr]


def sees_all(request: HttpRequest) -> bool:
    """Asked of the session once a request: the side bar asks it of every screen."""
    found: bool | None = getattr(request, "_sees_every_store", None)
    if found is None:
        found = sees_everything()
        request._sees_every_store = found  # type: ignore[attr-defined]
    return found


class NamedList(ChangeList):
    """A list that names for the whole page at once who acted."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        column = self.model_admin.acted
        names = names_of_actors(getattr(row, column) for row in self.result_list) if column else {}
        for row in self.result_list if column else ():
            row.named = names[getattr(row, column)]


class ReadOnly(ModelAdmin):
    """Rows that only the product writes. Buttons ask for the right to change.

    `acted` is the column that keeps who acted; screens show it as `who`.
    """

    acted: ClassVar[str] = ""
    list_per_page = 50
    show_full_result_count = False
    empty_value_display = "—"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedList

    @admin.display(description="操作者")
    def who(self, row: Model) -> str:
        return (
            getattr(row, "named", None)
            or names_of_actors([actor := getattr(row, self.acted)])[actor]
        )

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_repair_permission(self, request: HttpRequest) -> bool:
        meta = self.model._meta
        return request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}")

    def tell(self, request: HttpRequest, done: int, chosen: int) -> None:
        """How many of the chosen rows the button could help."""
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"已处理 {done} 条，其余 {chosen - done} 条状态不符。", level)


class ReadOnlyForAll(ReadOnly):
    """Rows that name customers of every store: for accounts without regions, who see all anyway.

    This floor knows no stores by which a row could be found to be somebody's.
    """

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_all(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, *_: Any) -> bool:
        return sees_all(request) and super().has_view_permission(request, *_)

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return sees_all(request) and super().has_repair_permission(request)


@admin.register(InboxMessage)
class InboxMessageAdmin(ReadOnlyForAll):
    """Callbacks as they came."""

    list_display = ("received_at", "app", "kind", "state", "repeats", "attempts")
    list_filter = ("state", "app", "kind")
    search_fields = ("body", "error")
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("read_again", "read_kind_again")

    @admin.action(description="重新读取已搁置的回调", permissions=["repair"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[InboxMessage]) -> None:
        rows = list(queryset)
        done = sum(actions.reopen(row, by=actor_at(request)) for row in rows)
        self.tell(request, done, len(rows))

    @admin.action(description="重新读取同类型的全部已搁置回调", permissions=["repair"])
    def read_kind_again(self, request: HttpRequest, queryset: QuerySet[InboxMessage]) -> None:
        parked = queryset.filter(state=InboxState.PARKED)
        kinds = set(parked.values_list("kind", flat=True))
        done = sum(actions.reopen_kind(kind, by=actor_at(request)) for kind in kinds)
        self.tell(request, done, done)


class Lines(TabularInline):
    """Rows shown under a page, written elsewhere; `when_empty` is said where there are none."""

    template = "inbox/rows_or_none.html"
    rows_template = "admin/edit_inline/tabular.html"
    when_empty = "没有记录。"
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False


class HandlingLines(Lines):
    """Who reacted to an event, and how it went."""

    model = Handling
    when_empty = "没有程序要处理它。"
    fields = ("handler", "state", "attempts", "next_try_at", "error")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, *_: Any) -> bool:
        return request.user.has_perm("kit.view_domainevent")


@admin.register(DomainEvent)
class DomainEventAdmin(ReadOnlyForAll):
    """What happened, in order."""

    acted = "actor"
    list_display = ("at", "kind", "subject", "who")
    fields = (("at", "kind"), ("subject", "who"), "payload", "once")
    readonly_fields = ("who",)
    search_fields = ("=subject", "kind", "=once")
    date_hierarchy = "at"
    ordering = ("-pk",)
    inlines: ClassVar = [HandlingLines]


@admin.register(Handling)
class HandlingAdmin(ReadOnlyForAll):
    """Reactions; the parked ones wait for somebody to look."""

    list_display = ("event", "handler", "state", "attempts", "next_try_at", "short_error")
    list_filter = ("state", "handler")
    list_select_related = ("event",)
    search_fields = ("=subject", "handler", "error")
    ordering = ("-pk",)
    actions = ("handle_again", "handle_kind_again")

    @admin.display(description="错误")
    def short_error(self, row: Model) -> str:
        return str(getattr(row, "error", ""))[:80]

    @admin.action(description="重新执行已搁置的处理", permissions=["repair"])
    def handle_again(self, request: HttpRequest, queryset: QuerySet[Handling]) -> None:
        rows = list(queryset)
        done = sum(actions.handle_again(row, by=actor_at(request)) for row in rows)
        self.tell(request, done, len(rows))

    @admin.action(description="重新执行同一处理程序的全部已搁置项", permissions=["repair"])
    def handle_kind_again(self, request: HttpRequest, queryset: QuerySet[Handling]) -> None:
        parked = queryset.filter(state=HandlingState.PARKED)
        handlers = set(parked.values_list("handler", flat=True))
        by = actor_at(request)
        done = sum(actions.handle_kind_again(handler=one, by=by) for one in handlers)
        self.tell(request, done, done)
